"""Texts to our number: what the webhook is told, and what its answer does."""

from __future__ import annotations

import pytest
from flask import Response

from relay.sandbox import Phone, SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from tests.sandbox.conftest import ALICE, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay, in_turn, plain, slowly, status, twiml

pytestmark = pytest.mark.usefixtures("number")


def test_every_documented_parameter_is_sent(alice: Phone, relay: StandInRelay) -> None:
    sent = alice.text(VIRTUAL, "Grüße 🙂  ").wait()
    (seen,) = relay.to("/texts")
    form = seen.form
    assert seen.is_genuine
    assert form["Body"] == "Grüße 🙂  "
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == sent.sid
    assert (form["From"], form["To"]) == (ALICE, VIRTUAL)
    assert (form["SmsStatus"], form["ApiVersion"]) == ("received", "2010-04-01")
    assert (form["NumMedia"], form["NumSegments"]) == ("0", "1")
    assert (form["FromCity"], form["FromCountry"], form["ToZip"]) == ("", "US", "")
    assert "AddedWithoutNotice" in form
    assert "OptOutType" not in form
    assert "MessagingServiceSid" not in form


def test_an_empty_body_is_a_text_too(alice: Phone, relay: StandInRelay) -> None:
    alice.text(VIRTUAL, "").wait()
    assert relay.to("/texts")[0].form["Body"] == ""
    assert relay.to("/texts")[0].is_genuine


def test_pictures_come_as_numbered_links(alice: Phone, relay: StandInRelay) -> None:
    alice.text(VIRTUAL, "look", media=["http://127.0.0.1/a.png", "http://127.0.0.1/b.vcf"]).wait()
    form = relay.to("/texts")[0].form
    assert form["MessageSid"].startswith("MM")
    assert form["NumMedia"] == "2"
    assert form["MediaContentType0"] == "image/png"
    assert f"/Messages/{form['MessageSid']}/Media/ME" in form["MediaUrl1"]


