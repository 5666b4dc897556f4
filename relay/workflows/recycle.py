"""Tidies one pool after another: closes what is due, frees what has cooled, forgets what is old;
and ends phone changes whose process has died.

Lookups refuse an expired session by themselves (P3); this only makes its number free again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import structlog

from relay.domain.pool import Pool
from relay.workflows.pass_over_unreachable import pass_over_unreachable
from relay.workflows.resume_phone_changes import resume_phone_changes
from relay.workflows.services import Services

log = structlog.get_logger()

#: Sessions in one script call: a few milliseconds of Redis at most (docs/benchmarks.md).
BATCH = 50


@dataclass(frozen=True)
class Recycled:
    closed: int = 0
    looked_at_cooling: int = 0
    purged: int = 0

    def __add__(self, other: Self) -> Self:
        return replace(
            self,
            closed=self.closed + other.closed,
            looked_at_cooling=self.looked_at_cooling + other.looked_at_cooling,
            purged=self.purged + other.purged,
        )


def recycle(services: Services, *, now: float) -> Recycled:
    """Recycles every pool that can be reached; safe to run side by side with itself. Raises
    Unavailable when nobody can say which pools there are."""
    with pass_over_unreachable(step="phone changes"):
        resume_phone_changes(services, now=now)
    total = Recycled()
    for name in services.store.pools.names():
        with pass_over_unreachable(pool=name):
            total += _recycle_named(services, name, now=now)
    return total


def _recycle_named(services: Services, name: str, *, now: float) -> Recycled:
    pool = services.store.pools.get(name)
    return recycle_pool(services, pool, now=now) if pool else Recycled()


def recycle_pool(services: Services, pool: Pool, *, now: float) -> Recycled:
    services.store.phone_moves.sweep_markers(pool.name, now=now)
    done = Recycled(
        closed=_close_due(services, pool, now),
        looked_at_cooling=_release_cooled(services, pool, now),
        purged=_purge_ended(services, pool, now),
    )
    if done != Recycled():
        log.info(
            "pool recycled",
            pool=pool.name,
            closed=done.closed,
            released=done.looked_at_cooling,
            purged=done.purged,
        )
    return done


def _close_due(services: Services, pool: Pool, now: float) -> int:
    closed = 0
    while True:
        looked_at, ids = services.store.recycling.close_due(pool, now=now, batch=BATCH)
        closed += len(ids)
        if looked_at < BATCH:
            return closed


def _release_cooled(services: Services, pool: Pool, now: float) -> int:
    total = 0
    while True:
        looked_at = services.store.recycling.release_cooled(
            pool.name, now=now, batch=BATCH, retention=services.settings.record_retention
        )
        total += looked_at
        if looked_at < BATCH:
            return total


def _purge_ended(services: Services, pool: Pool, now: float) -> int:
    total = 0
    while True:
        looked_at = services.store.recycling.purge_ended(pool.name, now=now, batch=BATCH)
        total += looked_at
        if looked_at < BATCH:
            return total
