"""Calls as REST sees, ends and starts them."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from relay.sandbox import Answer, Busy, NoAnswer, Phone, SimulatedCarrier
from tests.sandbox.conftest import ALICE, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay

pytestmark = pytest.mark.usefixtures("number")

DIAL = f'<Dial callerId="{VIRTUAL}" answerOnBridge="true" action="/after">{BOB}</Dial>'


@pytest.fixture(autouse=True)
def a_line(relay: StandInRelay) -> None:
    relay.answers["/voice"] = DIAL


def test_a_call_and_its_leg_are_on_record(client: Client, alice: Phone, bob: Phone) -> None:
    trace = alice.call(VIRTUAL, talk_seconds=9).wait()
    call = client.calls(trace.call_sid).fetch()
    leg = client.calls(trace.child_sids[0]).fetch()

    assert (call.status, call.direction, call.duration) == ("completed", "inbound", "9")
    assert (call._from, call.to) == (ALICE, VIRTUAL)
    assert (leg.direction, leg.parent_call_sid) == ("outbound-dial", call.sid)
    assert (leg._from, leg.to) == (VIRTUAL, BOB)
    assert [c.sid for c in client.calls.list(parent_call_sid=call.sid)] == [leg.sid]
    assert [c.sid for c in client.calls.list(to=VIRTUAL, status="completed")] == [call.sid]
    assert client.calls.list(from_=BOB) == []


@pytest.mark.parametrize("which", ["parent", "child"])
def test_a_live_call_can_be_ended(
    client: Client, alice: Phone, bob: Phone, relay: StandInRelay, which: str
) -> None:
    call = alice.call(VIRTUAL, talk_seconds=None)
    bob.wait_for_ring()
    while not call.trace.bridged:
        pass
    ended = call.sid if which == "parent" else call.trace.child_sids[0]
    client.calls(ended).update(status="completed")

    trace = call.wait(3)
    assert (trace.status, trace.bridged) == ("completed", True)
    with pytest.raises(TwilioRestException) as late:
        client.calls(ended).update(status="completed")
    assert (late.value.status, late.value.code) == (400, 21220)


def test_a_live_call_can_be_sent_to_another_document(
    client: Client, alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/elsewhere"] = "<Say>You are elsewhere.</Say>"
    bob.on_ring = NoAnswer()
    relay.answers["/voice"] = DIAL.replace("action", 'timeout="600" action')
    call = alice.call(VIRTUAL)
    bob.wait_for_ring()
    client.calls(call.sid).update(url=relay.url("/elsewhere"), method="POST")

    trace = call.wait(3)
    assert trace.heard_by_caller == ["You are elsewhere."]
    assert [leg.status for leg in trace.legs] == ["canceled"]


def test_a_live_call_can_be_given_words(client: Client, alice: Phone, bob: Phone) -> None:
    call = alice.call(VIRTUAL, talk_seconds=None)
    while not call.trace.bridged:
        pass
    client.calls(call.sid).update(twiml="<Response><Say>Time is up.</Say></Response>")
    assert call.wait(3).heard_by_caller == ["Time is up."]


def test_a_record_is_deleted_only_when_the_call_is_over(
    client: Client, alice: Phone, bob: Phone, carrier: SimulatedCarrier
) -> None:
    bob.on_ring = NoAnswer()
    call = alice.call(VIRTUAL)
    bob.wait_for_ring()
    with pytest.raises(TwilioRestException) as early:
        client.calls(call.sid).delete()
    assert (early.value.status, early.value.code) == (409, 20009)
    call.hang_up()
    call.wait()
    carrier.settle()
    assert client.calls(call.sid).delete() is True
    assert call.sid not in {c.sid for c in carrier.calls()}


def test_a_call_can_be_ordered(
    client: Client, bob: Phone, carrier: SimulatedCarrier, relay: StandInRelay
) -> None:
    relay.answers["/hello"] = '<Gather numDigits="1" action="/pressed"><Say>Hello?</Say></Gather>'
    bob.on_ring = Answer(keys="4")
    order = client.calls.create(
        to=BOB,
        from_=VIRTUAL,
        url=relay.url("/hello"),
        status_callback=relay.url("/order"),
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    assert (order.status, order.direction) == ("queued", "outbound-api")
    relay.wait_for("/order", 4)
    carrier.settle()
    assert relay.to("/pressed")[0].form["Digits"] == "4"
    assert relay.to("/hello")[0].form["Direction"] == "outbound-api"
    assert bob.rings[0].shown_number == VIRTUAL
    assert bob.heard == ["Hello?"]
    assert order.fetch().status == "completed"


def test_an_ordered_call_to_a_busy_phone_says_so(
    client: Client, bob: Phone, carrier: SimulatedCarrier
) -> None:
    bob.on_ring = Busy()
    order = client.calls.create(to=BOB, from_=VIRTUAL, twiml="<Response/>")
    carrier.settle()
    assert order.fetch().status == "busy"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": "+15005550001"}, 21217),
        ({"to": "+15005550003"}, 21215),
        ({"from_": "+14155550199"}, 21210),
        ({"to": ""}, 21201),
        ({"from_": ""}, 21213),
        ({"twiml": ""}, 21205),
    ],
)
def test_an_impossible_order_is_refused(client: Client, given: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.calls.create(**{"to": BOB, "from_": VIRTUAL, "twiml": "<Response/>", **given})
    assert refused.value.code == code


def test_ordered_calls_start_at_the_accounts_rate(
    client: Client, bob: Phone, carrier: SimulatedCarrier
) -> None:
    carrier.faults.calls_per_second = 10
    for _ in range(3):
        client.calls.create(to=BOB, from_=VIRTUAL, twiml="<Response/>")
    rings = bob.wait_for_ring(3)
    assert (rings[2].at - rings[0].at).total_seconds() > 0.15
