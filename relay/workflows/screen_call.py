"""The human-answer guard on the counterpart's leg: 1 takes the call, 2 tells who and why.

A neutral question comes first, so that neither a private voicemail greeting reaches the caller
nor the caller's name a voicemail at the candidate's present employer. It comes again and again, and
at once when somebody has spoken: an assistant asks who calls before it rings its owner, and is
answered as the candidate wishes. What it says nobody keeps.
"""

from __future__ import annotations

import structlog

from relay.carrier.webhooks import KeyPress
from relay.domain import call_progress
from relay.domain.call_progress import CallProgress
from relay.domain.charges import Charges, Unit
from relay.domain.errors import NotFound
from relay.domain.guard import MOST_QUESTIONS, MOST_TELLINGS, GuardStyle
from relay.domain.participant import Role
from relay.domain.routing import (
    AskHuman,
    Connect,
    HangUp,
    Identity,
    ScreenDecision,
    TellWhoAndAsk,
    may_be_forged,
)
from relay.domain.session import Session
from relay.store.calls import CallRecord
from relay.workflows.services import Services
from relay.workflows.stamp_guard import guard_of_side
from relay.workflows.stamp_words import context_of

log = structlog.get_logger()

#: As the URLs count them: the questions, then the tellings.
_TURNS = tuple(str(turn) for turn in range(MOST_QUESTIONS + MOST_TELLINGS))


def ask_human(services: Services, call_id: str, leg: KeyPress, *, now: float) -> ScreenDecision:
    """The counterpart's leg was picked up. Raises Unavailable."""
    found = _find(services, call_id)
    if found is None:
        return HangUp()
    call, session = found
    _advance(services, call, call_progress.leg_seen(leg.call_sid), now, {Unit.SPEECH: 1})
    return _ask(call, session, turn=0)


def take_answer(
    services: Services, call_id: str, leg: KeyPress, *, turn: str, now: float
) -> ScreenDecision:
    """Somebody pressed a key or spoke, after they had been asked for the ``turn``-th time (from 0).
    Raises Unavailable, NotFound for a turn that we have not named."""
    if turn not in _TURNS:
        raise NotFound("No question has this number.")
    found = _find(services, call_id)
    if found is None:
        return HangUp()
    call, session = found
    match leg.digits:
        case "1":
            _advance(services, call, call_progress.taken(leg.call_sid), now)
            log.info("call taken", call=call_id, session=session.id)
            return Connect()
        case "2" if turn != _TURNS[-1]:
            following = max(int(turn) + 1, MOST_QUESTIONS)
            return _who_and_why(services, call, session, turn=following)
        case "" if leg.is_speech:
            log.info("guard was spoken to", call=call_id, session=session.id)
            who = _who_if_named(services, call, session)
            return _ask(call, session, turn=int(turn) + 1, who=who)
        case _:
            _advance(services, call, call_progress.refused(leg.call_sid), now)
            log.info("call refused by its receiver", call=call_id, session=session.id)
            return HangUp()


def _advance(
    services: Services,
    call: CallRecord,
    progress: CallProgress,
    now: float,
    charges: Charges | None = None,
) -> None:
    services.store.calls.advance(
        call.id, progress, now=now, virtual_number=call.virtual_number, charges=charges
    )


def _find(services: Services, call_id: str) -> tuple[CallRecord, Session] | None:
    """The call and its session, unless the session has ended in a way that ends calls, too."""
    call = services.store.calls.get(call_id)
    session = services.store.sessions.get(call.session_id) if call else None
    if call is None or session is None:
        return None
    if session.closed_reason is not None and session.closed_reason.revokes_calls:
        return None
    return call, session


def _ask(
    call: CallRecord, session: Session, *, turn: int, who: Identity | None = None
) -> ScreenDecision:
    return AskHuman(
        locale=session.party(call.caller.other).locale,
        turn=turn,
        who=who,
        is_unverified=may_be_forged(call.caller, call.attestation),
    )


def _who_if_named(services: Services, call: CallRecord, session: Session) -> Identity | None:
    guard = guard_of_side(services, session, call.caller.other)
    return _who(services, call, session) if guard.style is GuardStyle.NAMED else None


def _who_and_why(
    services: Services, call: CallRecord, session: Session, *, turn: int
) -> ScreenDecision:
    return TellWhoAndAsk(
        locale=session.party(call.caller.other).locale,
        turn=turn,
        who=_who(services, call, session),
        context=context_of(services, session),
    )


def _who(services: Services, call: CallRecord, session: Session) -> Identity:
    recruiter = (
        services.store.people.get(Role.RECRUITER, session.recruiter.ref)
        if call.caller is Role.RECRUITER
        else None
    )
    if recruiter is None:
        return Identity(role=call.caller)
    return Identity(role=call.caller, name=recruiter.name, organization=recruiter.organization)
