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
    store = services.store
    pools = {name: store.pools.get(name) for name in {number.pool for number in numbers}}
    policies = {name: pool.reputation for name, pool in pools.items() if pool}
    traffic = store.reputation.traffic([number.number for number in numbers], now=now)
    return [
        (
            carried,
            judge(
                carried,
                policies.get(number.pool) or ReputationPolicy(),
                # At rest, it is healthy only once it is well inside the thresholds.
                is_resting=number.status is NumberStatus.RESTING,
            ),
        )
        for number, carried in zip(numbers, traffic, strict=True)
    ]
