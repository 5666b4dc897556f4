"""STOP and START: the carrier answers itself, blocks, and still calls the webhook."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from relay.sandbox import Phone, SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from tests.sandbox.conftest import ALICE, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay

OTHER = "+14155550193"
TOLL_FREE = "+18005550192"

pytestmark = pytest.mark.usefixtures("number")


def send(client: Client, to: str = ALICE, from_: str = VIRTUAL) -> None:
    client.messages.create(to=to, from_=from_, body="hello")


@pytest.mark.parametrize(
    "word",
    ["STOP", " stop ", "StopAll", "UNSUBSCRIBE", "cancel", "end", "quit", "revoke", "OPTOUT"],
)
def test_a_stop_word_blocks_answers_and_is_passed_on(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier, client: Client, word: str
) -> None:
    alice.text(VIRTUAL, word).wait()

    assert carrier.suppressed(ALICE, VIRTUAL)
    assert "unsubscribed" in alice.wait_for_text()[0].body
    assert relay.to("/texts")[0].form["Body"] == word
    with pytest.raises(TwilioRestException) as refused:
        send(client)
    assert (refused.value.status, refused.value.code) == (400, 21610)


@pytest.mark.parametrize("words", ["STOP PLEASE", "please stop", "stopp", "I quit"])
def test_more_than_the_word_blocks_nothing(
    alice: Phone, carrier: SimulatedCarrier, words: str
) -> None:
    alice.text(VIRTUAL, words).wait()
    assert not carrier.suppressed(ALICE, VIRTUAL)
    assert alice.stays_silent(0.05)


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
def test_a_start_word_undoes_it(
    alice: Phone, carrier: SimulatedCarrier, client: Client, word: str
) -> None:
    alice.text(VIRTUAL, "STOP").wait()
    alice.text(VIRTUAL, word).wait()
    assert not carrier.suppressed(ALICE, VIRTUAL)
    assert any("re-subscribed" in text.body for text in alice.wait_for_text(2))
    send(client)


def test_a_yes_from_somebody_who_never_stopped_is_just_a_yes(
    alice: Phone, relay: StandInRelay
) -> None:
    alice.text(VIRTUAL, "YES").wait()
    assert relay.to("/texts")[0].form["Body"] == "YES"
    assert alice.stays_silent(0.05)


@pytest.mark.parametrize("word", ["HELP", "info"])
def test_help_is_answered(alice: Phone, word: str) -> None:
    alice.text(VIRTUAL, word)
    assert "Reply STOP" in alice.wait_for_text()[0].body


def test_outside_a_service_a_stop_covers_one_number_and_one_person(
    alice: Phone, carrier: SimulatedCarrier, client: Client
) -> None:
    carrier.add_number(OTHER)
    alice.text(VIRTUAL, "STOP").wait()
    assert not carrier.suppressed(ALICE, OTHER)
    send(client, from_=OTHER)
    send(client, to=BOB)


def test_in_a_service_a_stop_covers_all_its_numbers(
    alice: Phone, carrier: SimulatedCarrier, client: Client, number: OwnedNumber
) -> None:
    carrier.add_service(
        numbers=(number, carrier.add_number(OTHER)), use_inbound_webhook_on_number=True
    )
    alice.text(VIRTUAL, "STOP").wait()
    assert carrier.suppressed(ALICE, OTHER)
    with pytest.raises(TwilioRestException, match="unsubscribed"):
        send(client, from_=OTHER)


def test_the_type_is_told_only_with_advanced_opt_out(
    alice: Phone, carrier: SimulatedCarrier, relay: StandInRelay, number: OwnedNumber
) -> None:
    service = carrier.add_service(numbers=(number,), use_inbound_webhook_on_number=True)
    alice.text(VIRTUAL, "STOP").wait()
    service.advanced_opt_out = True
    alice.text(VIRTUAL, "START").wait()
    types = [seen.form.get("OptOutType") for seen in relay.to("/texts")]
    assert types == [None, "START"]


def test_a_service_has_its_own_words_beside_the_default_ones(
    alice: Phone, carrier: SimulatedCarrier, relay: StandInRelay, number: OwnedNumber
) -> None:
    carrier.add_service(
        numbers=(number,),
        keywords={"Alto": "STOP", "Ayuda": "HELP"},
        use_inbound_webhook_on_number=True,
    )
    for word in ("ayuda", "alto", "start"):
        alice.text(VIRTUAL, word).wait()
        assert carrier.suppressed(ALICE, VIRTUAL) is (word == "alto")
    types = [seen.form.get("OptOutType") for seen in relay.to("/texts")]
    assert types == ["HELP", "STOP", "START"]


def test_help_is_answered_on_toll_free_numbers_too(alice: Phone, carrier: SimulatedCarrier) -> None:
    carrier.add_number(TOLL_FREE)
    alice.text(TOLL_FREE, "Help")
    assert "Reply STOP" in alice.wait_for_text()[0].body


def test_toll_free_networks_have_their_own_words(alice: Phone, carrier: SimulatedCarrier) -> None:
    carrier.add_number(TOLL_FREE)
    alice.text(TOLL_FREE, "stop").wait()
    assert alice.wait_for_text()[0].body.startswith("NETWORK MSG")
    alice.text(TOLL_FREE, "yes").wait()
    assert carrier.suppressed(ALICE, TOLL_FREE)
    alice.text(TOLL_FREE, "unstop").wait()
    assert not carrier.suppressed(ALICE, TOLL_FREE)


def test_a_twiml_reply_to_somebody_blocked_is_not_sent(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/texts"] = "<Message>Sorry to see you go</Message>"
    alice.text(VIRTUAL, "STOP").wait()
    alice.wait_for_text()
    assert alice.stays_silent(0.05)
    assert len(alice.texts) == 1
