"""What the carrier reports of a call under way, in whatever order it comes."""

from __future__ import annotations

import structlog

from relay.carrier.calls import CallOutcome
from relay.carrier.webhooks import CallEnded, DialReport, LegReport
from relay.domain import call_progress
from relay.domain.call_progress import CallProgress, CallStatus
from relay.domain.charges import Charges, caller_minutes, leg_minutes
from relay.domain.routing import DialledDecision, HangUp, TellOutcome, is_guarded
from relay.domain.session import Channel, Session
from relay.store.calls import CallRecord, call_id
from relay.workflows.services import Services
from relay.workflows.stamp_guard import guard_of

log = structlog.get_logger()

_ANSWERED = "in-progress"
_OVER = "completed"


def record_dial(
    services: Services, interaction_id: str, report: DialReport, *, now: float
) -> DialledDecision:
    """The Dial is over: what became of the call, and what the caller is told of it.

    Raises Unavailable.
    """
    found = _find(services, interaction_id)
    if found is None:
        return HangUp()
    call, session = found
    progress = call_progress.dialled(
        report.dial_status,
        known=call.status,
        is_connected=call_progress.is_connected(
            was_bridged=report.bridged,
            was_accepted=call.was_accepted,
            is_guarded=_is_guarded(services, call, session),
        ),
        duration=report.duration,
        leg_sid=report.leg_sid,
    )
    services.store.calls.advance(
        interaction_id,
        progress,
        now=now,
        virtual_number=call.virtual_number,
        charges=leg_minutes(report.duration),
    )
    log.info("call ended", call=interaction_id, session=session.id, status=progress.status)
    announcement = _OUTCOMES.get(progress.status)
    if announcement is None:
        return HangUp()
    return TellOutcome(
        announcement=announcement,
        locale=session.party(call.caller).locale,
        may_text=progress.status in _WORTH_A_TEXT
        and session.is_live(now)
        and Channel.SMS in session.channels,
    )


def tell_without_record(report: DialReport) -> DialledDecision:
    """What the caller is told when the store does not answer: what the report alone says, in the
    default language."""
    progress = call_progress.dialled(
        report.dial_status,
        known=CallStatus.RINGING,
        is_connected=report.bridged,
        duration=None,
        leg_sid=report.leg_sid,
    )
    announcement = _OUTCOMES.get(progress.status)
    return TellOutcome(announcement=announcement, locale="") if announcement else HangUp()


#: Status → announcement. A connected call ends without a word; one that was canceled has nobody
#: left to hear it.
_OUTCOMES = {
    CallStatus.BUSY: "busy",
    CallStatus.NO_ANSWER: "no_answer",
    CallStatus.DECLINED: "declined",
    CallStatus.FAILED: "failed",
}
#: The phone rang, so that a text would be read.
_WORTH_A_TEXT = {CallStatus.NO_ANSWER, CallStatus.DECLINED}


def record_leg(services: Services, interaction_id: str, report: LegReport, *, now: float) -> None:
    """Progress of the counterpart's leg. Raises Unavailable."""
    found = _find(services, interaction_id)
    if found is not None:
        call, session = found
        is_guarded = _is_guarded(services, call, session)
        services.store.calls.advance(
            interaction_id,
            _leg_progress(report, call, is_guarded=is_guarded),
            now=now,
            virtual_number=call.virtual_number,
            charges=leg_minutes(report.duration),
        )


def _leg_progress(report: LegReport, call: CallRecord, *, is_guarded: bool) -> CallProgress:
    leg = report.call_sid
    if report.status == _ANSWERED and not is_guarded:
        has_ended = call.status is CallStatus.CANCELED
        return call_progress.leg_over(leg, duration=None) if has_ended else call_progress.taken(leg)
    if report.status == _OVER and (call.was_accepted or not is_guarded):
        return call_progress.leg_over(leg, duration=report.duration)
    return call_progress.leg_seen(leg)


def record_call_end(services: Services, report: CallEnded, *, now: float) -> None:
    """The caller's leg is over, reported by the number itself: the one report that also comes
    when the caller hung up first. Raises Unavailable, and NumberMoved when the number is another
    board's by now."""
    numbers = services.store.numbers
    charges = caller_minutes(report.duration, virtual_number=report.called)
    call = _call_on(services, numbers.find_pool(report.called), report)
    if call is None:
        # It was not connected; or another board has the number by now, which is for it to count.
        pool = numbers.look_again(report.called)
        if pool:
            services.store.pools.charges.count_once(
                pool, charges, marks=services.vault.marks_of(f"{report.call_sid} charged"), now=now
            )
        return
    progress = call_progress.caller_gone(was_accepted=call.was_accepted, duration=report.duration)
    services.store.calls.advance(
        call.id, progress, now=now, virtual_number=call.virtual_number, charges=charges
    )


def record_call_outcome(
    services: Services, interaction_id: str, outcome: CallOutcome | None, *, now: float
) -> None:
    """What the carrier answered when it was asked about a call that is over; None when it knows
    nothing of it. Raises Unavailable."""
    found = _find(services, interaction_id)
    if found is None:
        return
    call, session = found
    if outcome is None or not outcome.leg_sid:
        progress = call_progress.caller_gone(was_accepted=call.was_accepted, duration=None)
    else:
        progress = call_progress.dialled(
            outcome.leg_status,
            known=call.status,
            is_connected=call_progress.is_connected(
                was_bridged=outcome.leg_status == _OVER,
                was_accepted=call.was_accepted,
                is_guarded=_is_guarded(services, call, session),
            ),
            duration=outcome.duration,
            leg_sid=outcome.leg_sid,
        )
    services.store.calls.advance(
        interaction_id,
        progress,
        now=now,
        virtual_number=call.virtual_number,
        charges=_charges_of(outcome, call) if outcome else None,
    )
    log.info("call ended unreported", call=interaction_id, status=progress.status)


def _charges_of(outcome: CallOutcome, call: CallRecord) -> Charges:
    return {
        **caller_minutes(outcome.caller_duration, virtual_number=call.virtual_number),
        **leg_minutes(outcome.duration),
    }


def _call_on(services: Services, pool: str | None, report: CallEnded) -> CallRecord | None:
    return services.store.calls.get(call_id(pool, report.call_sid)) if pool else None


def _find(services: Services, interaction_id: str) -> tuple[CallRecord, Session] | None:
    call = services.store.calls.get(interaction_id)
    session = services.store.sessions.get(call.session_id) if call else None
    return (call, session) if call and session else None


def _is_guarded(services: Services, call: CallRecord, session: Session) -> bool:
    """As it was decided when the call was connected."""
    side = call.caller.other
    guard = guard_of(services, call.stamped_guard, role=side, ref=session.party(side).ref)
    return is_guarded(guard, call.caller, call.attestation)
