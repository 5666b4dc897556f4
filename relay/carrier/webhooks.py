"""The carrier's forms as typed values (TW-call-form, TW-leg-reports, TW-text-form).

Fields that hold a real number or a text never show in a repr, so that no log line can leak them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.carrier.codes import trouble_of
from relay.domain.opt_out import OptOut
from relay.domain.phone import read_caller
from relay.domain.routing import FAILED_ATTESTATION
from relay.domain.trouble import Trouble

_WHOLE = re.compile("[0-9]{1,9}")
_SID = re.compile(r"[A-Z]{2}[0-9a-zA-Z]{32}")
#: What OptOutType says.
_OPT_OUTS = {word.value: word for word in (OptOut.STOP, OptOut.START, OptOut.HELP)}
_ATTESTATION = re.compile(r"TN-Validation-(?:Passed-([ABC])|Failed)")

Fields = Mapping[str, str]


class UnreadableWebhook(ValueError):
    """A signed request that lacks what every such request has."""


@dataclass(frozen=True, kw_only=True)
class InboundCall:
    """A call has come in. ``attestation`` is A, B or C of a passed STIR check, ``failed``, or ""
    where the networks say nothing (TW-call-form)."""

    call_sid: str
    caller: str = field(repr=False)
    called: str
    attestation: str = ""


@dataclass(frozen=True)
class CodeEntry:
    """What a caller keyed when asked for an access code, without the key that ends it."""

    call: InboundCall
    digits: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class KeyPress:
    """What somebody keyed in a Gather, "" for nothing; or that somebody spoke. Their words are
    dropped here: nobody has to know them. The leg's call has a parent."""

    call_sid: str
    parent_call_sid: str
    digits: str
    is_speech: bool = False


@dataclass(frozen=True, kw_only=True)
class DialReport:
    """How a Dial ended: connected only when ``bridged``, whatever the status says."""

    call_sid: str
    dial_status: str
    bridged: bool
    duration: int | None
    leg_sid: str


@dataclass(frozen=True, kw_only=True)
class LegReport:
    """Progress of the counterpart's leg; such reports come in any order."""

    call_sid: str
    parent_call_sid: str
    status: str
    duration: int | None


@dataclass(frozen=True, kw_only=True)
class CallEnded:
    """A number's own status callback: the call is over."""

    call_sid: str
    called: str
    status: str
    duration: int | None


@dataclass(frozen=True, kw_only=True)
class InboundText:
    """A text has come in, by webhook or from the carrier's list. ``opt_out``: what the carrier has
    taken it for, or None where it does not say: that takes Advanced Opt-Out on a messaging service,
    and its list never does (TW-stop)."""

    message_sid: str
    sender: str = field(repr=False)
    virtual_number: str
    body: str = field(repr=False)
    media: int = 0
    segments: int = 1
    opt_out: OptOut | None = None


@dataclass(frozen=True, kw_only=True)
class MessageStatusReport:
    """Progress of a text of ours. ``error_code`` is 0 when there is none."""

    message_sid: str
    status: str
    error_code: int = 0

    @property
    def trouble(self) -> Trouble | None:
        return trouble_of(self.error_code) if self.error_code else None


def read_inbound_call(fields: Fields) -> InboundCall:
    checked = _ATTESTATION.match(fields.get("StirVerstat", ""))
    called = fields.get("To", "")
    return InboundCall(
        call_sid=_sid(fields, "CallSid"),
        caller=read_caller(fields.get("From", ""), called),
        called=called,
        attestation=(checked.group(1) or FAILED_ATTESTATION) if checked else "",
    )


def read_code_entry(fields: Fields) -> CodeEntry:
    return CodeEntry(read_inbound_call(fields), digits=fields.get("Digits", ""))


def read_key_press(fields: Fields) -> KeyPress:
    return KeyPress(
        call_sid=_sid(fields, "CallSid"),
        parent_call_sid=fields.get("ParentCallSid", ""),
        digits=fields.get("Digits", ""),
        is_speech="SpeechResult" in fields,
    )


def read_dial_report(fields: Fields) -> DialReport:
    return DialReport(
        call_sid=_sid(fields, "CallSid"),
        dial_status=fields.get("DialCallStatus", ""),
        bridged=fields.get("DialBridged", "") == "true",
        duration=_whole(fields, "DialCallDuration"),
        leg_sid=fields.get("DialCallSid", ""),
    )


def read_leg_report(fields: Fields) -> LegReport:
    return LegReport(
        call_sid=_sid(fields, "CallSid"),
        parent_call_sid=fields.get("ParentCallSid", ""),
        status=fields.get("CallStatus", ""),
        duration=_whole(fields, "CallDuration"),
    )


def read_call_ended(fields: Fields) -> CallEnded:
    return CallEnded(
        call_sid=_sid(fields, "CallSid"),
        called=fields.get("To", ""),
        status=fields.get("CallStatus", ""),
        duration=_whole(fields, "CallDuration"),
    )


def read_inbound_text(fields: Fields) -> InboundText:
    virtual_number = fields.get("To", "")
    return InboundText(
        message_sid=_sid(fields, "MessageSid"),
        sender=read_caller(fields.get("From", ""), virtual_number),
        virtual_number=virtual_number,
        body=fields.get("Body", ""),
        media=_whole(fields, "NumMedia") or 0,
        segments=_whole(fields, "NumSegments") or 1,
        opt_out=_OPT_OUTS.get(fields.get("OptOutType", "")),
    )


def read_message_status(fields: Fields) -> MessageStatusReport:
    return MessageStatusReport(
        message_sid=_sid(fields, "MessageSid"),
        status=fields.get("MessageStatus", ""),
        error_code=_whole(fields, "ErrorCode") or 0,
    )


def _sid(fields: Fields, name: str) -> str:
    sid = fields.get(name, "")
    if not _SID.fullmatch(sid):
        raise UnreadableWebhook(f"{name} is missing or no SID")
    return sid


def _whole(fields: Fields, name: str) -> int | None:
    """None for what is no number, or too long a one to count anything."""
    text = fields.get(name, "")
    return int(text) if _WHOLE.fullmatch(text) else None
