"""What the carrier charges: a record's ``price``, and the sum of all (TW-prices)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from twilio.rest import Client

from relay.sandbox import Answer, Phone, SimulatedCarrier
from tests.sandbox.conftest import ALICE, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay

pytestmark = pytest.mark.usefixtures("number")

DIAL = (
    f'<Dial callerId="{VIRTUAL}" answerOnBridge="true"><Number url="/screen">{BOB}</Number></Dial>'
)
LISTENING = '<Gather input="dtmf speech" numDigits="1" timeout="2"/>'


def send(client: Client, body: str, **more: object) -> str:
    return str(client.messages.create(to=BOB, from_=VIRTUAL, body=body, **more).sid)  # type: ignore[arg-type]


def test_a_text_is_charged_by_its_segments_and_its_network_once_it_has_left(
    client: Client, carrier: SimulatedCarrier
) -> None:
    sent = client.messages.create(to=BOB, from_=VIRTUAL, body="a" * 161)
    assert (sent.price, sent.price_unit) == (None, "USD")
    carrier.settle()
    assert client.messages(str(sent.sid)).fetch().price == "-0.02700"
    assert carrier.account.charged_for_traffic() == Decimal("0.027")


def test_a_failed_text_costs_little_and_an_undelivered_one_all(
    client: Client, carrier: SimulatedCarrier
) -> None:
    prices = {}
    for status, code in (("failed", 30008), ("undelivered", 30003)):
        carrier.faults.messages.fail(to=BOB, code=code, status=status, times=1)  # type: ignore[arg-type]
        sid = send(client, "hello")
        carrier.settle()
        prices[status] = client.messages(sid).fetch().price
    assert prices == {"failed": "-0.00100", "undelivered": "-0.01350"}


def test_pictures_have_prices_of_their_own(
    client: Client, carrier: SimulatedCarrier, bob: Phone
) -> None:
    sid = send(client, "", media_url=["https://example.com/1.jpg"])
    bob.text(VIRTUAL, "a" * 200, media=("https://example.com/1.jpg",)).wait()
    bob.text(VIRTUAL, "a" * 200).wait()
    carrier.settle()
    assert client.messages(sid).fetch().price == "-0.02200"
    prices = [message.price for message in client.messages.list(to=VIRTUAL)]
    assert prices == ["-0.01660", "-0.01650"]


def test_both_legs_of_a_call_are_charged_from_their_answer_on(
    client: Client, carrier: SimulatedCarrier, relay: StandInRelay, alice: Phone, bob: Phone
) -> None:
    """And a Gather that listens is, whatever it hears."""
    relay.answers |= {"/voice": DIAL, "/screen": LISTENING}
    bob.on_ring = Answer(hang_up_after=119)
    alice.call(VIRTUAL, talk_seconds=None).wait()
    carrier.settle()
    [inbound], [outbound] = client.calls.list(to=VIRTUAL), client.calls.list(to=BOB)
    assert (inbound.duration, inbound.price) == ("117", "-0.01700")
    assert (outbound.duration, outbound.price) == ("119", "-0.02800")
    assert carrier.account.charged_for_traffic() == Decimal("0.065")


def test_a_call_that_nobody_answers_costs_nothing(
    client: Client, carrier: SimulatedCarrier, relay: StandInRelay, alice: Phone
) -> None:
    relay.answers["/voice"] = '<Reject reason="busy"/>'
    alice.call(VIRTUAL).wait()
    carrier.settle()
    assert [call.price for call in client.calls.list(from_=ALICE)] == ["0.00000"]


def test_what_is_deleted_was_charged(
    client: Client, carrier: SimulatedCarrier, relay: StandInRelay, alice: Phone
) -> None:
    relay.answers["/voice"] = "<Say>Goodbye.</Say>"
    alice.call(VIRTUAL).wait()
    sid = send(client, "hello")
    carrier.settle()
    charged = carrier.account.charged_for_traffic()
    client.messages(sid).delete()
    client.calls(str(client.calls.list(to=VIRTUAL)[0].sid)).delete()
    assert carrier.calls() == carrier.messages() == []
    assert carrier.account.charged_for_traffic() == charged == Decimal("0.022")


def test_a_call_to_a_toll_free_number_has_another_price(
    client: Client, carrier: SimulatedCarrier, relay: StandInRelay, alice: Phone
) -> None:
    carrier.add_number("+18335550192").voice_url = relay.url("/voice")
    relay.answers["/voice"] = "<Say>Goodbye.</Say>"
    alice.call("+18335550192").wait()
    carrier.settle()
    assert client.calls.list(to="+18335550192")[0].price == "-0.02200"
