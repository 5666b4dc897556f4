"""Decisions as TwiML. Every voice document the relay answers is made here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never
from xml.sax.saxutils import escape

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from relay.carrier.announcements import Announcement, heard_language, say_language, text
from relay.carrier.urls import WebhookUrls
from relay.domain.guard import LONGEST_GUARD, LONGEST_SPEECH, MOST_QUESTIONS
from relay.domain.participant import Role
from relay.domain.routing import (
    AskAccessCode,
    AskHuman,
    Bridge,
    CallDecision,
    Connect,
    Decline,
    DialledDecision,
    HangUp,
    Identity,
    Reject,
    ScreenDecision,
    TellOutcome,
    TellWhoAndAsk,
)

#: Seconds until the guard asks again: the second time sooner, as an assistant may be listening.
_FIRST_PAUSE, _PAUSE = 2, 3
#: Seconds for a key of somebody who has pressed one before.
_KEY_TIMEOUT = 6
#: Seconds of silence after which somebody is thought to have finished.
_SPEECH_PAUSE = 1
#: Seconds after the last digit of an access code; a shorter one than the number's longest waits it.
_CODE_TIMEOUT = 5
#: Seconds that Twilio lets a dialled leg last (TW-dial).
_LONGEST_CALL = 14_400
#: Placeholders in a template for the values of one call; no value can look like them.
_CALL, _VIRTUAL_NUMBER, _COUNTERPART = "$call$", "$virtual$", "$counterpart$"
_EXTENSION = "$extension$"


class VoiceDocuments:
    """Renders decisions for one service: its board's name, its URLs, its limits in seconds."""

    def __init__(
        self,
        urls: WebhookUrls,
        *,
        board_name: str,
        default_locale: str,
        voices: Mapping[str, str],
        ring_timeout: int,
        call_time_limit: int,
    ) -> None:
        self._urls = urls
        self._board = board_name
        self._default_locale = default_locale
        self._voices = voices
        self._ring_timeout = ring_timeout
        self._call_time_limit = call_time_limit
        self._bridges = {
            (is_guarded, has_extension): self._bridge_template(
                is_guarded=is_guarded, has_extension=has_extension
            )
            for is_guarded in (True, False)
            for has_extension in (True, False)
        }

    def call(self, decision: CallDecision, *, call_id: str, virtual_number: str) -> str:
        """The answer to a call on a virtual number."""
        match decision:
            case Bridge():
                return self._bridge(decision, call_id, virtual_number)
            case AskAccessCode():
                return self._ask_code(decision, call_id)
            case Decline(refusal=refusal, locale=locale):
                return self._say_and_hang_up(Announcement(refusal.value), locale=locale)
            case Reject():
                return _rejection()
            case _:
                assert_never(decision)

    def screen(self, decision: ScreenDecision, *, call_id: str) -> str:
        """What the guard says to the counterpart, on their leg, before the legs are bridged."""
        document = VoiceResponse()
        match decision:
            case AskHuman():
                self._ask_human(document, decision, call_id)
            case TellWhoAndAsk(locale=locale, turn=turn):
                gather = self._key_gather(call_id, turn, timeout=_KEY_TIMEOUT)
                self._ask(document, gather, self._who_and_why(decision), locale)
                document.hangup()
            case Connect():
                pass  # A document that ends without <Hangup> bridges the legs (TW-whisper).
            case HangUp():
                document.hangup()
            case _:
                assert_never(decision)
        return str(document)

    def dialled(self, decision: DialledDecision) -> str:
        """What the caller hears when the Dial is over."""
        match decision:
            case TellOutcome(announcement=name, locale=locale, may_text=may_text):
                also = [Announcement.TEXT_INSTEAD] if may_text else []
                return self._say_and_hang_up(Announcement(name), *also, locale=locale)
            case HangUp():
                document = VoiceResponse()
                document.hangup()
                return str(document)
            case _:
                assert_never(decision)

    def _ask_code(self, decision: AskAccessCode, call_id: str) -> str:
        """A code that was dialled with the number (``,,482913``) is taken while we still ask."""
        gather = Gather(
            num_digits=decision.digits,
            finish_on_key="#",
            timeout=_CODE_TIMEOUT,
            action=self._urls.code(call_id, decision.attempt),
        )
        self._say(gather, Announcement(decision.question.value), decision.locale)
        document = VoiceResponse()
        document.append(gather)
        self._say(document, Announcement(decision.question.unanswered.value), decision.locale)
        document.hangup()
        return str(document)

    def _bridge(self, decision: Bridge, call_id: str, virtual_number: str) -> str:
        extension = decision.counterpart.extension
        document = (
            self._bridges[decision.is_guarded, bool(extension)]
            .replace(_CALL, escape(call_id))
            .replace(_VIRTUAL_NUMBER, escape(virtual_number))
            .replace(_COUNTERPART, decision.counterpart.reveal())
        )
        return document.replace(_EXTENSION, _send_digits(extension)) if extension else document

    def _bridge_template(self, *, is_guarded: bool, has_extension: bool) -> str:
        """Made once by the SDK: the webhook of a call answers a tenth faster when only the values
        that differ are put in."""
        dial = Dial(
            caller_id=_VIRTUAL_NUMBER,  # explicit, or the callee would see the caller's own (P2)
            answer_on_bridge=True,
            timeout=self._ring_timeout,
            time_limit=self._time_limit(is_guarded=is_guarded),
            action=self._urls.dial_ended(_CALL),
        )
        guard = {"url": self._urls.screen(_CALL)} if is_guarded else {}
        dial.number(
            _COUNTERPART,
            status_callback=self._urls.leg(_CALL),
            status_callback_event="answered completed",
            send_digits=_EXTENSION if has_extension else None,
            **guard,
        )
        document = VoiceResponse()
        document.append(dial)
        return str(document)

    def _time_limit(self, *, is_guarded: bool) -> int:
        """It begins when the leg is answered, so the guard's time comes on top of the talk's."""
        guard = LONGEST_GUARD if is_guarded else 0
        return min(self._call_time_limit + guard, _LONGEST_CALL)

    def _ask_human(self, document: VoiceResponse, decision: AskHuman, call_id: str) -> None:
        """The question again and again. After the first one we listen, too: an assistant that asks
        is answered when it has finished. Silence falls through to <Hangup>: without it the legs
        would be bridged."""
        for turn in range(decision.turn, MOST_QUESTIONS):
            is_first = turn == 0
            gather = self._key_gather(
                call_id,
                turn,
                timeout=_FIRST_PAUSE if is_first else _PAUSE,
                **(self._hearing(decision.locale) if is_first else {}),
            )
            self._ask(document, gather, self._question(decision), decision.locale)
        document.hangup()

    def _hearing(self, locale: str) -> dict[str, Any]:
        """No "hello?" cuts the sentence short (TW-speech); nobody needs to know the words."""
        return {
            "input": "dtmf speech",
            "barge_in": False,
            "speech_timeout": _SPEECH_PAUSE,
            "max_speech_time": LONGEST_SPEECH,
            "language": heard_language(locale or self._default_locale),
        }

    def _key_gather(self, call_id: str, turn: int, *, timeout: int, **more: Any) -> Gather:
        return Gather(
            num_digits=1,
            finish_on_key="",
            timeout=timeout,
            action=self._urls.screen_answer(call_id, turn),
            **more,
        )

    def _ask(
        self, document: VoiceResponse, gather: Gather, sentences: list[str], locale: str
    ) -> None:
        for sentence in sentences:
            self._speak(gather, sentence, locale)
        document.append(gather)

    def _question(self, decision: AskHuman) -> list[str]:
        """The board's name first: an assistant may write down no more."""
        locale = decision.locale
        sentences = [self._text(Announcement.GUARD_ABOUT, locale)]
        if decision.who is not None:
            sentences.append(self._who(decision.who, locale))
        if decision.is_unverified:
            sentences.append(self._text(Announcement.GUARD_UNVERIFIED, locale))
        return [*sentences, self._text(Announcement.GUARD_QUESTION, locale)]

    def _who_and_why(self, decision: TellWhoAndAsk) -> list[str]:
        locale = decision.locale
        sentences = [self._who(decision.who, locale)]
        if decision.context:
            why = self._text(Announcement.GUARD_CONTEXT, locale, context=decision.context)
            sentences.append(why)
        return [*sentences, self._text(Announcement.GUARD_AGAIN, locale)]

    def _who(self, who: Identity, locale: str) -> str:
        return self._text(_who(who), locale, name=who.name, organization=who.organization)

    def _say_and_hang_up(self, *announcements: Announcement, locale: str) -> str:
        document = VoiceResponse()
        for announcement in announcements:
            self._say(document, announcement, locale)
        document.hangup()
        return str(document)

    def _say(self, verb: VoiceResponse | Gather, announcement: Announcement, locale: str) -> None:
        self._speak(verb, self._text(announcement, locale), locale)

    def _speak(self, verb: VoiceResponse | Gather, sentence: str, locale: str) -> None:
        """In the voice that is pinned for the language (``config/voices.py``)."""
        language = say_language(locale or self._default_locale)
        verb.say(sentence, language=language, voice=self._voices.get(language))

    def _text(self, announcement: Announcement, locale: str, **values: str) -> str:
        return text(announcement, locale or self._default_locale, board=self._board, **values)


def _send_digits(extension: str) -> str:
    """A phone's comma waits two seconds; Twilio's ``W`` waits one (TW-send-digits)."""
    return extension.replace(",", "WW")


def _who(who: Identity) -> Announcement:
    if who.role is Role.CANDIDATE:
        return Announcement.GUARD_CANDIDATE
    match bool(who.name), bool(who.organization):
        case True, True:
            return Announcement.GUARD_NAMED_RECRUITER_OF
        case True, False:
            return Announcement.GUARD_NAMED_RECRUITER
        case False, True:
            return Announcement.GUARD_RECRUITER_OF
        case _:
            return Announcement.GUARD_RECRUITER


def _rejection() -> str:
    """Busy, and not "out of service": the caller may call again later. Only as the first verb it
    does not answer, and is free (TW-twiml)."""
    document = VoiceResponse()
    document.reject(reason="busy")
    return str(document)


def empty_voice_document() -> str:
    """The answer to a status callback."""
    return str(VoiceResponse())
