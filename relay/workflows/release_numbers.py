"""Gives numbers back to the carrier: draining ones when their last cooling has ended, and those
that a pool has had idle for long enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import structlog

from relay.domain.board import NumberPlace
from relay.domain.errors import CarrierError
from relay.domain.pool import NumberStatus, Pool
from relay.domain.rent import Release
from relay.store.alarms import Alarm
from relay.workflows.distrust import distrust
from relay.workflows.pass_over_failures import pass_over_refusal, pass_over_unavailable
from relay.workflows.services import Services
from relay.workflows.take_number_in import is_of_this_account

log = structlog.get_logger()

Clock = Callable[[], float]


def release_numbers(services: Services, *, clock: Clock) -> int:
    """Answers how many went back. Safe side by side with itself; one pool's trouble does not stop
    the others. What the carrier does not take now is offered again next time."""
    released = 0
    for name in services.store.pools.names():
        with pass_over_unavailable(services, pool=name, step="release"):
            released += release_numbers_of(services, name, clock=clock)
    return released


def release_numbers_of(services: Services, name: str, *, clock: Clock) -> int:
    """Raises Unavailable."""
    pool = services.store.pools.get(name)
    if pool is None:
        return 0
    _drain_idle(services, pool, now=clock())
    for number in services.store.numbers.of_pool(name):
        if number.status is NumberStatus.DRAINING:
            # Only if it still is: somebody may want it back, and sessions on it may still cool.
            services.store.numbers.retire(number.number, name, expected=NumberStatus.DRAINING)
    noted = services.store.numbers.releasing(name)
    return sum(finish_release(services, name, release, clock=clock) for release in noted.values())


def finish_release(services: Services, pool: str, release: Release, *, clock: Clock) -> bool:
    """The carrier's part of a release that is on record. False when it has to be done later.

    Raises Unavailable.
    """
    about = {"board": services.board.name, "virtual_number": release.number, "pool": pool}
    if not is_of_this_account(services, release.account):
        # Another account's "not found" is no proof that it is given back.
        log.error("number of another account not released", **about)
        return False
    try:
        if not _is_off(services, pool, release):
            return False
    except CarrierError as error:
        pass_over_refusal(services.store, error, "number not released", **about)
        return False
    services.store.numbers.note_released(release, pool, now=clock())
    log.info("number released", **about)
    return True


def _is_off(services: Services, pool: str, release: Release) -> bool:
    """Whether the account has it no more. Raises CarrierError."""
    if not release.is_lost:
        return _give_back(services, pool, release)
    if _has_left_pool(services, pool, release.number):
        return True
    distrust(services, Alarm.NUMBER, "not the pool's to strike off", virtual_number=release.number)
    return False


def _give_back(services: Services, pool: str, release: Release) -> bool:
    """False where somebody else has written the release down, to have us give back any number of
    the account (P9), and where the carrier has to do something else first. Raises CarrierError."""
    # Before the carrier is asked: another worker may finish the release meanwhile.
    has_left = _has_left_pool(services, pool, release.number)
    numbers = services.carrier.numbers
    owned = numbers.find_by_sid(release.carrier_sid)
    if owned is None:
        return True
    if owned.number != release.number or not has_left:
        distrust(services, Alarm.NUMBER, "not the pool's to release", sid=release.carrier_sid)
        return False
    if owned.has_emergency_address and not numbers.drop_emergency_address(owned.sid):
        log.info("number waits until its emergency address is off", virtual_number=owned.number)
        return False
    numbers.release(owned.sid)
    return True


def _has_left_pool(services: Services, pool: str, number: str) -> bool:
    """It stays on the map until it is released."""
    place = services.store.number_map.look_again(number)
    was_here = place == NumberPlace(services.board.name, pool)
    return was_here and services.store.numbers.get(number) is None


def _drain_idle(services: Services, pool: Pool, *, now: float) -> None:
    """Idle since the first look after its last session, and no earlier. As many as the headroom
    allows at that moment: another worker may drain, too."""
    if pool.release_idle_after is None:
        return
    store, idle = services.store, services.store.idle_numbers
    usable = [one.number for one in store.numbers.of_pool(pool.name) if one.status.is_allocatable]
    idle.note(pool.name, usable, now=now)
    before = now - pool.release_idle_after
    waiting = deque(idle.since(pool.name, before=before))
    while waiting:
        figures = store.pools.figures(pool.name)
        if figures.headroom <= pool.min_headroom:
            return
        outcome = idle.drain(waiting[0], pool.name, before=before, allocatable=figures.allocatable)
        if outcome == "drained":
            log.info("idle number drains", virtual_number=waiting[0], pool=pool.name)
        if outcome != "changed":
            waiting.popleft()
