"""TwiML is read to the letter and performed verb by verb."""

from __future__ import annotations

import pytest
from flask import Response

from relay.sandbox import Phone, SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from tests.sandbox.conftest import VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay, in_turn, plain, status, twiml

pytestmark = pytest.mark.usefixtures("number")

SORRY = "We are sorry, an application error has occurred. Goodbye."


@pytest.mark.parametrize(
    ("verbs", "code"),
    [
        ("<say>lower case</say>", 12200),
        ("<Shout>Hey</Shout>", 12200),
        ('<Say tone="kind">Hey</Say>', 12200),
        ('<Dial callerid="+14155550192">+12125550102</Dial>', 12200),
        ('<Dial timeout="soon">+12125550102</Dial>', 12200),
        ("<Dial><Say>Hey</Say></Dial>", 12200),
        ("<Gather><Dial>+12125550102</Dial></Gather>", 12200),
        ("loose words", 12200),
        ('<Reject reason="bored"/>', 12200),
        ("<Say>unclosed", 12100),
        ("<Say>Q&A</Say>", 12100),
        (f"<Say>{'long ' * 1000}</Say>", 13520),
    ],
)
def test_a_document_with_a_flaw_ends_the_call_with_an_apology(
    alice: Phone, relay: StandInRelay, verbs: str, code: int
) -> None:
    relay.answers["/voice"] = verbs
    trace = alice.call(VIRTUAL).wait()
    assert trace.errors == [code]
    assert trace.heard_by_caller == [SORRY]
    assert trace.status == "completed"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response("<Answer/>", content_type="text/xml"), 12100),
        (Response("", content_type="text/xml"), 12100),
        (Response('{"a": 1}', content_type="application/json"), 12300),
        (status(404), 11200),
        (Response(status=204), 12100),
        (status(503), 11200),
        (Response("x" * 70_000, content_type="text/xml"), 11750),
    ],
)
def test_an_answer_that_is_no_document_ends_the_call(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier, answer: Response, code: int
) -> None:
    relay.answers["/voice"] = answer
    assert alice.call(VIRTUAL).wait().errors == [code]
    assert code in carrier.webhook_log[0].errors


def test_a_server_that_is_down_is_11205(alice: Phone, relay: StandInRelay) -> None:
    relay.stop()
    trace = alice.call(VIRTUAL).wait()
    assert (trace.errors, trace.heard_by_caller) == ([11205], [SORRY])
    relay._server.server_close()


def test_a_fallback_takes_over_and_is_told_why(
    alice: Phone, relay: StandInRelay, number: OwnedNumber
) -> None:
    relay.answers["/voice"] = status(500)
    relay.answers["/fallback"] = "<Say>Please try again later.</Say>"
    number.voice_fallback_url = relay.url("/fallback")
    trace = alice.call(VIRTUAL).wait()

    assert trace.heard_by_caller == ["Please try again later."]
    told = relay.to("/fallback")[0].form
    assert (told["ErrorCode"], told["ErrorUrl"]) == ("11200", relay.url("/voice"))


def test_a_fallback_that_fails_too_is_the_end(
    alice: Phone, relay: StandInRelay, number: OwnedNumber
) -> None:
    relay.answers["/voice"] = relay.answers["/fallback"] = status(500)
    number.voice_fallback_url = relay.url("/fallback")
    assert alice.call(VIRTUAL).wait().errors == [11200, 11200]


def test_a_fallback_is_there_for_every_document(
    alice: Phone, relay: StandInRelay, number: OwnedNumber
) -> None:
    relay.answers["/fallback"] = in_turn("<Redirect>/lost</Redirect>", "<Say>Bye</Say>")
    relay.answers["/voice"] = relay.answers["/lost"] = status(500)
    number.voice_fallback_url = relay.url("/fallback")
    trace = alice.call(VIRTUAL).wait()
    assert (trace.errors, trace.heard_by_caller) == ([11200, 11200], ["Bye"])
    assert relay.to("/fallback")[1].form["ErrorUrl"] == relay.url("/lost")


def test_comments_and_declarations_are_fine(alice: Phone, relay: StandInRelay) -> None:
    xml = '<?xml version="1.0" encoding="UTF-8"?><Response><!-- hi --><Say>Hé</Say></Response>'
    relay.answers["/voice"] = Response(xml, content_type="application/xml")
    assert alice.call(VIRTUAL).wait().heard_by_caller == ["Hé"]


