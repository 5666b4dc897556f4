"""Phones that speak by themselves: assistants, voicemails, people who say hello."""

from __future__ import annotations

import pytest

from relay.sandbox import Answer, Phone, Screening, SimulatedCarrier, Voicemail
from relay.sandbox.calls.leg import SECONDS_PER_CHARACTER
from tests.sandbox.conftest import BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay

pytestmark = pytest.mark.usefixtures("number")

#: Six seconds.
SENTENCE = "x" * round(6 / SECONDS_PER_CHARACTER)


def ask(
    *, timeout: float = 3, input_: str = "dtmf", barge_in: str = "false", more: str = ""
) -> str:
    return (
        f'<Gather input="{input_}" numDigits="1" timeout="{timeout}" bargeIn="{barge_in}" {more} '
        f'speechTimeout="1" action="/pressed"><Say>{SENTENCE}</Say></Gather>'
    )


@pytest.fixture(autouse=True)
def a_masked_line(relay: StandInRelay) -> None:
    relay.answers["/voice"] = (
        f'<Dial callerId="{VIRTUAL}" answerOnBridge="true" action="/after">'
        f'<Number url="/screen">{BOB}</Number></Dial>'
    )
    relay.answers["/pressed"] = lambda seen: (
        "" if seen.form.get("Digits") == "1" else ask() * 3 + "<Hangup/>"
    )


def call(alice: Phone, bob: Phone, relay: StandInRelay, behaviour: object, screen: str) -> bool:
    bob.on_ring = behaviour
    relay.answers["/screen"] = screen + "<Hangup/>"
    return alice.call(VIRTUAL).wait().bridged


def test_an_assistant_hangs_up_on_who_speaks_over_its_preamble_alone(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    assert not call(alice, bob, relay, Screening(), ask(timeout=30))
    assert bob.transcripts == []


def test_an_assistants_owner_reads_the_sentence_and_picks_up(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    assert call(alice, bob, relay, Screening(says="Bob here"), ask(timeout=3) * 4)
    assert bob.transcripts == [SENTENCE]
    assert relay.to("/pressed")[0].form["Digits"] == "1"


def test_an_assistants_owner_may_let_it_be(alice: Phone, bob: Phone, relay: StandInRelay) -> None:
    assert not call(alice, bob, relay, Screening(owner_after=None), ask() * 4)
    assert bob.transcripts == [SENTENCE]


def test_without_a_guard_the_caller_talks_to_the_assistant(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    bob.on_ring = Screening(preamble="Who is it?")
    relay.answers["/voice"] = f'<Dial callerId="{VIRTUAL}"><Number>{BOB}</Number></Dial>'
    assert alice.call(VIRTUAL).wait().heard_by_caller == ["Who is it?"]


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Screening(), Screening().preamble),
        (Voicemail(greeting="Hello. " * 20), "Hello. " * 20),
        (Answer(hello="Hello? " * 20), "Hello? " * 20),
    ],
)
def test_speech_after_the_question_is_told_to_who_listens_for_it(
    alice: Phone, bob: Phone, relay: StandInRelay, behaviour: object, said: str
) -> None:
    call(alice, bob, relay, behaviour, ask(input_="dtmf speech"))

    heard = relay.to("/pressed")[0].form
    assert (heard["SpeechResult"], heard.get("Digits")) == (said, None)


def test_a_hello_cuts_a_question_short_unless_it_may_not_barge_in(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/pressed"] = "<Hangup/>"
    for barge_in, heard in (("true", []), ("false", [SENTENCE])):
        bob.heard.clear()
        call(
            alice, bob, relay, Answer(hello="Hello?"), ask(input_="dtmf speech", barge_in=barge_in)
        )
        assert bob.heard == heard


def test_a_key_in_the_midst_of_ones_own_words_is_lost(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    speaker = Answer(keys="1", hello="Hello? " * 20)
    assert call(alice, bob, relay, speaker, ask(input_="dtmf speech"))
    assert [seen.form.get("Digits") for seen in relay.to("/pressed")] == [None, "1"]


def test_long_speech_is_cut_off_where_the_verb_says_so(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    relay.answers["/pressed"] = "<Hangup/>"
    greeting = Voicemail(greeting="y" * 600)
    call(alice, bob, relay, greeting, ask(input_="speech", more='maxSpeechTime="15"'))
    carrier.settle()
    assert carrier.calls(to=BOB)[-1].duration == 6 + 15


def test_silence_is_told_where_empty_results_are_wanted(
    alice: Phone, bob: Phone, relay: StandInRelay
) -> None:
    relay.answers["/pressed"] = "<Hangup/>"
    call(alice, bob, relay, Answer(), ask(input_="speech", more='actionOnEmptyResult="true"'))
    assert relay.to("/pressed")[0].form["Digits"] == ""


def test_digits_are_sent_before_the_document_with_their_pauses(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    relay.answers["/voice"] = (
        f'<Dial callerId="{VIRTUAL}" answerOnBridge="true" action="/after">'
        f'<Number url="/screen" sendDigits="Ww1234">{BOB}</Number></Dial>'
    )
    assert not call(alice, bob, relay, Answer(), "")
    carrier.settle()
    assert bob.digits_received == ["Ww1234"]
    assert carrier.calls(to=BOB)[-1].duration == 1 + 0.5 + 4 * 0.25 + 0.5
