"""A masked call from one end to the other, and each way it can end."""

from __future__ import annotations

import pytest

from relay.carrier.client import Carrier
from relay.domain.board import CarrierAccount
from relay.sandbox import Answer, Busy, Decline, NoAnswer, Phone, SimulatedCarrier, Unreachable
from relay.sandbox.behaviour import Behaviour, Voicemail
from relay.sandbox.records import OwnedNumber
from tests.sandbox.conftest import ACCOUNT_SID, ALICE, AUTH_TOKEN, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay

pytestmark = pytest.mark.usefixtures("number")

DIAL = (
    f'<Dial callerId="{VIRTUAL}" answerOnBridge="true" timeout="20" action="/after">'
    f'<Number url="/screen" statusCallback="/leg">{BOB}</Number></Dial>'
)
SCREEN = '<Gather numDigits="1" action="/pressed"><Say>Press 1 to take it.</Say></Gather><Hangup/>'


@pytest.fixture(autouse=True)
def a_masked_line(relay: StandInRelay) -> None:
    relay.answers["/voice"] = DIAL
    relay.answers["/screen"] = SCREEN
    relay.answers["/pressed"] = lambda seen: "" if seen.form["Digits"] == "1" else "<Hangup/>"
    relay.answers["/after"] = lambda seen: (
        "" if seen.form["DialBridged"] == "true" else "<Say>Nobody could take your call.</Say>"
    )


