"""What numbers carried lately, and what their pools' policies make of it."""

from __future__ import annotations

from collections.abc import Sequence

from relay.domain.pool import NumberStatus, VirtualNumber
from relay.domain.reputation import ReputationPolicy, Traffic, Verdict, judge
from relay.workflows.services import Services

Judged = tuple[Traffic, Verdict]


def judge_numbers(
    services: Services, numbers: Sequence[VirtualNumber], *, now: float
) -> list[Judged]:
    """In the order of the numbers, whatever pools they are in. Raises Unavailable."""
    judged: dict[str, Judged] = {}
    for pool in {number.pool for number in numbers}:
        of_pool = [number for number in numbers if number.pool == pool]
        policy = services.store.pools.get(pool)
        judged.update(
            _judge_pool(services, pool, of_pool, policy.reputation if policy else None, now)
        )
    return [judged[number.number] for number in numbers]


def _judge_pool(
    services: Services,
    pool: str,
    numbers: Sequence[VirtualNumber],
    policy: ReputationPolicy | None,
    now: float,
) -> dict[str, Judged]:
    traffic = services.store.reputation.traffic(
        pool, [number.number for number in numbers], now=now
    )
    return {
        number.number: (
            carried,
            judge(
                carried,
                policy or ReputationPolicy(),
                # At rest, it is healthy only once it is well inside the thresholds.
                is_resting=number.status is NumberStatus.RESTING,
            ),
        )
        for number, carried in zip(numbers, traffic, strict=True)
    }
