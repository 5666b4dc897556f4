"""The human-answer guard on the counterpart's leg: 1 takes the call, 2 tells who and why.

A neutral question comes first, so that neither a private voicemail greeting reaches the caller
nor the caller's name a voicemail at the candidate's present employer.
"""

from __future__ import annotations

import structlog

from relay.carrier.webhooks import KeyPress
from relay.domain import call_progress
from relay.domain.call_progress import CallProgress
from relay.domain.participant import Role
from relay.domain.routing import (
    AskHuman,
    Connect,
    HangUp,
    ScreenDecision,
    TellWhoAndAsk,
    may_be_forged,
)
from relay.domain.session import Session
from relay.store.calls import CallRecord
from relay.workflows.services import Services
from relay.workflows.stamp_words import context_of

log = structlog.get_logger()


def ask_human(services: Services, call_id: str, leg: KeyPress, *, now: float) -> ScreenDecision:
    """The counterpart's leg was picked up. Raises Unavailable."""
    found = _find(services, call_id)
    if found is None:
        return HangUp()
    call, session = found
    _advance(services, call, call_progress.leg_seen(leg.call_sid), now)
    return AskHuman(
        locale=session.party(call.caller.other).locale,
        is_unverified=may_be_forged(call.caller, call.attestation),
    )


def take_answer(services: Services, call_id: str, leg: KeyPress, *, now: float) -> ScreenDecision:
    """Somebody pressed a key. Raises Unavailable."""
    found = _find(services, call_id)
    if found is None:
        return HangUp()
    call, session = found
    match leg.digits:
        case "1":
            _advance(services, call, call_progress.taken(leg.call_sid), now)
            log.info("call taken", call=call_id, session=session.id)
            return Connect()
        case "2":
            return _who_and_why(services, call, session)
        case _:
            _advance(services, call, call_progress.refused(leg.call_sid), now)
            log.info("call refused by its receiver", call=call_id, session=session.id)
            return HangUp()


def _advance(services: Services, call: CallRecord, progress: CallProgress, now: float) -> None:
    services.store.calls.advance(call.id, progress, now=now, virtual_number=call.virtual_number)


def _find(services: Services, call_id: str) -> tuple[CallRecord, Session] | None:
    """The call and its session, unless the session has ended in a way that ends calls, too."""
    call = services.store.calls.get(call_id)
    session = services.store.sessions.get(call.session_id) if call else None
    if call is None or session is None:
        return None
    if session.closed_reason is not None and session.closed_reason.revokes_calls:
        return None
    return call, session


def _who_and_why(services: Services, call: CallRecord, session: Session) -> ScreenDecision:
    name = organization = ""
    if call.caller is Role.RECRUITER:
        recruiter = services.store.people.get(Role.RECRUITER, session.recruiter.ref)
        if recruiter is not None:
            name, organization = recruiter.name, recruiter.organization
    return TellWhoAndAsk(
        locale=session.party(call.caller.other).locale,
        caller=call.caller,
        name=name,
        organization=organization,
        context=context_of(services, session),
    )
