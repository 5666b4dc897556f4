"""The form of a call's webhooks (TW-call-form)."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Literal
from urllib.parse import quote

from relay.sandbox.calls.leg import Leg
from relay.sandbox.clock import Clock
from relay.sandbox.geography import geography
from relay.sandbox.records import Call, OwnedNumber

CALL_TOKEN = quote('{"parentCallInfoToken":"eyJhbGciOiJFUzI1NiJ9","identityHeaderTokens":[]}')
ProgressEvent = Literal["initiated", "ringing", "answered", "completed"]


def call_parameters(call: Call, status: str) -> dict[str, str]:
    parameters = {
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "From": call.from_,
        "To": call.to,
        "Caller": call.from_,
        "Called": call.to,
        "CallStatus": status,
        "ApiVersion": "2010-04-01",
        "Direction": call.direction,
        # "New parameters may be added without notice."
        "AddedWithoutNotice": "",
    }
    for role, number in (("From", call.from_), ("To", call.to)):
        parameters |= geography(role, number)
    for role, number in (("Caller", call.from_), ("Called", call.to)):
        parameters |= geography(role, number)
    optional = {
        "ParentCallSid": call.parent_sid,
        "ForwardedFrom": call.forwarded_from,
        "StirVerstat": call.verstat,
    }
    parameters |= {name: value for name, value in optional.items() if value is not None}
    return parameters


def document_parameters(leg: Leg, method: str, number: OwnedNumber | None) -> dict[str, str]:
    """For a request whose answer is TwiML. The first of an inbound call finds it ringing."""
    call = leg.record
    status = call.status if call.is_final else "in-progress"
    if call.direction == "inbound" and leg.requests == 0:
        status = "ringing"
    parameters = call_parameters(call, status)
    if call.direction == "inbound" and method == "POST":
        parameters["CallToken"] = CALL_TOKEN
    if number is not None and number.voice_caller_id_lookup:
        parameters["CallerName"] = "WIRELESS CALLER"
    return parameters


def progress_parameters(
    call: Call, status: str, sequence: int, clock: Clock, *, is_final: bool
) -> dict[str, str]:
    parameters = {
        **call_parameters(call, status),
        "Timestamp": format_datetime(clock.now()),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(sequence),
    }
    if call.direction != "inbound":
        parameters["StirStatus"] = "A"
    if is_final:
        parameters["CallDuration"] = str(call.duration or 0)
    return parameters


def ended_parameters(call: Call, clock: Clock) -> dict[str, str]:
    """For the number's own StatusCallback, once, when the call is over."""
    minutes = -(-(call.duration or 0) // 60)
    return {
        **progress_parameters(call, call.status, 0, clock, is_final=True),
        "Duration": str(minutes),
    }
