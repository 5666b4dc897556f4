"""Calls: verify, parse, decide, answer.

Every genuine request gets 200 with TwiML, whatever happens inside: an error page would be read to
the caller, or be silence.
"""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from relay.carrier.twiml import VoiceDocuments, empty_voice_document
from relay.carrier.webhooks import (
    UnreadableWebhook,
    read_call_ended,
    read_code_entry,
    read_dial_report,
    read_inbound_call,
    read_key_press,
    read_leg_report,
)
from relay.domain.errors import Forbidden, Unavailable
from relay.domain.routing import Decline, HangUp, Refusal
from relay.metrics import CALLS, WEBHOOK_ERRORS, WEBHOOK_SECONDS, WebhookError
from relay.web.auth import signed
from relay.web.current import board, deployment, now, services, web_deployment
from relay.web.problems import http_problem, relay_problem
from relay.web.signed import follow_number, is_signed, require_signature, signed_fields
from relay.workflows.connect_call import connect_call, take_code
from relay.workflows.record_call_progress import (
    record_call_end,
    record_dial,
    record_leg,
    tell_without_record,
)
from relay.workflows.screen_call import ask_human, take_answer

log = structlog.get_logger()

voice = Blueprint("voice", __name__, url_prefix="/twilio")
require_signature(voice)

_SECONDS = WEBHOOK_SECONDS.labels("voice")


@voice.post("/voice")
@signed
def answer_call() -> Response:
    """A call on a virtual number."""
    with _SECONDS.time():
        call = read_inbound_call(signed_fields())
        answered = follow_number(lambda: connect_call(services(), call, now=now()))
        return _twiml(
            _documents().call(answered.decision, call_id=answered.id, virtual_number=call.called)
        )


@voice.post("/<board>/calls/<call_id>/code/<attempt>")
@signed
def enter_code(call_id: str, attempt: str) -> Response:
    """The caller has entered an access code."""
    entry = read_code_entry(signed_fields())
    answered = take_code(
        services(), call_id, entry.call, code=entry.digits, attempt=attempt, now=now()
    )
    return _twiml(
        _documents().call(answered.decision, call_id=answered.id, virtual_number=entry.call.called)
    )


@voice.post("/<board>/calls/<call_id>/screen")
@signed
def screen(call_id: str) -> Response:
    """The counterpart has picked up: the guard asks."""
    leg = read_key_press(signed_fields())
    decision = ask_human(services(), call_id, leg, now=now())
    return _twiml(_documents().screen(decision, call_id=call_id))


@voice.post("/<board>/calls/<call_id>/screen/answer/<turn>")
@signed
def screen_answer(call_id: str, turn: str) -> Response:
    """The counterpart has pressed a key, or spoken, after the ``turn``-th question."""
    leg = read_key_press(signed_fields())
    decision = take_answer(services(), call_id, leg, turn=turn, now=now())
    return _twiml(_documents().screen(decision, call_id=call_id))


@voice.post("/<board>/calls/<call_id>/dialled")
@signed
def dialled(call_id: str) -> Response:
    """The Dial is over: the caller is told how, instead of silence."""
    report = read_dial_report(signed_fields())
    return _twiml(_documents().dialled(record_dial(services(), call_id, report, now=now())))


@voice.post("/<board>/calls/<call_id>/leg")
@signed
def leg_progress(call_id: str) -> Response:
    """Progress of the counterpart's leg."""
    record_leg(services(), call_id, read_leg_report(signed_fields()), now=now())
    return _twiml(empty_voice_document())


@voice.post("/calls/ended")
@signed
def call_ended() -> Response:
    """A call on one of our numbers is over, however it went."""
    report = read_call_ended(signed_fields())
    follow_number(lambda: record_call_end(services(), report, now=now()))
    return _twiml(empty_voice_document())


@voice.errorhandler(Exception)
def _stay_polite(error: Exception) -> Response:
    """Redis away, or a mistake of ours: the caller hears a sentence, the counterpart's leg ends."""
    if isinstance(error, Forbidden):
        return relay_problem(error)
    if isinstance(error, HTTPException):
        return http_problem(error)
    log.error("voice webhook failed", endpoint=request.endpoint, error=type(error).__qualname__)
    WEBHOOK_ERRORS.labels(request.endpoint, _kind_of(error)).inc()
    match request.endpoint:
        case "voice.answer_call" | "voice.enter_code":
            CALLS.labels(Refusal.TRY_LATER).inc()
            apology = Decline(refusal=Refusal.TRY_LATER)
            return _twiml(_documents().call(apology, call_id="", virtual_number=""))
        case "voice.dialled" if is_signed() and not isinstance(error, UnreadableWebhook):
            report = read_dial_report(signed_fields())
            return _twiml(_documents().dialled(tell_without_record(report)))
        case "voice.screen" | "voice.screen_answer" | "voice.dialled":
            return _twiml(_documents().dialled(HangUp()))
        case _:
            return _twiml(empty_voice_document())


def _kind_of(error: Exception) -> WebhookError:
    match error:
        case Unavailable():
            return WebhookError.UNAVAILABLE
        case UnreadableWebhook():
            return WebhookError.UNREADABLE
        case _:
            return WebhookError.MISTAKE


def _documents() -> VoiceDocuments:
    """In the words of the request's board; of ``main`` while boards are not known."""
    return (board() if is_signed() else web_deployment().board(deployment().main)).documents


def _twiml(document: str) -> Response:
    return Response(document, mimetype="text/xml")
