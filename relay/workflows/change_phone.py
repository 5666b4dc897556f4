"""Moves a person with all their open sessions to a new phone, on the same virtual numbers.

Their sessions may be in several pools, which no single step can change. So the new phone is first
reserved in each of them; a pool where it cannot be has everything undone again. Then the change is
past its point of no return, and each pool commits. A process that dies on the way leaves a record
from which ``resume_phone_changes`` goes on. Nothing is ever half changed to a caller: a phone that
is only reserved gets "no longer connected", and so does the old one from its pool's commit on.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog

from relay.domain.errors import Conflict, NotFound
from relay.domain.participant import Participant
from relay.domain.pool import Pool
from relay.domain.session import ClosedReason
from relay.store.people import PhoneChanging
from relay.store.phone_changes import AdvanceOutcome, BeginOutcome, PhoneChange
from relay.store.phone_moves import (
    Busy,
    Gone,
    InTheWay,
    NoNumber,
    Renumbering,
    Reserved,
    ReserveOutcome,
    SamePhone,
)
from relay.workflows.enter_pool import when_not_changing
from relay.workflows.services import Services

log = structlog.get_logger()


#: Never says whose it is: conflicts are no directory.
HELD_BY_ANOTHER = 'Another candidate has this phone. Send "take_over": true to move it.'


@dataclass(eq=False)
class PhoneTaken(Conflict):
    """Somebody or some session has the phone already: API clients have these counted."""


def change_phone(
    services: Services, person: Participant, *, take_over: bool, renumber: bool, now: float
) -> None:
    """Makes the phone of ``person`` theirs; on record they have another one, or none.

    Raises Conflict and changes nothing: the phone is another candidate's and ``take_over`` is not
    set, it is in use on the numbers of sessions (which it names) and ``renumber`` is not set, or
    another change is under way. Raises NotFound, Unavailable.
    """
    change = _begin(services, person, take_over=take_over, now=now)
    try:
        for pool in policies(services, change.pools):
            _reserve(services, pool, change, renumber=renumber, now=now)
        _advance(services, change, now=now)
    except Conflict:
        undo_phone_change(services, change, now=now)
        raise
    complete_phone_change(services, change, now=now)


def undo_phone_change(services: Services, change: PhoneChange, *, now: float) -> None:
    """Undoes a change unless it is past its point of no return. Raises Unavailable."""
    if not services.store.phone_changes.turn_back(change):
        return
    for pool in change.pools:
        services.store.phone_moves.undo(
            pool, change, retention=services.settings.record_retention, now=now
        )
    services.store.phone_changes.forget(change)
    log.info("phone change undone", role=change.role, ref=change.ref, change=change.id)


def complete_phone_change(services: Services, change: PhoneChange, *, now: float) -> None:
    """Commits in every pool a change that is past its point of no return. Raises Unavailable."""
    current = services.store.phone_changes.get(change.role, change.ref)
    if current is None or current.id != change.id:
        return  # another process was quicker
    _close_sessions_of_loser(services, current, now=now)
    for pool in policies(services, current.pools):
        moved = services.store.phone_moves.commit(
            pool, current, retention=services.settings.record_retention, now=now
        )
        log.info("phone moved", role=change.role, ref=change.ref, pool=pool.name, sessions=moved)
    services.store.phone_changes.finish(current, now=now)


def policies(services: Services, names: Iterable[str]) -> list[Pool]:
    """The pools of these names, in the one order in which all changes go through them: two of them
    wait for each other once."""
    pools = (services.store.pools.get(name) for name in sorted(names))
    return [pool for pool in pools if pool is not None]


def _close_sessions_of_loser(services: Services, change: PhoneChange, *, now: float) -> None:
    if not change.taken_from:
        return
    loser = services.store.phone_changes.get(change.role, change.taken_from)
    if loser is None or loser.id != change.id:
        return  # done before
    for pool in policies(services, loser.pools):
        services.store.phone_moves.leave_pool(
            pool,
            loser.role,
            loser.ref,
            mark=loser.mark,
            reason=ClosedReason.TAKEN_OVER,
            now=now,
        )


def _begin(services: Services, person: Participant, *, take_over: bool, now: float) -> PhoneChange:
    change_id = secrets.token_hex(8)

    def begin_once() -> None:
        outcome = services.store.phone_changes.begin(
            person, change_id, take_over=take_over, now=now
        )
        match outcome:
            case BeginOutcome.BEGUN:
                return
            case BeginOutcome.UNKNOWN:
                raise NotFound(f"There is no such {person.role}.")
            case BeginOutcome.BUSY:
                raise PhoneChanging
            case BeginOutcome.HELD:
                raise PhoneTaken(HELD_BY_ANOTHER)
            case _:
                assert_never(outcome)

    when_not_changing(begin_once)
    change = services.store.phone_changes.get(person.role, person.ref)
    if change is None or change.id != change_id:
        raise PhoneChanging  # slower than the sweeper is patient
    return change


def _reserve(
    services: Services, pool: Pool, change: PhoneChange, *, renumber: bool, now: float
) -> None:
    def reserve_once() -> None:
        moves = services.store.phone_moves
        outcome = moves.reserve(pool, change, now=now)
        if renumber and isinstance(outcome, InTheWay):
            in_the_way = _renumberings(services, pool, change, outcome.session_ids)
            outcome = moves.reserve(pool, change, renumber=in_the_way, now=now)
        _refuse_unless_reserved(outcome)

    when_not_changing(reserve_once)


def _renumberings(
    services: Services, pool: Pool, change: PhoneChange, session_ids: Sequence[str]
) -> list[Renumbering]:
    """The sessions, each with what the new phone or the other side's has stopped."""
    sessions = services.store.sessions.of_ids(pool.name, session_ids)
    others = [(session.party(change.role.other).phone_index,) for session in sessions]
    by_new_phone, *by_others = services.store.suppressions.stopped_by_each(
        [change.new_indexes, *others]
    )
    return [
        Renumbering(session.id, sorted(by_new_phone | by_other))
        for session, by_other in zip(sessions, by_others, strict=True)
    ]


def _refuse_unless_reserved(outcome: ReserveOutcome) -> None:
    match outcome:
        case Reserved():
            return
        case Gone():
            raise Conflict("The phone change took too long and was undone.")
        case Busy():
            raise PhoneChanging
        case InTheWay(ids):
            raise PhoneTaken(
                "The new phone is in use on the virtual numbers of these sessions.", sessions=ids
            )
        case SamePhone(ids):
            raise PhoneTaken("In these sessions it is the other side's phone.", sessions=ids)
        case NoNumber(ids):
            raise PhoneTaken("No other virtual number is free for these sessions.", sessions=ids)
        case _:
            assert_never(outcome)


def _advance(services: Services, change: PhoneChange, *, now: float) -> None:
    def advance_once() -> None:
        outcome = services.store.phone_changes.advance(change, now=now)
        match outcome:
            case AdvanceOutcome.COMMITTING:
                return
            case AdvanceOutcome.GONE:
                raise Conflict("The phone change took too long and was undone.")
            case AdvanceOutcome.HELD:
                raise PhoneTaken(HELD_BY_ANOTHER)
            case AdvanceOutcome.BUSY:
                raise PhoneChanging
            case _:
                assert_never(outcome)

    when_not_changing(advance_once)
