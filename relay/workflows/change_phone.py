"""Moves a person with all their open sessions to a new phone, on the same virtual numbers."""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

import structlog

from relay.domain.errors import BeingChanged, Fault, Invalid, PhoneTaken
from relay.domain.participant import Participant
from relay.store.phone_changes import (
    Changed,
    ChangeOutcome,
    Held,
    InTheWay,
    NoNumber,
    NotAdmitted,
    SamePhone,
)
from relay.workflows.services import Services

log = structlog.get_logger()

#: Never says whose it is: conflicts are no directory.
HELD_BY_ANOTHER = 'Another candidate has this phone. Send "take_over": true to move it.'
IN_USE_ON_NUMBERS = (
    "The new phone is in use on the virtual numbers of these sessions. "
    'Send "renumber": true to move these to other numbers.'
)
OTHERS_IN_THE_WAY = (
    "The new phone has come into use on the virtual numbers of these sessions just now; try again."
)
#: Sessions that one change may move to other numbers: it keeps Redis for some 20 ms then.
MOST_RENUMBERED = 200


def change_phone(
    services: Services, person: Participant, *, take_over: bool, renumber: bool, now: float
) -> None:
    """Makes the phone of ``person`` theirs, and puts on record what else is known of them; on
    record they have another phone, or none.

    Raises Conflict and changes nothing: the phone is another candidate's and ``take_over`` is not
    set, or it is in use on the numbers of sessions (which it names) and ``renumber`` is not set.
    Raises Invalid when the pool of an open session is not for phones of its country: who could
    register at home and then move abroad would be called there. Raises RateLimited, Unavailable.
    """
    outcome = _change(services, person, (), take_over=take_over, now=now)
    if renumber and isinstance(outcome, InTheWay):
        if len(outcome.session_ids) > MOST_RENUMBERED:
            raise PhoneTaken(
                f"The new phone is in use on the virtual numbers of more than {MOST_RENUMBERED} "
                "sessions, which are too many to renumber at once: close some of them.",
                sessions=outcome.session_ids,
            )
        outcome = _change(services, person, outcome.session_ids, take_over=take_over, now=now)
        if isinstance(outcome, InTheWay):
            raise BeingChanged(OTHERS_IN_THE_WAY, sessions=outcome.session_ids)
    _refuse_unless_changed(outcome)


def _change(
    services: Services,
    person: Participant,
    renumber: Collection[str],
    *,
    take_over: bool,
    now: float,
) -> ChangeOutcome:
    pools = {pool.name: pool for pool in services.store.pools.all()}
    outcome = services.store.phone_changes.change(
        person, take_over=take_over, renumber=renumber, pools=pools, now=now
    )
    if isinstance(outcome, Changed):
        log.info("phone moved", role=person.role, ref=person.ref, sessions=outcome.sessions)
        if outcome.taken_from:
            # Either holder is to know.
            log.warning("phone taken over", role=person.role, ref=person.ref)
            log.warning("phone lost to another", role=person.role, ref=outcome.taken_from)
    return outcome


def _refuse_unless_changed(outcome: ChangeOutcome) -> None:
    match outcome:
        case Changed():
            return
        case Held():
            raise PhoneTaken(HELD_BY_ANOTHER)
        case InTheWay(ids):
            raise PhoneTaken(IN_USE_ON_NUMBERS, sessions=ids)
        case SamePhone(ids):
            raise PhoneTaken("In these sessions it is the other side's phone.", sessions=ids)
        case NotAdmitted():
            raise Invalid(
                "The pools of the participant's open sessions are not for phones of every country.",
                (Fault("/phone", "its country is not allowed in the pool of an open session"),),
            )
        case NoNumber(ids):
            raise PhoneTaken("No other virtual number is free for these sessions.", sessions=ids)
        case _:
            assert_never(outcome)
