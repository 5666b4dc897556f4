"""Ask the carrier how texts and calls ended whose reports have not come: the last word never rests
on a push alone (P4)."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from relay.carrier.codes import NOT_FOUND
from relay.carrier.webhooks import MessageStatusReport
from relay.domain.errors import CarrierError
from relay.domain.message_progress import MessageStatus
from relay.domain.policy import DAY
from relay.domain.session import pool_of
from relay.domain.texts import Message
from relay.store.awaited import Awaited
from relay.workflows.pass_over_failures import pass_over_refusal
from relay.workflows.record_call_progress import record_call_outcome
from relay.workflows.record_message_status import record_message_status
from relay.workflows.services import Services
from relay.workflows.take_number_in import is_of_this_account

log = structlog.get_logger()

Clock = Callable[[], float]

_BATCH = 500
#: How long one run goes on, in seconds; the next one is a minute later.
_TURN = 20.0
#: The carrier does not answer, or the call is not over yet: asked again after so many seconds.
_PAUSE = 300.0
#: A text's end is asked again after so many times the time since it was sent: it may stay ``sent``
#: for ever (TW-text-status), and a day is five questions.
_PATIENCE = 3.0


def ask_outcomes(services: Services, *, clock: Clock) -> int:
    """Calls before texts: a call that is not seen to end counts its whole lease. Returns how many
    were asked about. Raises Unavailable."""
    until = clock() + _TURN
    store = services.store
    return _ask(services, store.calls.unended, _ask_call, clock, until) + _ask(
        services, store.messages.unreported, _ask_text, clock, until
    )


def _ask(
    services: Services,
    awaited: Awaited,
    ask: Callable[[Services, str, float], float | None],
    clock: Clock,
    until: float,
) -> int:
    """Asks about what is due; ``ask`` says when to do so again, or None."""
    asked = 0
    for interaction_id in awaited.due(now=clock(), most=_BATCH):
        if clock() >= until:
            break
        # Behind all others, whatever happens: what cannot be read would else be first each time.
        awaited.ask_again(interaction_id, clock() + _PAUSE)
        try:
            again = ask(services, interaction_id, clock())
        except CarrierError as error:
            about = {"board": services.board.name, "interaction": interaction_id}
            pass_over_refusal(services.store, error, "outcome not known", **about)
        else:
            if again is None:
                awaited.forget(interaction_id)
            else:
                awaited.ask_again(interaction_id, again)
        asked += 1
    return asked


def _ask_text(services: Services, message_id: str, now: float) -> float | None:
    """Raises CarrierError where the carrier may answer later."""
    message = services.store.messages.read(message_id)
    if message is None or message.status.is_final or not message.carrier_sid:
        return None
    try:
        report = services.carrier.messages.fetch_report(message.carrier_sid)
    except CarrierError as error:
        if error.retryable:
            raise
        if not _is_unknown(services, message.number, error):
            log.warning("text's outcome not told", message=message_id, code=error.code)
            return _again_after(message, now)
        if message.status is MessageStatus.SENT:
            return None  # it had left, and that is the carrier's last word
        report = MessageStatusReport(
            message_sid=message.carrier_sid, status="failed", error_code=error.code
        )
    log.info("text's outcome asked", message=message_id, status=report.status)
    record_message_status(services, message_id, message.attempt, report, now=now)
    if report.status == MessageStatus.SENT:
        # Where nobody reports deliveries, that is the best that is heard of the number.
        services.store.numbers.trust_texts(
            message.number, pool_of(message_id), sent_at=message.attempted_at
        )
    return _again_after(message, now)


def _is_unknown(services: Services, virtual_number: str, error: CarrierError) -> bool:
    """Whether the carrier has no record of what was sent or called by this number. Another
    account's word says nothing of that."""
    if error.code != NOT_FOUND:
        return False
    number = services.store.numbers.get(virtual_number)
    return number is None or is_of_this_account(services, number.account)


def _again_after(message: Message, now: float) -> float | None:
    again = now + _PATIENCE * (now - message.attempted_at)
    return again if again <= message.attempted_at + DAY else None


def _ask_call(services: Services, call_id: str, now: float) -> float | None:
    """Raises CarrierError where the carrier may answer later."""
    call = services.store.calls.get(call_id)
    if call is None or call.status.is_final:
        return None
    try:
        outcome = services.carrier.calls.find_outcome(call.sid)
    except CarrierError as error:
        is_unknown = _is_unknown(services, call.virtual_number, error)
        if error.retryable or not (is_unknown or now > call.started_at + DAY):
            raise
        outcome = None  # it is past its lease: whoever is gone, it is over
    if outcome is not None and not outcome.is_over:
        return now + _PAUSE
    log.info("call's outcome asked", call=call_id)
    record_call_outcome(services, call_id, outcome, now=now)
    return None
