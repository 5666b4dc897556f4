"""What Dial may do, to whom, and what its callbacks tell."""

from __future__ import annotations

import pytest

from relay.sandbox import Answer, NoAnswer, Phone, SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from tests.sandbox.conftest import ALICE, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay

pytestmark = pytest.mark.usefixtures("number")

CAROL = "+12125550103"


def dial(nouns: str, attributes: str = f'callerId="{VIRTUAL}"') -> str:
    return f'<Dial action="/after" {attributes}>{nouns}</Dial>'


@pytest.mark.parametrize("shown", ["+12125550127", "+266696687", "anonymous"])
def test_a_caller_id_that_is_not_ours_fails_the_leg(
    alice: Phone, bob: Phone, relay: StandInRelay, shown: str
) -> None:
    relay.answers["/voice"] = dial(f"<Number>{BOB}</Number>", f'callerId="{shown}"')
    trace = alice.call(VIRTUAL).wait()

    assert trace.errors == [13214]
    assert relay.to("/after")[0].form["DialCallStatus"] == "failed"
    assert bob.rings == []


@pytest.mark.parametrize("shown", [VIRTUAL, ALICE, "+14155550193", "+12125550128"])
def test_a_caller_id_of_the_call_the_account_or_a_verified_one_is_shown(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier, shown: str
) -> None:
    carrier.add_number("+14155550193")
    carrier.verify_caller_id("+12125550128")
    relay.answers["/voice"] = dial(f"<Number>{BOB}</Number>", f'callerId="{shown}"')
    assert alice.call(VIRTUAL).wait().callee_saw == shown


