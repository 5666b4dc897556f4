"""Every document a call can get, checked word by word and against the carrier's own schema."""

from dataclasses import replace

import pytest
from lxml import etree

from config.voices import VOICES
from relay.carrier.announcements import (
    _SENTENCES,
    LOCALES,
    Announcement,
    heard_language,
    is_spoken,
    say_language,
    text,
    which_session,
)
from relay.carrier.replies import text_reply
from relay.carrier.twiml import VoiceDocuments, empty_voice_document
from relay.carrier.urls import WebhookUrls
from relay.domain.gsm7 import is_gsm7
from relay.domain.guard import LONGEST_GUARD, LONGEST_SPEECH, MOST_QUESTIONS, MOST_TELLINGS
from relay.domain.participant import LONGEST_NAME, Role
from relay.domain.phone import PhoneNumber
from relay.domain.routing import (
    AskAccessCode,
    AskHuman,
    Bridge,
    CodeQuestion,
    Connect,
    Decline,
    HangUp,
    Identity,
    Refusal,
    Reject,
    TellOutcome,
    TellWhoAndAsk,
)
from relay.domain.session import LONGEST_CONTEXT
from relay.sandbox.calls.leg import SECONDS_PER_CHARACTER
from tests.carrier.twiml_schema import assert_follows_schema
from tests.domain.test_routing import SESSION

CALL = "us.CA" + "0" * 32
REAL = "+13105550127"


@pytest.fixture
def documents():
    return documents_of("JobBoard")


def documents_of(board_name: str) -> VoiceDocuments:
    return VoiceDocuments(
        WebhookUrls("https://relay.example.com", "main"),
        board_name=board_name,
        default_locale="en",
        voices=VOICES,
        ring_timeout=25,
        call_time_limit=3600,
    )


def bridge(*, is_guarded: bool) -> Bridge:
    return Bridge(
        session=SESSION,
        caller=Role.RECRUITER,
        counterpart=PhoneNumber(REAL),
        is_guarded=is_guarded,
    )


def parsed(document: str) -> etree._Element:
    assert_follows_schema("voice", document)
    return etree.fromstring(document.encode())


@pytest.mark.parametrize("is_guarded", [True, False])
@pytest.mark.parametrize("extension", ["", ",,12#"])
def test_p2_a_bridged_leg_shows_the_virtual_number(documents, is_guarded, extension):
    reached = replace(bridge(is_guarded=is_guarded), counterpart=PhoneNumber(REAL, extension))
    answer = parsed(documents.call(reached, call_id=CALL, virtual_number="+14155550192"))

    dial = answer.find("Dial")
    assert dial.get("callerId") == "+14155550192"
    assert dial.get("answerOnBridge") == "true"
    assert dial.get("timeout") == "25"
    assert dial.get("action") == WebhookUrls("https://relay.example.com", "main").dial_ended(CALL)
    number = dial.find("Number")
    assert number.text == "+13105550127"
    assert number.get("statusCallback") == WebhookUrls("https://relay.example.com", "main").leg(
        CALL
    )


def test_only_a_guarded_leg_is_asked_first(documents):
    def asks(is_guarded):
        answer = documents.call(
            bridge(is_guarded=is_guarded), call_id=CALL, virtual_number="+14155550192"
        )
        return parsed(answer).find("Dial/Number").get("url")

    assert asks(True) == WebhookUrls("https://relay.example.com", "main").screen(CALL)
    assert asks(False) is None


@pytest.mark.parametrize("is_guarded", [True, False])
def test_an_extension_is_dialled_through_and_a_comma_waits_two_seconds(documents, is_guarded):
    reached = replace(bridge(is_guarded=is_guarded), counterpart=PhoneNumber(REAL, ",,12#"))
    answer = parsed(documents.call(reached, call_id=CALL, virtual_number="+14155550192"))

    number = answer.find("Dial/Number")
    assert (number.text, number.get("sendDigits")) == (REAL, "WWWW12#")
    assert (number.get("url") is not None) is is_guarded
    without = documents.call(
        bridge(is_guarded=is_guarded), call_id=CALL, virtual_number="+14155550192"
    )
    assert "sendDigits" not in without


