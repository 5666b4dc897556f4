"""Keeps as many numbers free in each pool as its policy asks for, inside its limits."""

from __future__ import annotations

import structlog

from relay.domain.pool import Pool
from relay.domain.purchase import (
    FailureCode,
    JobKind,
    Purchase,
    draw_job_id,
    missing_headroom,
)
from relay.domain.rent import allowance
from relay.store.purchases import Shortage
from relay.workflows.buy_numbers import Clock, buy_numbers
from relay.workflows.pass_over_failures import pass_over_unavailable
from relay.workflows.services import Services

log = structlog.get_logger()

#: A pool that the carrier sold nothing to asks again after so many seconds; one that got something
#: else than it was offered, on the next day.
_ASK_AGAIN, _ASK_TOMORROW = 600.0, 86400.0
#: No pool is begun with after so many seconds: a job has twice as long.
_TURN = 55.0
#: Limits are looked at each time: whoever raises one is not kept waiting.
_OURS = {FailureCode.MAX_NUMBERS, FailureCode.MONTHLY_BUDGET}


def keep_headroom(services: Services, *, clock: Clock) -> None:
    """Buys what is missing, pool by pool; one pool's trouble does not stop the others."""
    until = clock() + _TURN
    for name in services.store.pools.names():
        if clock() >= until:
            return  # the next period goes on with the pools that still lack numbers
        with pass_over_unavailable(services, pool=name, step="headroom"):
            keep_headroom_of(services, name, clock=clock)


def keep_headroom_of(services: Services, name: str, *, clock: Clock) -> None:
    """Safe side by side with itself: the job asks before each number whether it still is missing,
    and one buyer at a time works for a pool. Raises Unavailable."""
    pool = services.store.pools.get(name)
    if pool is None:
        return
    missing = _missing(services, pool)
    if missing <= 0:
        services.store.purchases.note_shortage(name, None)
        return
    at_work = _job_at_work(services, name)
    if at_work is not None:
        _tell_if_it_waits(services, pool, at_work, missing)
        return
    limit = allowance(pool).refusal(services.store.purchases.rent(name, now=clock()))
    if limit is not None:
        _tell(services, pool, Shortage(reason=limit, missing=missing))
    elif not _has_just_asked(services, name, clock()):
        _buy(services, pool, missing, clock)


def _missing(services: Services, pool: Pool) -> int:
    figures = services.store.pools.figures(pool.name)
    return missing_headroom(pool, figures, intents=len(services.store.purchases.intents(pool.name)))


def _job_at_work(services: Services, name: str) -> Purchase | None:
    """A purchase of an earlier period that still runs or waits; the sweeper wakes it."""
    unfinished = services.store.purchases.unfinished(name)
    return next((job for job in unfinished if job.kind is JobKind.HEADROOM), None)


def _tell_if_it_waits(services: Services, pool: Pool, job: Purchase, missing: int) -> None:
    """A carrier that cannot be asked for hours is a shortage long before it is given up."""
    if job.pauses:
        _tell(services, pool, Shortage(reason=FailureCode.CARRIER_UNAVAILABLE, missing=missing))


def _has_just_asked(services: Services, name: str, now: float) -> bool:
    shortage = services.store.purchases.shortage(name)
    return shortage is not None and now < shortage.retry_at


def _buy(services: Services, pool: Pool, missing: int, clock: Clock) -> None:
    job = Purchase(
        id=draw_job_id(pool.name),
        pool=pool.name,
        kind=JobKind.HEADROOM,
        country=pool.country,
        wanted=missing,
        created_at=int(clock()),
    )
    services.store.purchases.create(job)
    log.info("pool buys", pool=pool.name, missing=missing, job=job.id)
    ended = buy_numbers(services, job.id, clock=clock)
    if not isinstance(ended, Purchase):
        waiting = services.store.purchases.get(job.id) or job
        _tell_if_it_waits(services, pool, waiting, missing - len(waiting.bought))
        return
    if not ended.failures:
        services.store.purchases.note_shortage(pool.name, None)
        return
    reason = ended.failures[0].code
    _tell(
        services,
        pool,
        Shortage(
            reason=reason,
            missing=max(_missing(services, pool), 1),
            retry_at=clock() + _pause_after(reason),
        ),
    )


def _pause_after(reason: FailureCode) -> float:
    if reason in _OURS:
        return 0.0
    return _ASK_TOMORROW if reason is FailureCode.UNSUITABLE_NUMBER else _ASK_AGAIN


def _tell(services: Services, pool: Pool, shortage: Shortage) -> None:
    """Loudly, each time: soon somebody will be refused, and only people can mend it."""
    log.error("pool cannot buy", pool=pool.name, reason=shortage.reason, missing=shortage.missing)
    services.store.purchases.note_shortage(pool.name, shortage)
