"""Gives numbers back to the carrier: draining ones when their last cooling has ended, and those
that a pool has had idle for long enough."""

from __future__ import annotations

import structlog

from relay.domain.errors import CarrierError
from relay.domain.pool import NumberStatus, Pool, VirtualNumber
from relay.domain.rent import Release
from relay.workflows.pass_over_unreachable import pass_over_unreachable
from relay.workflows.services import Services

log = structlog.get_logger()


def release_numbers(services: Services, *, now: float) -> int:
    """Answers how many went back. Safe side by side with itself; one pool's trouble does not stop
    the others. What the carrier does not take now is offered again next time."""
    released = 0
    for name in services.store.pools.names():
        with pass_over_unreachable(pool=name, step="release"):
            released += release_numbers_of(services, name, now=now)
    return released


def release_numbers_of(services: Services, name: str, *, now: float) -> int:
    """Raises Unavailable."""
    pool = services.store.pools.get(name)
    if pool is None:
        return 0
    numbers = services.store.numbers.of_pool(name)
    _drain_idle(services, pool, numbers, now=now)
    for number in services.store.numbers.of_pool(name):
        if number.status is NumberStatus.DRAINING:
            # Only if it still is: somebody may want it back, and sessions on it may still cool.
            services.store.numbers.retire(number.number, name, expected=NumberStatus.DRAINING)
    noted = services.store.numbers.releasing(name)
    return sum(finish_release(services, name, release, now=now) for release in noted.values())


def finish_release(services: Services, pool: str, release: Release, *, now: float) -> bool:
    """The carrier's part of a release that is on record. False when it has to be done later.

    Raises Unavailable.
    """
    try:
        services.carrier.numbers.release(release.carrier_sid)
    except CarrierError as error:
        log.warning(
            "number not released", virtual_number=release.number, pool=pool, code=error.code
        )
        return False
    services.store.numbers.note_released(release, pool, now=now)
    log.info("number released", virtual_number=release.number, pool=pool)
    return True


def _drain_idle(
    services: Services, pool: Pool, numbers: list[VirtualNumber], *, now: float
) -> None:
    """Idle since the first look after its last session, and no earlier."""
    if pool.release_idle_after is None:
        return
    usable = [number.number for number in numbers if number.status.is_allocatable]
    services.store.numbers.note_idle(pool.name, usable, now=now)
    before = now - pool.release_idle_after
    spare = services.store.pools.figures(pool.name).headroom - pool.min_headroom
    for number in services.store.numbers.idle_since(pool.name, before=before):
        if spare <= 0:
            return
        if services.store.numbers.drain_idle(number, pool.name, before=before):
            log.info("idle number drains", virtual_number=number, pool=pool.name)
            spare -= 1