def test_without_a_caller_id_the_callers_real_number_leaks(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/voice"] = dial(f"<Number>{BOB}</Number>", "")
    assert alice.call(VIRTUAL).wait().callee_saw == ALICE


@pytest.mark.parametrize(
    ("number_", "code"),
    [
        ("911", 13224),
        ("+8613912345", 13227),
        ("+4479460123", 13227),
        ("+5215555550101", 13224),
        ("+551195550101", 13224),
    ],
)
def test_a_number_that_cannot_be_dialled_fails(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier, number_: str, code: int
) -> None:
    carrier.faults.calls_denied_to += ("+44",)
    relay.answers["/voice"] = dial(f"<Number>{number_}</Number>")
    trace = alice.call(VIRTUAL).wait()
    assert trace.errors == [code]
    assert relay.to("/after")[0].form["DialCallStatus"] == "failed"


def test_plain_text_in_a_dial_is_a_number(alice: Phone, bob: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = dial(BOB)
    assert alice.call(VIRTUAL).wait().bridged


def test_one_after_the_other_stops_at_the_first_that_answers(
    alice: Phone, bob: Phone, carrier: SimulatedCarrier, relay: StandInRelay
) -> None:
    nouns = f"<Number>{BOB}</Number><Number>{CAROL}</Number><Number>+12125550104</Number>"
    relay.answers["/voice"] = dial(nouns, f'callerId="{VIRTUAL}" sequential="true"')
    bob.on_ring = NoAnswer()
    trace = alice.call(VIRTUAL).wait()

    assert [leg.status for leg in trace.legs] == ["no-answer", "completed"]
    assert trace.callee_number == CAROL
    assert carrier.phone("+12125550104").rings == []


def test_all_at_once_the_first_to_accept_wins_and_the_others_are_let_go(
    alice: Phone, bob: Phone, carrier: SimulatedCarrier, relay: StandInRelay
) -> None:
    carol = carrier.phone(CAROL)
    bob.on_ring, carol.on_ring = Answer(ring_seconds=60), Answer(ring_seconds=2)
    relay.answers["/voice"] = dial(f"<Number>{CAROL}</Number><Number>{BOB}</Number>")
    trace = alice.call(VIRTUAL).wait()

    assert {leg.number: leg.status for leg in trace.legs} == {CAROL: "completed", BOB: "canceled"}
    assert trace.callee_number == CAROL
    assert relay.to("/after")[0].form["DialCallSid"] == trace.legs[0].sid


def test_the_others_stop_ringing_although_the_caller_stays(
    alice: Phone, bob: Phone, carrier: SimulatedCarrier, relay: StandInRelay
) -> None:
    carrier.phone(CAROL).on_ring = Answer(ring_seconds=2, talk_seconds=1)
    bob.on_ring = NoAnswer()
    relay.answers["/voice"] = dial(f"<Number>{CAROL}</Number><Number>{BOB}</Number>")
    relay.answers["/after"] = "<Say>She hung up.</Say>"
    trace = alice.call(VIRTUAL, talk_seconds=60).wait()

    assert [leg.status for leg in trace.legs] == ["completed", "canceled"]
    assert trace.heard_by_caller == ["She hung up."]


def test_more_than_ten_numbers_are_too_many(alice: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = dial(f"<Number>{BOB}</Number>" * 11)
    assert alice.call(VIRTUAL).wait().errors == [12200]


def test_a_leg_tells_its_progress_in_numbered_callbacks(
    alice: Phone, bob: Phone, carrier: SimulatedCarrier, relay: StandInRelay
) -> None:
    events = "initiated ringing answered completed"
    relay.answers["/voice"] = dial(
        f'<Number statusCallback="/leg" statusCallbackEvent="{events}">{BOB}</Number>'
    )
    trace = alice.call(VIRTUAL, talk_seconds=7).wait()
    carrier.settle()

    told = sorted((seen.form for seen in relay.to("/leg")), key=lambda f: f["SequenceNumber"])
    statuses = ["initiated", "ringing", "in-progress", "completed"]
    assert [form["CallStatus"] for form in told] == statuses
    assert [form.get("CallDuration") for form in told] == [None, None, None, "7"]
    for form in told:
        assert form["ParentCallSid"] == trace.call_sid
        assert form["Direction"] == "outbound-dial"
        assert form["CallbackSource"] == "call-progress-events"
        assert form["Timestamp"].endswith("+0000")


def test_by_default_a_leg_tells_only_its_end(
    alice: Phone, bob: Phone, carrier: SimulatedCarrier, relay: StandInRelay
) -> None:
    relay.answers["/voice"] = dial(f'<Number statusCallback="/leg">{BOB}</Number>')
    bob.on_ring = NoAnswer()
    alice.call(VIRTUAL).wait()
    carrier.settle()
    assert [seen.form["CallStatus"] for seen in relay.to("/leg")] == ["no-answer"]


def test_digits_are_sent_on_to_an_extension(alice: Phone, bob: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = dial(f'<Number sendDigits="ww4711">{BOB}</Number>')
    alice.call(VIRTUAL).wait()
    assert bob.digits_received == ["ww4711"]


def test_the_star_key_ends_the_leg_and_keeps_the_caller(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/voice"] = dial(
        f"<Number>{BOB}</Number>", f'callerId="{VIRTUAL}" hangupOnStar="true"'
    )
    relay.answers["/after"] = "<Say>Anything else?</Say>"
    trace = alice.call(VIRTUAL, talk_seconds=50, star_after=5).wait()

    assert relay.to("/after")[0].form["DialCallDuration"] == "5"
    assert trace.heard_by_caller == ["Anything else?"]


def test_the_star_key_is_only_a_key_without_hangup_on_star(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/voice"] = dial(f"<Number>{BOB}</Number>")
    alice.call(VIRTUAL, talk_seconds=50, star_after=5).wait()
    assert relay.to("/after")[0].form["DialCallDuration"] == "50"


def test_with_an_action_later_verbs_are_never_reached(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    bob.on_ring = Answer(talk_seconds=1)
    relay.answers["/voice"] = dial(f"<Number>{BOB}</Number>") + "<Say>Unreachable.</Say>"
    assert alice.call(VIRTUAL, talk_seconds=9).wait().heard_by_caller == []


def test_without_an_action_the_next_verb_has_its_turn(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    bob.on_ring = Answer(talk_seconds=1)
    relay.answers["/voice"] = f'<Dial callerId="{VIRTUAL}">{BOB}</Dial><Say>Bye.</Say>'
    assert alice.call(VIRTUAL, talk_seconds=9).wait().heard_by_caller == ["Bye."]


def test_a_whisper_must_not_dial(alice: Phone, bob: Phone, relay: StandInRelay) -> None:
    relay.answers["/voice"] = dial(f'<Number url="/screen">{BOB}</Number>')
    relay.answers["/screen"] = f"<Dial>{CAROL}</Dial>"
    trace = alice.call(VIRTUAL).wait()
    assert trace.errors == [12200]
    assert not trace.bridged
    assert trace.heard_by_callee == ["We are sorry, an application error has occurred. Goodbye."]


def test_a_whisper_that_cannot_be_fetched_does_not_connect(
    alice: Phone, bob: Phone, relay: StandInRelay, number: OwnedNumber
) -> None:
    relay.answers["/voice"] = dial('<Number url="http://127.0.0.1:9/screen">' + BOB + "</Number>")
    trace = alice.call(VIRTUAL).wait()
    assert (trace.errors, trace.bridged) == ([11205], False)