def test_plain_text_is_read_out(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = plain("Internal secrets")
    assert alice.call(VIRTUAL).wait().heard_by_caller == ["Internal secrets"]


def test_a_sound_is_played(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = "<Play>/hello.mp3</Play>"
    heard = alice.call(VIRTUAL).wait().heard_by_caller
    assert heard == [f"[sound {relay.url('/hello.mp3')}]"]


def test_an_empty_document_answers_and_hangs_up(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = ""
    trace = alice.call(VIRTUAL).wait()
    assert (trace.status, trace.answered) == ("completed", True)


@pytest.mark.parametrize(
    ("verb", "outcome"),
    [
        ("<Reject/>", ("rejected", "no-answer")),
        ('<Reject reason="busy"/>', ("busy", "busy")),
    ],
)
def test_a_rejected_call_is_never_answered(
    alice: Phone,
    relay: StandInRelay,
    carrier: SimulatedCarrier,
    verb: str,
    outcome: tuple[str, str],
) -> None:
    relay.answers["/voice"] = verb + "<Say>Unreachable</Say>"
    trace = alice.call(VIRTUAL).wait()
    assert (trace.answered, trace.heard_by_caller) == (False, [])
    assert (trace.status, carrier.calls()[0].status) == outcome


def test_a_reject_after_words_is_too_late(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = "<Say>Sorry.</Say><Reject/>"
    assert alice.call(VIRTUAL).wait().status == "completed"


def test_a_pause_first_lets_the_phone_ring_on(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = '<Pause length="4"/><Reject/>'
    assert not alice.call(VIRTUAL).wait().answered


def test_a_redirect_leaves_the_rest_behind(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = '<Redirect method="GET">next?step=2</Redirect><Say>Never</Say>'
    relay.answers["/next"] = "<Say>There</Say>"
    assert alice.call(VIRTUAL).wait().heard_by_caller == ["There"]
    asked = relay.to("/next")[0]
    assert (asked.method, asked.is_genuine, asked.query["step"]) == ("GET", True, "2")
    assert asked.query["CallStatus"] == "in-progress"


def test_a_document_that_leads_to_itself_ends_somewhere(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = "<Redirect>/voice</Redirect>"
    assert alice.call(VIRTUAL).wait().errors == [11215]
    assert len(relay.to("/voice")) == 50


def test_pressed_keys_go_to_the_action(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = (
        '<Gather numDigits="6" action="/code"><Say>Your code?</Say></Gather><Say>Silence</Say>'
    )
    relay.answers["/code"] = "<Say>Thank you.</Say>"
    trace = alice.call(VIRTUAL, digits="482913").wait()
    assert relay.to("/code")[0].form["Digits"] == "482913"
    assert trace.heard_by_caller == ["Your code?", "Thank you."]


def test_each_gather_takes_one_burst_of_digits(alice: Phone, relay: StandInRelay) -> None:
    again = '<Gather finishOnKey="#" action="/code"/>'
    relay.answers["/voice"] = again
    relay.answers["/code"] = in_turn(again, "<Hangup/>")
    alice.call(VIRTUAL, digits="111111,482913#").wait()
    assert [seen.form["Digits"] for seen in relay.to("/code")] == ["111111", "482913"]
    assert relay.to("/code")[1].form["FinishedOnKey"] == "#"


@pytest.mark.parametrize("dialled", [f"tel:{VIRTUAL},,482913", f"{VIRTUAL},,482913"])
def test_keys_dialled_with_the_number_end_the_question(
    alice: Phone, relay: StandInRelay, dialled: str
) -> None:
    relay.answers["/voice"] = (
        f'<Gather numDigits="6" action="/code"><Say>{"Please enter it. " * 20}</Say>'
        "<Say>Well?</Say></Gather>"
    )
    relay.answers["/code"] = "<Say>Thank you.</Say>"
    trace = alice.call(dialled).wait()
    assert relay.to("/code")[0].form["Digits"] == "482913"
    assert trace.dialled_number == VIRTUAL
    assert trace.heard_by_caller == [("Please enter it. " * 20).strip(), "Thank you."]
    assert trace.duration is not None
    assert 5 < trace.duration < 8


def test_keys_sent_while_nobody_listens_are_lost(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = (
        '<Say>Hello.</Say><Pause length="6"/><Gather numDigits="6" action="/code"/><Say>Bye.</Say>'
    )
    assert alice.call(f"{VIRTUAL},,482913").wait().heard_by_caller == ["Hello.", "Bye."]
    alice.call(f"{VIRTUAL},,,,482913").wait()
    assert [seen.form["Digits"] for seen in relay.to("/code")] == ["482913"]


def test_fewer_keys_than_asked_for_wait_for_more(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = '<Gather numDigits="8" action="/code" timeout="3"/>'
    relay.answers["/code"] = "<Hangup/>"
    for dialled in (f"{VIRTUAL},482913", f"{VIRTUAL},482913#99", f"{VIRTUAL},482913,,9"):
        alice.call(dialled).wait()
    digits = [seen.form["Digits"] for seen in relay.to("/code")]
    assert digits == ["482913", "482913", "482913"]


def test_a_key_too_late_is_for_the_next_question(alice: Phone, relay: StandInRelay) -> None:
    again = '<Gather numDigits="1" action="/code" timeout="3"/>'
    relay.answers["/voice"] = again + again
    relay.answers["/code"] = "<Hangup/>"
    alice.call(f"{VIRTUAL},,5").wait()
    assert relay.to("/code")[0].form["Digits"] == "5"


def test_typed_digits_come_after_those_that_were_dialled(alice: Phone, relay: StandInRelay) -> None:
    again = '<Gather numDigits="6" action="/code"/>'
    relay.answers["/voice"] = again
    relay.answers["/code"] = in_turn(again, "<Hangup/>")
    alice.call(f"{VIRTUAL},,111111", digits="482913").wait()
    assert [seen.form["Digits"] for seen in relay.to("/code")] == ["111111", "482913"]


def test_a_link_that_no_iphone_dials_is_refused(alice: Phone) -> None:
    with pytest.raises(ValueError, match="no iPhone"):
        alice.call(f"tel:{VIRTUAL},,482913#")


def test_silence_falls_through_to_the_next_verb(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = '<Gather action="/code" timeout="7"/><Say>Bye</Say>'
    trace = alice.call(VIRTUAL).wait()
    assert relay.to("/code") == []
    assert trace.heard_by_caller == ["Bye"]
    assert trace.duration == 8


def test_silence_can_be_asked_for(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = '<Gather action="/code" actionOnEmptyResult="true"/>'
    alice.call(VIRTUAL).wait()
    assert relay.to("/code")[0].form["Digits"] == ""


def test_a_gather_without_action_asks_its_own_document(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = in_turn("<Gather/>", "<Hangup/>")
    alice.call(VIRTUAL, digits="5").wait()
    assert [seen.form.get("Digits") for seen in relay.to("/voice")] == [None, "5"]


def test_a_recording_without_action_loops_as_documented(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = in_turn(twiml("<Record/>"), twiml("<Hangup/>"))
    alice.call(VIRTUAL).wait()
    assert "RecordingUrl" in relay.to("/voice")[1].form


def test_every_documented_parameter_is_sent(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = "<Gather/>"
    alice.call(VIRTUAL).wait()
    form = relay.to("/voice")[0].form
    assert form["CallStatus"] == "ringing"
    assert (form["Caller"], form["Called"]) == (form["From"], form["To"])
    assert (form["Direction"], form["ApiVersion"]) == ("inbound", "2010-04-01")
    for role in ("From", "To", "Caller", "Called"):
        assert form[f"{role}City"] == form[f"{role}State"] == form[f"{role}Zip"] == ""
        assert form[f"{role}Country"] == "US"
    assert {"CallToken", "StirVerstat", "AddedWithoutNotice"} <= set(form)


def test_forwarding_and_attestation_are_told_if_known(alice: Phone, relay: StandInRelay) -> None:
    alice.call(VIRTUAL, forwarded_from="+12125550138", verstat=None).wait()
    form = relay.to("/voice")[0].form
    assert form["ForwardedFrom"] == "+12125550138"
    assert "StirVerstat" not in form
    alice.call(VIRTUAL).wait()
    form = relay.to("/voice")[1].form
    assert form["StirVerstat"] == "TN-Validation-Passed-A"
    assert "ForwardedFrom" not in form


def test_a_call_token_comes_only_by_post(
    alice: Phone, relay: StandInRelay, number: OwnedNumber
) -> None:
    number.voice_method = "GET"
    alice.call(VIRTUAL).wait()
    asked = relay.to("/voice")[0]
    assert (asked.method, asked.is_genuine) == ("GET", True)
    assert "CallToken" not in asked.query


def test_cookies_are_kept_through_a_call(alice: Phone, relay: StandInRelay) -> None:
    first = twiml("<Redirect>/next</Redirect>")
    first.set_cookie("session", "abc")
    relay.answers["/voice"] = first
    alice.call(VIRTUAL).wait()
    assert relay.to("/next")[0].headers["Cookie"] == "session=abc"


def test_the_end_of_a_call_is_told_once(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    relay.answers["/voice"] = '<Say>Hi</Say><Pause length="70"/>'
    trace = alice.call(VIRTUAL).wait()
    carrier.settle()
    (told,) = relay.to("/ended")
    assert told.form["CallSid"] == trace.call_sid
    assert (told.form["CallStatus"], told.form["CallDuration"]) == ("completed", "71")
    assert told.form["Duration"] == "2"


def test_every_document_is_kept_for_the_contract_check(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    relay.answers["/voice"] = "<Say>Hi</Say>"
    alice.call(VIRTUAL).wait()
    (document,) = carrier.twiml_documents
    assert document == ("voice", relay.url("/voice"), "<Response><Say>Hi</Say></Response>")