@pytest.mark.parametrize("refusal", list(Refusal))
@pytest.mark.parametrize(
    ("locale", "language", "voice"),
    [("", "en-US", "Polly.Joanna"), ("zh-CN", "cmn-CN", "Polly.Zhiyu")],
)
def test_every_refusal_is_said_politely_and_ends_the_call(
    documents, refusal, locale, language, voice
):
    answer = parsed(
        documents.call(
            Decline(refusal=refusal, locale=locale), call_id="", virtual_number="+14155550192"
        )
    )

    assert [verb.tag for verb in answer] == ["Say", "Hangup"]
    say = answer.find("Say")
    assert (say.get("language"), say.get("voice")) == (language, voice)
    assert "{" not in answer.find("Say").text


def test_a_rejected_call_is_not_answered(documents):
    """Busy, so that whoever it is may call again; no other verb comes first, or it is billed."""
    answer = parsed(documents.call(Reject(), call_id=CALL, virtual_number="+14155550192"))
    assert [(verb.tag, verb.attrib) for verb in answer] == [("Reject", {"reason": "busy"})]


ABOUT = "JobBoard: a call about an application."
KEYS = "Press 1 to take it, or 2 to hear who it is and why."
RITA = Identity(role=Role.RECRUITER, name="Rita Reyes", organization="Acme")


def sentences(gather) -> list[str]:
    return [say.text for say in gather.iter("Say")]


def turns(answer) -> list[str]:
    return [gather.get("action").partition("#")[0][-1] for gather in answer.iter("Gather")]


def test_the_guard_repeats_a_question_that_names_the_board_and_nobody_else(documents):
    answer = parsed(documents.screen(AskHuman(locale="en"), call_id=CALL))

    assert [verb.tag for verb in answer] == [*["Gather"] * MOST_QUESTIONS, "Hangup"]
    for gather in answer.iter("Gather"):
        assert sentences(gather) == [ABOUT, KEYS]
        assert (gather.get("numDigits"), gather.get("finishOnKey")) == ("1", "")
    assert turns(answer) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(("locale", "language"), [("", "en-US"), ("zh-CN", "cmn-Hans-CN")])
def test_the_guard_listens_once_and_no_hello_cuts_it_short(documents, locale, language):
    answer = parsed(documents.screen(AskHuman(locale=locale), call_id=CALL))

    first, *others = answer.iter("Gather")
    assert first.get("input") == "dtmf speech"
    assert first.get("bargeIn") == "false"
    assert first.get("language") == language
    assert (first.get("speechTimeout"), first.get("maxSpeechTime")) == ("1", str(LONGEST_SPEECH))
    assert all(gather.get("input") is None for gather in others)


def test_who_has_asked_is_told_who_calls_where_the_candidate_wishes_that(documents):
    answer = parsed(documents.screen(AskHuman(locale="en", turn=1, who=RITA), call_id=CALL))

    assert turns(answer) == ["1", "2", "3"]
    for gather in answer.iter("Gather"):
        assert sentences(gather) == [ABOUT, "The call is from Rita Reyes of Acme.", KEYS]
        assert gather.get("input") is None


def test_a_caller_who_may_be_another_is_announced_as_such(documents):
    answer = parsed(documents.screen(AskHuman(locale="en", is_unverified=True), call_id=CALL))

    about, careful, keys = sentences(answer.find("Gather"))
    assert (about, careful[:8], keys) == (ABOUT, "Careful:", KEYS)


def test_after_the_last_question_the_guard_hangs_up(documents):
    asked = AskHuman(locale="en", turn=MOST_QUESTIONS)
    assert [verb.tag for verb in parsed(documents.screen(asked, call_id=CALL))] == ["Hangup"]
    told = TellWhoAndAsk(locale="en", turn=MOST_QUESTIONS, who=RITA, context="")
    assert [verb.tag for verb in parsed(documents.screen(told, call_id=CALL))] == [
        "Gather",
        "Hangup",
    ]


