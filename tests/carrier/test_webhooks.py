from __future__ import annotations

import pytest

from relay.carrier import webhooks
from relay.carrier.webhooks import (
    CallEnded,
    CodeEntry,
    DialReport,
    InboundCall,
    InboundText,
    KeyPress,
    LegReport,
    MessageStatusReport,
    UnreadableWebhook,
)
from relay.domain.opt_out import OptOut

CALL = "CA" + "1" * 32
LEG = "CA" + "2" * 32
TEXT = "SM" + "3" * 32


@pytest.mark.parametrize(
    ("verstat", "attestation"),
    [
        ("TN-Validation-Passed-A", "A"),
        ("TN-Validation-Passed-C-Diverted", "C"),
        ("TN-Validation-Failed-A", "failed"),
        ("No-TN-Validation", ""),
        ("", ""),
    ],
)
def test_an_inbound_call_with_its_attestation(verstat: str, attestation: str) -> None:
    call = webhooks.read_inbound_call(
        {"CallSid": CALL, "From": "+12125550101", "To": "+14155550192", "StirVerstat": verstat}
    )
    assert (call.call_sid, call.caller, call.called) == (CALL, "+12125550101", "+14155550192")
    assert call.attestation == attestation


def test_who_calls_or_writes_and_what_shows_in_no_repr() -> None:
    """P2"""
    fields = {"CallSid": CALL, "MessageSid": TEXT, "From": "+12125550101", "Body": "secret"}
    shown = repr(webhooks.read_inbound_call(fields)) + repr(webhooks.read_inbound_text(fields))
    assert "2125550101" not in shown
    assert "secret" not in shown


def test_that_somebody_spoke_is_read_and_what_they_said_is_not() -> None:
    """P2"""
    fields = {"CallSid": LEG, "ParentCallSid": CALL, "SpeechResult": "hello", "Confidence": "0.9"}
    assert webhooks.read_key_press(fields) == KeyPress(
        call_sid=LEG, parent_call_sid=CALL, digits="", is_speech=True
    )
    assert not webhooks.read_key_press({"CallSid": LEG, "Digits": "1"}).is_speech


def test_a_text_with_what_may_be_missing() -> None:
    text = webhooks.read_inbound_text({"MessageSid": TEXT})
    assert (text.sender, text.body, text.media, text.segments) == ("", "", 0, 1)
    text = webhooks.read_inbound_text(
        {"MessageSid": TEXT, "Body": " ok ", "NumMedia": "2", "NumSegments": "3"}
    )
    assert (text.body, text.media, text.segments) == (" ok ", 2, 3)


@pytest.mark.parametrize(
    ("told", "read"),
    [("STOP", OptOut.STOP), ("HELP", OptOut.HELP), ("", None), ("NEITHER", None), ("PAUSE", None)],
)
def test_what_the_carrier_has_taken_a_text_for(told: str, read: OptOut | None) -> None:
    assert webhooks.read_inbound_text({"MessageSid": TEXT, "OptOutType": told}).opt_out is read


@pytest.mark.parametrize("number", ["9" * 10, "9" * 30, "9" * 5_000])
def test_a_number_too_long_to_be_one_is_none(number: str) -> None:
    fields = {"MessageSid": TEXT, "CallSid": CALL, "DialCallStatus": "completed"}
    text = webhooks.read_inbound_text(fields | {"NumMedia": number, "NumSegments": number})
    assert (text.media, text.segments) == (0, 1)
    assert webhooks.read_message_status(fields | {"ErrorCode": number}).error_code == 0
    assert webhooks.read_dial_report(fields | {"DialCallDuration": number}).duration is None
    assert webhooks.read_call_ended(fields | {"CallDuration": number}).duration is None


@pytest.mark.parametrize(("code", "read"), [("30003", 30003), ("", 0), ("x", 0), ("٣", 0)])
def test_a_status_report(code: str, read: int) -> None:
    report = webhooks.read_message_status(
        {"MessageSid": TEXT, "MessageStatus": "undelivered", "ErrorCode": code}
    )
    assert (report.message_sid, report.status, report.error_code) == (TEXT, "undelivered", read)