def test_a_message_in_the_answer_is_sent_back(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    relay.answers["/texts"] = '<Message statusCallback="/sent"> <Body>Got it</Body> </Message>'
    alice.text(VIRTUAL, "hello")
    (text,) = alice.wait_for_text()
    carrier.settle()

    assert (text.sender, text.body) == (VIRTUAL, "Got it")
    (reply,) = carrier.messages(to=ALICE)
    assert (reply.direction, reply.status) == ("outbound-reply", "delivered")
    assert [seen.form["MessageStatus"] for seen in relay.to("/sent")] == ["sent", "delivered"]


def test_plain_text_leaks_to_the_person(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/texts"] = plain("Traceback (most recent call last)")
    alice.text(VIRTUAL, "hello")
    assert alice.wait_for_text()[0].body == "Traceback (most recent call last)"


def test_plain_text_that_is_twiml_is_twiml(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/texts"] = plain("<Response><Message>Hi</Message></Response>")
    alice.text(VIRTUAL, "hello")
    assert alice.wait_for_text()[0].body == "Hi"


@pytest.mark.parametrize("answer", [status(204), Response("", content_type="text/html")])
def test_no_content_is_no_reply(alice: Phone, relay: StandInRelay, answer: Response) -> None:
    relay.answers["/texts"] = answer
    assert alice.text(VIRTUAL, "hello").wait().errors == []
    assert alice.stays_silent(0.05)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (status(503), 11200),
        (plain("{}", content_type="application/json"), 12300),
        (twiml("<Say>Hey</Say>"), 12200),
        (twiml("<Message>unclosed"), 12100),
        (twiml("<Message>x</Message>" * 11), 14109),
        (twiml("<Redirect>/texts</Redirect>"), 14106),
    ],
)
def test_a_bad_answer_is_noted_and_the_text_kept(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier, answer: Response, code: int
) -> None:
    relay.answers["/texts"] = answer
    sent = alice.text(VIRTUAL, "hello").wait()
    assert sent.errors == [code]
    assert [message.body for message in carrier.messages(from_=ALICE)] == ["hello"]


def test_a_fallback_gets_the_text_and_the_reason(
    alice: Phone, relay: StandInRelay, number: OwnedNumber
) -> None:
    relay.answers["/texts"] = status(500)
    number.sms_fallback_url = relay.url("/spare")
    alice.text(VIRTUAL, "hello").wait()
    form = relay.to("/spare")[0].form
    assert (form["Body"], form["ErrorCode"]) == ("hello", "11200")
    assert form["ErrorUrl"] == relay.url("/texts")


def test_texts_are_kept_while_the_relay_is_away(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier, number: OwnedNumber
) -> None:
    number.sms_url = "http://127.0.0.1:9/texts"
    sent = [alice.text(VIRTUAL, word).wait() for word in ("one", "two")]
    assert [text.errors for text in sent] == [[11205], [11205]]
    kept = carrier.messages(to=VIRTUAL)
    assert [(m.body, m.direction, m.status) for m in kept] == [
        ("one", "inbound", "received"),
        ("two", "inbound", "received"),
    ]


def test_a_503_is_retried_as_the_fragment_asks_with_the_same_token(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier, number: OwnedNumber
) -> None:
    number.sms_url = relay.url("/texts#rc=3&rp=5xx,ct,rt")
    relay.answers["/texts"] = in_turn(status(503), status(503), twiml(""))
    sent = alice.text(VIRTUAL, "hello").wait()

    assert sent.errors == []
    assert sent.delivery is not None
    assert sent.delivery.attempts == 3
    assert len({seen.token for seen in relay.to("/texts")}) == 1
    assert all(seen.is_genuine for seen in relay.to("/texts"))
    assert len(carrier.webhook_log) == 1


def test_by_default_a_503_is_not_retried(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/texts"] = status(503)
    alice.text(VIRTUAL, "hello").wait()
    assert len(relay.to("/texts")) == 1


def test_a_slow_answer_is_retried_after_a_read_timeout(
    alice: Phone, relay: StandInRelay, number: OwnedNumber
) -> None:
    number.sms_url = relay.url("/texts#rt=100&rc=1&rp=rt")
    relay.answers["/texts"] = slowly(0.3, "")
    sent = alice.text(VIRTUAL, "hello").wait()
    assert sent.errors == [11200]
    assert len(relay.to("/texts")) == 2


def test_cookies_are_kept_for_a_pair_of_numbers(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    def count(seen: object) -> Response:
        answer = twiml("")
        answer.set_cookie("seen", "1")
        return answer

    relay.answers["/texts"] = count
    for phone in (alice, alice, bob):
        phone.text(VIRTUAL, "hello").wait()
    cookies = [seen.headers.get("Cookie") for seen in relay.to("/texts")]
    assert cookies == [None, "seen=1", None]


def test_what_looks_machine_made_calls_no_webhook(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.messages.judge_machine_made(ALICE)
    assert alice.text(VIRTUAL, "beep").wait().errors == [30039]
    assert relay.to("/texts") == []
    assert carrier.messages(to=VIRTUAL)[0].error_code == 30039


def test_a_service_webhook_goes_before_the_numbers(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier, number: OwnedNumber
) -> None:
    service = carrier.add_service(
        numbers=(number,),
        inbound_request_url=relay.url("/service"),
        use_inbound_webhook_on_number=False,
    )
    alice.text(VIRTUAL, "hello").wait()
    assert relay.to("/service")[0].form["MessagingServiceSid"] == service.sid

    service.use_inbound_webhook_on_number = True
    alice.text(VIRTUAL, "hello").wait()
    assert len(relay.to("/texts")) == 1


def test_a_service_as_twilio_makes_it_drops_texts_and_logs_none(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier, number: OwnedNumber
) -> None:
    """TW-service: until it has a URL or defers to its numbers."""
    service = carrier.add_service(numbers=(number,))
    assert alice.text(VIRTUAL, "lost").wait().sid is None
    assert carrier.messages(to=VIRTUAL) == []
    assert relay.to("/texts") == []

    service.use_inbound_webhook_on_number = True
    alice.text(VIRTUAL, "found").wait()
    assert [seen.form["Body"] for seen in relay.to("/texts")] == ["found"]


def test_a_number_that_takes_no_texts_takes_none(alice: Phone, carrier: SimulatedCarrier) -> None:
    carrier.add_number("+14155550193", {"sms": False})
    assert alice.text("+14155550193", "hello").wait().sid is None
    assert alice.text(BOB, "hello").wait().sid is None


def test_a_text_has_at_most_1600_characters(alice: Phone) -> None:
    with pytest.raises(ValueError, match="1600"):
        alice.text(VIRTUAL, "x" * 1601)