def test_pressing_one_connects_and_shows_only_the_virtual_number(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    bob.on_ring = Answer(keys="1", says="Bob here")
    trace = alice.call(VIRTUAL, says="Hello Bob").wait()
    carrier.settle()

    assert (trace.status, trace.answered, trace.bridged) == ("completed", True, True)
    assert (trace.callee_number, trace.callee_saw) == (BOB, VIRTUAL)
    assert trace.heard_by_caller == ["Bob here"]
    assert trace.heard_by_callee == ["Press 1 to take it.", "Hello Bob"]
    assert [ring.shown_number for ring in bob.rings] == [VIRTUAL]
    assert trace.duration == 1
    assert trace.errors == []
    assert [received.path for received in relay.requests[:3]] == ["/voice", "/screen", "/pressed"]
    assert all(received.is_genuine for received in relay.requests)


def test_the_action_learns_how_the_dialled_leg_went(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    bob.on_ring = Answer(keys="1", hang_up_after=12)
    trace = alice.call(VIRTUAL, talk_seconds=None).wait()

    told = relay.wait_for("/after")[0].form
    assert told["DialCallStatus"] == "completed"
    assert told["DialBridged"] == "true"
    assert told["DialCallSid"] == trace.child_sids[0]
    assert told["DialCallDuration"] == "12"
    assert (told["CallSid"], told["CallStatus"]) == (trace.call_sid, "in-progress")


def test_the_whisper_runs_on_the_callees_own_leg(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    bob.on_ring = Answer(keys="1")
    trace = alice.call(VIRTUAL).wait()

    asked = relay.to("/screen")[0].form
    assert asked["CallSid"] == trace.child_sids[0] != trace.call_sid
    assert asked["ParentCallSid"] == trace.call_sid
    assert (asked["From"], asked["To"]) == (VIRTUAL, BOB)
    assert asked["Direction"] == "outbound-dial"
    assert relay.to("/pressed")[0].form["ParentCallSid"] == trace.call_sid


def test_a_voicemail_presses_nothing_and_its_greeting_stays_private(
    alice: Phone, bob: Phone
) -> None:
    bob.on_ring = Voicemail(greeting="You have reached Bob Smith")
    trace = alice.call(VIRTUAL).wait()

    assert not trace.bridged
    assert trace.heard_by_caller == ["Nobody could take your call."]
    assert bob.voicemails == [["Press 1 to take it."]]


def test_without_a_hangup_the_whisper_lets_a_voicemail_through(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/screen"] = "<Say>A call for you.</Say>"
    bob.on_ring = Voicemail(greeting="You have reached Bob Smith")
    trace = alice.call(VIRTUAL).wait()

    assert trace.bridged
    assert "You have reached Bob Smith" in trace.heard_by_caller


@pytest.mark.parametrize(
    ("behaviour", "dial_status"),
    [
        (Busy(), "busy"),
        (Decline(), "busy"),
        (NoAnswer(), "no-answer"),
        (Answer(ring_seconds=26), "no-answer"),
        (Unreachable(), "failed"),
    ],
)
def test_a_phone_that_does_not_answer_is_told_to_the_action(
    alice: Phone, bob: Phone, relay: StandInRelay, behaviour: Behaviour, dial_status: str
) -> None:
    bob.on_ring = behaviour
    trace = alice.call(VIRTUAL).wait()

    told = relay.to("/after")[0].form
    assert (told["DialCallStatus"], told["DialBridged"]) == (dial_status, "false")
    assert "DialCallDuration" not in told
    assert trace.dial_status == dial_status
    assert trace.heard_by_caller == ["Nobody could take your call."]


def test_a_dial_rings_five_seconds_longer_than_its_timeout(alice: Phone, bob: Phone) -> None:
    bob.on_ring = Answer(ring_seconds=24.9, keys="1")
    assert alice.call(VIRTUAL).wait().bridged


@pytest.mark.parametrize("status", ["no-answer", "completed"])
def test_a_refusal_at_screening_is_reported_either_way(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier, status: str
) -> None:
    carrier.faults.screening_status = status  # type: ignore[assignment]
    bob.on_ring = Answer(keys="2")
    trace = alice.call(VIRTUAL).wait()

    told = relay.to("/after")[0].form
    assert (told["DialCallStatus"], told["DialBridged"]) == (status, "false")
    assert not trace.bridged


def test_the_line_keeps_ringing_until_somebody_is_connected(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    bob.on_ring = NoAnswer()
    relay.answers["/after"] = ""
    trace = alice.call(VIRTUAL).wait()

    assert not trace.answered
    assert (trace.status, trace.duration) == ("no-answer", 0)


def test_without_answer_on_bridge_the_call_is_answered_at_once(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/voice"] = DIAL.replace(' answerOnBridge="true"', "")
    relay.answers["/after"] = ""
    bob.on_ring = NoAnswer()
    trace = alice.call(VIRTUAL).wait()

    assert trace.answered
    assert (trace.status, trace.duration) == ("completed", 25)


def test_a_time_limit_ends_the_talk(alice: Phone, bob: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = DIAL.replace('timeout="20"', 'timeout="20" timeLimit="60"')
    relay.answers["/screen"] = ""
    trace = alice.call(VIRTUAL, talk_seconds=None).wait()

    assert relay.to("/after")[0].form["DialCallDuration"] == "60"
    assert trace.duration == 60


def test_the_caller_can_hang_up_while_it_rings(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    bob.on_ring = Answer(ring_seconds=10, keys="1")
    trace = alice.call(VIRTUAL, hang_up_after=4).wait()
    carrier.settle()

    assert (trace.status, trace.bridged, trace.answered) == ("canceled", False, False)
    assert relay.to("/screen") == relay.to("/after") == []
    assert relay.to("/leg")[0].form["CallStatus"] == "canceled"
    assert relay.to("/ended")[0].form["CallStatus"] == "canceled"


def test_the_caller_can_hang_up_during_the_whisper(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    bob.on_ring = Answer(ring_seconds=2, keys="1")
    trace = alice.call(VIRTUAL, hang_up_after=2.5).wait()

    assert (trace.status, trace.bridged) == ("canceled", False)
    assert trace.heard_by_callee == ["Press 1 to take it."]
    assert relay.to("/pressed") == []


def test_the_caller_can_hang_up_at_any_moment(alice: Phone, bob: Phone) -> None:
    bob.on_ring = NoAnswer()
    call = alice.call(VIRTUAL)
    bob.wait_for_ring()
    call.hang_up()

    assert call.wait(2).status == "canceled"


def test_a_callee_who_hangs_up_during_the_whisper_is_not_connected(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    bob.on_ring = Answer(keys="1", hang_up_after=0.5)
    trace = alice.call(VIRTUAL).wait()

    assert not trace.bridged
    assert relay.to("/after")[0].form["DialBridged"] == "false"


@pytest.mark.parametrize(
    ("policy", "final_status"),
    [
        ("bridged", "completed"),
        ("bridged", None),
        ("always", "canceled"),
        ("never", None),
    ],
)
def test_whether_an_action_follows_a_callers_hang_up_is_a_switch(
    alice: Phone,
    relay: StandInRelay,
    carrier: SimulatedCarrier,
    policy: str,
    final_status: str | None,
) -> None:
    carrier.faults.action_after_hang_up = policy  # type: ignore[assignment]
    carrier.phone(BOB).on_ring = Answer(keys="1", ring_seconds=2)
    alice.call(VIRTUAL, hang_up_after=None if final_status == "completed" else 1).wait()

    told = [seen.form["CallStatus"] for seen in relay.to("/after")]
    assert told == ([final_status] if final_status else [])


def test_with_never_no_action_follows_even_a_connected_call(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.action_after_hang_up = "never"
    bob.on_ring = Answer(keys="1")
    assert alice.call(VIRTUAL).wait().bridged
    assert relay.to("/after") == []


def test_after_the_callee_hangs_up_the_caller_hears_the_rest(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/after"] = "<Say>The other side hung up.</Say><Say>Goodbye.</Say>"
    bob.on_ring = Answer(keys="1", talk_seconds=3)
    trace = alice.call(VIRTUAL, talk_seconds=3.5).wait()

    assert trace.heard_by_caller == ["The other side hung up.", "Goodbye."]
    assert relay.to("/after")[0].form["CallStatus"] == "in-progress"


def test_a_withheld_number_is_shown_in_its_place(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    for shown in ("anonymous", "+266696687", "", "client:alice"):
        alice.call(VIRTUAL, withheld=shown).wait()
        assert relay.to("/voice")[-1].form["From"] == shown
    assert ALICE not in {v for seen in relay.requests for v in seen.form.values()}


def test_a_number_without_a_voice_url_fails(alice: Phone, number: OwnedNumber) -> None:
    number.voice_url = ""
    trace = alice.call(VIRTUAL).wait()
    assert (trace.status, trace.errors) == ("failed", [11100])


def test_a_number_nobody_owns_is_not_in_service(alice: Phone) -> None:
    trace = alice.call("+14155550199").wait()
    assert (trace.status, trace.call_sid) == ("failed", "")


@pytest.mark.parametrize(
    ("keys", "leg_status"), [("1", "completed"), ("", "no-answer"), (None, "busy")]
)
def test_the_relay_learns_over_rest_how_a_call_and_its_leg_ended(
    alice: Phone, bob: Phone, carrier: SimulatedCarrier, keys: str | None, leg_status: str
) -> None:
    bob.on_ring = Busy() if keys is None else Answer(keys=keys, hang_up_after=12)
    trace = alice.call(VIRTUAL, talk_seconds=None).wait()
    carrier.settle()
    outcome = Carrier(
        CarrierAccount(sid=ACCOUNT_SID, tokens=(AUTH_TOKEN,)), base_url=carrier.base_url
    ).calls.find_outcome(trace.call_sid)
    assert outcome.is_over
    assert (outcome.leg_sid, outcome.leg_status) == (trace.child_sids[0], leg_status)