def test_a_dial_is_connected_only_when_bridged() -> None:
    fields = {"CallSid": CALL, "DialCallStatus": "completed", "DialCallSid": LEG}
    report = webhooks.read_dial_report(fields)
    assert (report.bridged, report.duration, report.leg_sid) == (False, None, LEG)
    report = webhooks.read_dial_report({**fields, "DialBridged": "true", "DialCallDuration": "7"})
    assert (report.bridged, report.duration, report.dial_status) == (True, 7, "completed")


def test_a_leg_a_key_and_a_call_s_end() -> None:
    fields = {
        "CallSid": LEG,
        "ParentCallSid": CALL,
        "CallStatus": "completed",
        "CallDuration": "61",
        "Digits": "1",
        "To": "+14155550192",
    }
    leg = webhooks.read_leg_report(fields)
    assert (leg.call_sid, leg.parent_call_sid, leg.status, leg.duration) == (
        LEG,
        CALL,
        "completed",
        61,
    )
    key = webhooks.read_key_press(fields)
    assert (key.parent_call_sid, key.digits) == (CALL, "1")
    ended = webhooks.read_call_ended(fields)
    assert (ended.called, ended.status, ended.duration) == ("+14155550192", "completed", 61)


@pytest.mark.parametrize("sid", ["", "SM1", "SM" + "3" * 31 + ".", "SM" + "3" * 33, TEXT + "\n"])
def test_what_has_no_sid_is_unreadable(sid: str) -> None:
    with pytest.raises(UnreadableWebhook, match="MessageSid"):
        webhooks.read_inbound_text({"MessageSid": sid})


def test_all_but_the_sid_may_be_missing_of_a_call() -> None:
    form = {"CallSid": CALL}
    call = InboundCall(call_sid=CALL, caller="", called="")
    assert webhooks.read_inbound_call(form) == call
    assert webhooks.read_code_entry(form) == CodeEntry(call, digits="")
    assert webhooks.read_key_press(form) == KeyPress(
        call_sid=CALL, parent_call_sid="", digits="", is_speech=False
    )
    assert webhooks.read_dial_report(form) == DialReport(
        call_sid=CALL, dial_status="", bridged=False, duration=None, leg_sid=""
    )
    assert webhooks.read_leg_report(form) == LegReport(
        call_sid=CALL, parent_call_sid="", status="", duration=None
    )
    assert webhooks.read_call_ended(form) == CallEnded(
        call_sid=CALL, called="", status="", duration=None
    )


def test_all_but_the_sid_may_be_missing_of_a_text() -> None:
    form = {"MessageSid": TEXT}
    assert webhooks.read_inbound_text(form) == InboundText(
        message_sid=TEXT, sender="", virtual_number="", body=""
    )
    report = webhooks.read_message_status(form)
    assert report == MessageStatusReport(message_sid=TEXT, status="", error_code=0)
    assert report.trouble is None


@pytest.mark.parametrize("sid", ["", LEG + "0"])
def test_no_form_of_a_call_is_read_without_its_sid(sid: str) -> None:
    for read in (
        webhooks.read_inbound_call,
        webhooks.read_code_entry,
        webhooks.read_key_press,
        webhooks.read_dial_report,
        webhooks.read_leg_report,
        webhooks.read_call_ended,
    ):
        with pytest.raises(UnreadableWebhook, match="CallSid"):
            read({"CallSid": sid, "MessageSid": TEXT})
    with pytest.raises(UnreadableWebhook, match="MessageSid"):
        webhooks.read_message_status({"CallSid": CALL})


def test_a_caller_without_a_plus_is_read_as_the_called_country_dials() -> None:
    form = {"CallSid": CALL, "MessageSid": TEXT, "From": "2125550101", "To": "+14155550192"}
    assert webhooks.read_inbound_call(form).caller == "+12125550101"
    text = webhooks.read_inbound_text(form)
    assert (text.sender, text.virtual_number) == ("+12125550101", "+14155550192")


def test_a_code_is_read_with_its_call() -> None:
    entry = webhooks.read_code_entry({"CallSid": CALL, "To": "+14155550192", "Digits": "482913"})
    assert (entry.call.called, entry.digits) == ("+14155550192", "482913")