def test_the_guard_takes_no_longer_than_its_time(documents):
    """With the longest names and context, an assistant that speaks long and is told who calls, and
    somebody who then has it told again and again."""
    documents = documents_of("b" * 60)
    who = Identity(role=Role.RECRUITER, name="n" * LONGEST_NAME, organization="o" * LONGEST_NAME)
    asked = seconds_of(documents.screen(AskHuman(locale="en"), call_id=CALL)) / MOST_QUESTIONS
    named = seconds_of(documents.screen(AskHuman(locale="en", turn=1, who=who), call_id=CALL))
    telling = TellWhoAndAsk(locale="en", turn=4, who=who, context="c" * LONGEST_CONTEXT)
    told = seconds_of(documents.screen(telling, call_id=CALL))

    assert asked + LONGEST_SPEECH + named + MOST_TELLINGS * told <= LONGEST_GUARD


def test_the_guard_speaks_for_about_thirty_five_seconds(documents):
    assert 33 <= seconds_of(documents.screen(AskHuman(locale="en"), call_id=CALL)) <= 37


def seconds_of(document: str) -> float:
    """As fast as the sandbox's people speak, with every pause to its end."""
    answer = parsed(document)
    words = sum(len(say.text) for say in answer.iter("Say"))
    pauses = sum(int(gather.get("timeout")) for gather in answer.iter("Gather"))
    return words * SECONDS_PER_CHARACTER + pauses


def test_the_guards_time_does_not_shorten_the_talk(documents):
    def limit(is_guarded):
        decision = bridge(is_guarded=is_guarded)
        answer = documents.call(decision, call_id=CALL, virtual_number="+14155550192")
        return int(parsed(answer).find("Dial").get("timeLimit"))

    assert (limit(False), limit(True)) == (3600, 3600 + LONGEST_GUARD)


@pytest.mark.parametrize(
    ("caller", "name", "organization", "who"),
    [
        (Role.RECRUITER, "Rita Reyes", "Acme", "The call is from Rita Reyes of Acme."),
        (Role.RECRUITER, "Rita Reyes", "", "The call is from Rita Reyes."),
        (Role.RECRUITER, "", "Acme", "The call is from a recruiter of Acme."),
        (Role.RECRUITER, "", "", "The call is from a recruiter."),
        (Role.CANDIDATE, "", "", "The call is from a candidate."),
    ],
)
def test_pressing_two_tells_who_and_why_and_asks_again(documents, caller, name, organization, who):
    identity = Identity(role=caller, name=name, organization=organization)
    decision = TellWhoAndAsk(locale="en", turn=4, who=identity, context="Nurse")

    answer = parsed(documents.screen(decision, call_id=CALL))

    assert [say.text for say in answer.iter("Say")] == [
        who,
        "It is about: Nurse.",
        "Press 1 to take the call, or hang up.",
    ]


def test_a_name_cannot_break_out_of_the_document(documents):
    who = Identity(role=Role.RECRUITER, name="<Hangup/>", organization="{board}")
    decision = TellWhoAndAsk(locale="en", turn=4, who=who, context="")

    answer = parsed(documents.screen(decision, call_id=CALL))

    assert next(answer.iter("Say")).text == "The call is from <Hangup/> of {board}."


def test_taking_the_call_ends_the_document_so_that_the_legs_are_bridged(documents):
    assert len(parsed(documents.screen(Connect(), call_id=CALL))) == 0


def test_refusing_the_call_hangs_up(documents):
    assert [verb.tag for verb in parsed(documents.screen(HangUp(), call_id=CALL))] == ["Hangup"]


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "declined", "failed"])
def test_a_caller_who_was_not_connected_is_told_why(documents, outcome):
    answer = parsed(documents.dialled(TellOutcome(announcement=outcome, locale="en")))

    assert [verb.tag for verb in answer] == ["Say", "Hangup"]
    assert answer.findtext("Say") == text(Announcement(outcome), "en")


def test_a_caller_who_may_also_text_is_told_so(documents):
    outcome = TellOutcome(announcement="no_answer", locale="en", may_text=True)
    answer = parsed(documents.dialled(outcome))

    assert [verb.tag for verb in answer] == ["Say", "Say", "Hangup"]
    assert answer.findall("Say")[1].text == text(Announcement.TEXT_INSTEAD, "en")


