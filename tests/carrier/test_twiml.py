"""Every document a call can get, checked word by word and against the carrier's own schema."""

import pytest
from lxml import etree

from relay.carrier.announcements import (
    _SENTENCES,
    Announcement,
    say_language,
    text,
    which_session,
)
from relay.carrier.replies import text_reply
from relay.carrier.twiml import VoiceDocuments, empty_voice_document
from relay.carrier.urls import WebhookUrls
from relay.domain.participant import Role
from relay.domain.phone import PhoneNumber
from relay.domain.routing import (
    AskAccessCode,
    AskHuman,
    Bridge,
    CodeQuestion,
    Connect,
    Decline,
    HangUp,
    Refusal,
    Reject,
    TellOutcome,
    TellWhoAndAsk,
)
from tests.carrier.twiml_schema import assert_follows_schema
from tests.domain.test_routing import SESSION

CALL = "us.CA" + "0" * 32


@pytest.fixture
def documents():
    return VoiceDocuments(
        WebhookUrls("https://relay.example.com", "main"),
        board_name="JobBoard",
        default_locale="en",
        ring_timeout=25,
        call_time_limit=3600,
    )


def bridge(*, is_guarded: bool) -> Bridge:
    return Bridge(
        session=SESSION,
        caller=Role.RECRUITER,
        counterpart=PhoneNumber("+13105550127"),
        is_guarded=is_guarded,
    )


def parsed(document: str) -> etree._Element:
    assert_follows_schema("voice", document)
    return etree.fromstring(document.encode())


def test_p2_a_bridged_leg_shows_the_virtual_number(documents):
    answer = parsed(
        documents.call(bridge(is_guarded=True), call_id=CALL, virtual_number="+14155550192")
    )

    dial = answer.find("Dial")
    assert dial.get("callerId") == "+14155550192"
    assert dial.get("answerOnBridge") == "true"
    assert (dial.get("timeout"), dial.get("timeLimit")) == ("25", "3600")
    assert dial.get("action") == WebhookUrls("https://relay.example.com", "main").dial_ended(CALL)
    assert dial.find("Number").text == "+13105550127"


def test_only_a_guarded_leg_is_asked_first(documents):
    def asks(is_guarded):
        answer = documents.call(
            bridge(is_guarded=is_guarded), call_id=CALL, virtual_number="+14155550192"
        )
        return parsed(answer).find("Dial/Number").get("url")

    assert asks(True) == WebhookUrls("https://relay.example.com", "main").screen(CALL)
    assert asks(False) is None


@pytest.mark.parametrize("refusal", list(Refusal))
@pytest.mark.parametrize(("locale", "language"), [("", "en-US"), ("zh-CN", "zh-CN")])
def test_every_refusal_is_said_politely_and_ends_the_call(documents, refusal, locale, language):
    answer = parsed(
        documents.call(
            Decline(refusal=refusal, locale=locale), call_id="", virtual_number="+14155550192"
        )
    )

    assert [verb.tag for verb in answer] == ["Say", "Hangup"]
    assert answer.find("Say").get("language") == language
    assert "{" not in answer.find("Say").text


def test_a_rejected_call_is_not_answered(documents):
    """Busy, so that whoever it is may call again; no other verb comes first, or it is billed."""
    answer = parsed(documents.call(Reject(), call_id=CALL, virtual_number="+14155550192"))
    assert [(verb.tag, verb.attrib) for verb in answer] == [("Reject", {"reason": "busy"})]


def test_the_guards_first_question_names_nobody(documents):
    answer = parsed(documents.screen(AskHuman(locale="en"), call_id=CALL))

    said = answer.findtext("Gather/Say")
    assert said == "A call through JobBoard. Press 1 to take it, or 2 to hear who it is and why."
    assert answer.find("Gather").get("numDigits") == "1"


def test_silence_at_the_guard_hangs_up(documents):
    for decision in (
        AskHuman(locale="en"),
        TellWhoAndAsk(locale="en", caller=Role.RECRUITER, name="", organization="", context=""),
    ):
        answer = parsed(documents.screen(decision, call_id=CALL))
        assert [verb.tag for verb in answer] == ["Gather", "Hangup"]


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
    decision = TellWhoAndAsk(
        locale="en", caller=caller, name=name, organization=organization, context="Nurse"
    )

    answer = parsed(documents.screen(decision, call_id=CALL))

    assert [say.text for say in answer.iter("Say")] == [
        who,
        "It is about: Nurse.",
        "Press 1 to take the call, or hang up.",
    ]


def test_a_name_cannot_break_out_of_the_document(documents):
    decision = TellWhoAndAsk(
        locale="en", caller=Role.RECRUITER, name="<Hangup/>", organization="{board}", context=""
    )

    answer = parsed(documents.screen(decision, call_id=CALL))

    assert next(answer.iter("Say")).text == "The call is from <Hangup/> of {board}."


def test_taking_the_call_ends_the_document_so_that_the_legs_are_bridged(documents):
    assert len(parsed(documents.screen(Connect(), call_id=CALL))) == 0


def test_refusing_the_call_hangs_up(documents):
    assert [verb.tag for verb in parsed(documents.screen(HangUp(), call_id=CALL))] == ["Hangup"]


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "declined", "failed"])
def test_a_caller_who_was_not_connected_is_told_why(documents, outcome):
    answer = parsed(documents.dialled(TellOutcome(announcement=outcome, locale="en")))

    assert answer.findtext("Say") == text(Announcement(outcome), "en")


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


@pytest.mark.parametrize("announcement", list(Announcement))
def test_every_sentence_is_translated_into_chinese(announcement):
    values = {name: f"<{name}>" for name in ("board", "name", "organization", "context", "count")}

    english, chinese = (text(announcement, locale, **values) for locale in ("en", "zh-CN"))

    assert english != chinese
    assert {v for v in values.values() if v in chinese} == {
        value for name, value in values.items() if f"{{{name}}}" in _SENTENCES[announcement]
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
