"""Lets tired numbers rest from new sessions until they have recovered.

Only what the pool itself has set is changed: an operator's ``reserved`` or ``draining`` stands. A
resting number is still given out where nothing else is free (P6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import add

import structlog

from relay.domain.pool import NumberStatus, Pool, VirtualNumber
from relay.domain.reputation import Traffic, Verdict, has_rested
from relay.store.reputation import TRAFFIC_FIELDS
from relay.workflows.judge_numbers import judge_numbers
from relay.workflows.pass_over_failures import pass_over_unavailable
from relay.workflows.services import Services

log = structlog.get_logger()


def rest_numbers(services: Services, *, now: float) -> None:
    """Looks at every number; a pool that is away does not hold up the others. Raises Unavailable
    when their names cannot be read."""
    for name in services.store.pools.names():
        with pass_over_unavailable(services, pool=name, step="rest"):
            pool = services.store.pools.get(name)
            if pool is not None:
                _look_after(services, pool, now)


def _look_after(services: Services, pool: Pool, now: float) -> None:
    numbers = services.store.numbers.of_pool(pool.name)
    judged = judge_numbers(services, numbers, now=now)
    stats: Counter[str] = Counter(_sums([traffic for traffic, _ in judged]))
    for number, (_, verdict) in zip(numbers, judged, strict=True):
        status = _settle(services, pool, number, verdict, now)
        stats[f"status:{status}"] += 1
        if number.sms_trouble is not None:
            stats[f"sms_trouble:{number.sms_trouble.code or 'unregistered'}"] += 1
        stats[f"registration:{number.registration}"] += 1
        stats.update(f"complaint:{complaint}" for complaint in verdict.complaints)
    services.store.reputation.note_number_stats(pool.name, stats)


def _settle(
    services: Services, pool: Pool, number: VirtualNumber, verdict: Verdict, now: float
) -> NumberStatus:
    """The number's status after it."""
    numbers = services.store.numbers
    if number.status is NumberStatus.AVAILABLE and verdict.complaints:
        if numbers.rest(number.number, pool.name, verdict.complaints, now=now):
            log.warning(
                "number rests",
                virtual_number=number.number,
                pool=pool.name,
                complaints=list(verdict.complaints),
            )
            return NumberStatus.RESTING
    elif number.status is NumberStatus.RESTING and not verdict.complaints:
        since = number.resting_since or 0
        if has_rested(since, pool.reputation, now=now) and numbers.wake(number.number, pool.name):
            log.info("number has recovered", virtual_number=number.number, pool=pool.name)
            return NumberStatus.AVAILABLE
    return number.status


def _sums(traffic: Sequence[Traffic]) -> dict[str, int]:
    total = reduce(add, traffic, Traffic())
    return {f"traffic:{what}": getattr(total, what) for what in TRAFFIC_FIELDS}