def test_a_call_that_was_connected_ends_without_a_word(documents):
    assert [verb.tag for verb in parsed(documents.dialled(HangUp()))] == ["Hangup"]


def test_a_text_is_answered_with_nothing_or_with_one_sentence():
    for document in (text_reply(""), text_reply("Hello")):
        assert_follows_schema("messaging", document)
    assert etree.fromstring(text_reply("").encode()).tag == "Response"
    assert etree.fromstring(text_reply("你好").encode()).findtext("Message") == "你好"
    assert_follows_schema("voice", empty_voice_document())


def test_a_locale_without_a_catalogue_is_spoken_to_in_english():
    assert say_language("xx") == say_language("not a locale") == "en-US"
    assert text(Announcement.BUSY, "fr-CA") == text(Announcement.BUSY, "en")


def test_a_process_that_has_spoken_many_languages_still_finds_the_nearest():
    """It remembers 256, and reads the catalogue of any other anew."""
    for number in range(300):
        assert say_language(f"q{number}") == "en-US"
    for chinese in ("zh", "zh-CN", "zh-Hans", "zh-Hans-CN", "zh-SG"):
        assert (say_language(chinese), is_spoken(chinese)) == ("cmn-CN", True), chinese
        assert heard_language(chinese) == "cmn-Hans-CN"
    for english in ("en", "en-US", "en-GB"):
        assert (say_language(english), is_spoken(english)) == ("en-US", True), english
        assert heard_language(english) == "en-US"
    for other in ("fr", "fr-CA", "zh-TW", "xx", "not a locale", "", "zh_CN", "enx"):
        assert (say_language(other), is_spoken(other)) == ("en-US", False), other


def test_every_language_of_the_catalogues_has_its_voice():
    locales = ["en", *(path.parent.name.replace("_", "-") for path in LOCALES.glob("*/relay.po"))]

    assert {say_language(locale) for locale in locales} == set(VOICES)


@pytest.mark.parametrize("announcement", list(Announcement))
def test_every_sentence_is_translated_into_chinese(announcement):
    values = {name: f"<{name}>" for name in ("board", "name", "organization", "context")}
    sentence = _SENTENCES[announcement]
    named = sentence if isinstance(sentence, str) else sentence.one

    english, chinese = (text(announcement, locale, 7, **values) for locale in ("en", "zh-CN"))

    assert english != chinese
    assert ("7" in chinese) == ("{count}" in named)
    assert {v for v in values.values() if v in chinese} == {
        value for name, value in values.items() if f"{{{name}}}" in named
    }


@pytest.mark.parametrize("question", CodeQuestion)
@pytest.mark.parametrize("locale", ["", "zh-CN"])
def test_a_code_is_asked_for_and_silence_ends_the_call(documents, question, locale):
    decision = AskAccessCode(question=question, digits=8, attempt=2, locale=locale)
    answer = parsed(documents.call(decision, call_id=CALL, virtual_number="+14155550192"))

    assert [verb.tag for verb in answer] == ["Gather", "Say", "Hangup"]
    gather = answer.find("Gather")
    assert (gather.get("numDigits"), gather.get("finishOnKey")) == ("8", "#")
    assert f"/twilio/main/calls/{CALL}/code/2#" in gather.get("action")
    assert gather.find("Say").text != answer.find("Say").text


def test_the_question_which_session_lists_what_fits():
    options = [("482913", "Cook"), ("551234", "")]
    question = which_session(options, "en", board="JobBoard")
    assert question.splitlines()[1:] == ["482913 Cook", "551234"]
    long = which_session([("482913", "x" * 190)] * 20, "en", board="JobBoard")
    assert len(long) <= 1600
    assert long.endswith("The other codes are on JobBoard.")


@pytest.mark.parametrize("sentence", _SENTENCES.values())
def test_our_english_sentences_are_gsm_7(sentence):
    """One curly quote would double the price of those that are texts."""
    assert is_gsm7("".join(sentence))
