"""Tidies up: closes what is due and frees what has cooled, pool by pool, then forgets what is old.

Lookups refuse an expired session by themselves (P3); this only makes its number free again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import structlog

from relay.workflows.end_ringing_calls import end_ringing_calls
from relay.workflows.services import Services

log = structlog.get_logger()

#: Sessions in one script call: under a millisecond of Redis (docs/benchmarks.md).
BATCH = 25
#: Seconds in which a repeated erasure is answered as the first one.
ERASURES_REMEMBERED = 30 * 24 * 3600
#: Seconds that a call of somebody erased could still ring: the job that ends it may be lost.
_LONGEST_RING = 620


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
    """Recycles the board; safe to run side by side with itself. Raises Unavailable."""
    services.store.erasures.forget(before=now - ERASURES_REMEMBERED)
    end_ringing_calls(services, services.store.erasures.since(now - _LONGEST_RING))
    done = Recycled(purged=_purge_ended(services, now))
    _trim_timeline(services, now)
    for name in services.store.pools.names():
        done += recycle_pool(services, name, now=now)
    return done


def recycle_pool(services: Services, pool: str, *, now: float) -> Recycled:
    done = Recycled(
        closed=_close_due(services, pool, now),
        looked_at_cooling=_release_cooled(services, pool, now),
    )
    if done != Recycled():
        log.info("pool recycled", pool=pool, closed=done.closed, released=done.looked_at_cooling)
    return done


def _close_due(services: Services, pool: str, now: float) -> int:
    closed = 0
    while True:
        looked_at, ids = services.store.recycling.close_due(pool, now=now, batch=BATCH)
        closed += len(ids)
        if looked_at < BATCH:
            return closed


def _release_cooled(services: Services, pool: str, now: float) -> int:
    return _in_batches(
        lambda: services.store.recycling.release_cooled(
            pool, now=now, batch=BATCH, retention=services.settings.record_retention
        )
    )


def _purge_ended(services: Services, now: float) -> int:
    return _in_batches(lambda: services.store.recycling.purge_ended(now=now, batch=BATCH))


def _trim_timeline(services: Services, now: float) -> None:
    before = now - services.settings.record_retention
    _in_batches(lambda: services.store.recycling.trim_timeline(before=before, batch=BATCH))


def _in_batches(step: Callable[[], int]) -> int:
    """Repeats a step until it finds less than a batch. Returns how many it found in all."""
    total = 0
    while True:
        looked_at = step()
        total += looked_at
        if looked_at < BATCH:
            return total
