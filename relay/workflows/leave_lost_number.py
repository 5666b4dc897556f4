"""Takes a number that the carrier's account has lost out of use: its sessions go on by others."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from relay.domain.pool import NumberStatus, Pool, VirtualNumber
from relay.domain.session import Session
from relay.workflows.services import Services

log = structlog.get_logger()

Clock = Callable[[], float]

#: Sessions in one step: it keeps Redis for some milliseconds then.
_AT_ONCE = 50


def is_rented(services: Services, number: VirtualNumber) -> bool:
    """Whether the account has it, though its list may lag: the number is looked for by itself, and
    by its sid. Raises CarrierError."""
    numbers = services.carrier.numbers
    if numbers.find_owned(number.number) is not None:
        return True
    by_sid = numbers.find_by_sid(number.carrier_sid)
    return by_sid is not None and by_sid.number == number.number


def set_aside(services: Services, number: VirtualNumber) -> bool:
    """Nobody new gets a lost number: it is ``released``, and leaves its pool when its last binding
    has cooled. The bindings stay until then, since a loss may turn out to be none (P1).
    True when there is something left to do: sessions that are open on it. Raises Unavailable."""
    store = services.store
    if number.status is not NumberStatus.RELEASED:
        is_set = store.numbers.set_status(
            number.number, number.pool, NumberStatus.RELEASED, expected=number.status
        )
        if is_set:
            log.error("number lost", virtual_number=number.number, pool=number.pool)
        return is_set
    if store.lost_numbers.open_sessions_on(number.number):
        return True
    # Only now, when the carrier has just said again that it is not rented.
    store.numbers.retire(number.number, number.pool, expected=NumberStatus.RELEASED, is_lost=True)
    return False


def take_back(services: Services, number: VirtualNumber) -> bool:
    """A number that was taken for lost, and is rented after all, is kept and counted again; whether
    sessions get it is an operator's to say. Raises Unavailable."""
    return services.store.numbers.set_status(
        number.number, number.pool, NumberStatus.RESERVED, expected=NumberStatus.RELEASED
    )


def leave_lost_number(
    services: Services, number: VirtualNumber, *, clock: Clock, until: float
) -> bool:
    """Gives each open session on a number that is set aside another one, and tells its two people
    by a text from there. Where none is free the session is closed: who goes on calling the old
    number may reach a stranger soon (P1).

    Safe to repeat: what is left at ``until`` is for the next time. True when nothing is left.
    Raises Unavailable.
    """
    store = services.store
    pool, left = store.pools.get(number.pool), store.lost_numbers.open_sessions_on(number.number)
    while pool is not None and left and clock() < until:
        _leave(services, number, pool, left[:_AT_ONCE], now=clock())
        left = left[_AT_ONCE:]
    return not store.lost_numbers.open_sessions_on(number.number)


def _leave(
    services: Services, number: VirtualNumber, pool: Pool, sessions: list[Session], *, now: float
) -> None:
    left = services.store.lost_numbers.leave(
        number.number,
        pool,
        sessions,
        now=now,
        retention=services.settings.record_retention,
    )
    for session_id in left.renumbered:
        log.info("session renumbered", session=session_id, left_number=number.number)
    for session_id in left.closed:
        log.error("session closed for want of a number", session=session_id, pool=pool.name)
    for notice in left.notices:
        services.jobs.send_message(notice)
