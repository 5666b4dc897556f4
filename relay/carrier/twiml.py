"""Decisions as TwiML. Every voice document the relay answers is made here."""

from __future__ import annotations

from typing import assert_never
from xml.sax.saxutils import escape

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from relay.carrier.announcements import Announcement, say_language, text
from relay.carrier.urls import WebhookUrls
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
    Reject,
    ScreenDecision,
    TellOutcome,
    TellWhoAndAsk,
)

#: Seconds the guard waits for a key; a voicemail's greeting is usually over by then.
_KEY_TIMEOUT = 6
#: Seconds after the last digit of an access code; a shorter one than the number's longest waits it.
_CODE_TIMEOUT = 5
#: Placeholders in a template for the values of one call; no value can look like them.
_CALL, _VIRTUAL_NUMBER, _COUNTERPART = "$call$", "$virtual$", "$counterpart$"


class VoiceDocuments:
    """Renders decisions for one service: its board's name, its URLs, its limits in seconds."""

    def __init__(
        self,
        urls: WebhookUrls,
        *,
        board_name: str,
        default_locale: str,
        ring_timeout: int,
        call_time_limit: int,
    ) -> None:
        self._urls = urls
        self._board = board_name
        self._default_locale = default_locale
        self._ring_timeout = ring_timeout
        self._call_time_limit = call_time_limit
        self._bridges = {
            is_guarded: self._bridge_template(is_guarded=is_guarded) for is_guarded in (True, False)
        }

    def call(self, decision: CallDecision, *, call_id: str, virtual_number: str) -> str:
        """The answer to a call on a virtual number."""
        match decision:
            case Bridge():
                return self._bridge(decision, call_id, virtual_number)
            case AskAccessCode():
                return self._ask_code(decision, call_id)
            case Decline(refusal=refusal, locale=locale):
                return self._say_and_hang_up(Announcement(refusal.value), locale)
            case Reject():
                return _rejection()
            case _:
                assert_never(decision)

    def screen(self, decision: ScreenDecision, *, call_id: str) -> str:
        """What the guard says to the counterpart, on their leg, before the legs are bridged."""
        document = VoiceResponse()
        match decision:
            case AskHuman(locale=locale, is_unverified=is_unverified):
                names = [Announcement.GUARD_UNVERIFIED] if is_unverified else []
                names.append(Announcement.GUARD_QUESTION)
                sentences = [self._text(name, locale) for name in names]
                self._ask(document, call_id, locale, sentences)
            case TellWhoAndAsk(locale=locale):
                self._ask(document, call_id, locale, self._who_and_why(decision))
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
            case TellOutcome(announcement=name, locale=locale):
                return self._say_and_hang_up(Announcement(name), locale)
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
        language = say_language(decision.locale or self._default_locale)
        gather.say(
            self._text(Announcement(decision.question.value), decision.locale), language=language
        )
        document = VoiceResponse()
        document.append(gather)
        unanswered = Announcement(decision.question.unanswered.value)
        document.say(self._text(unanswered, decision.locale), language=language)
        document.hangup()
        return str(document)

    def _bridge(self, decision: Bridge, call_id: str, virtual_number: str) -> str:
        return (
            self._bridges[decision.is_guarded]
            .replace(_CALL, escape(call_id))
            .replace(_VIRTUAL_NUMBER, escape(virtual_number))
            .replace(_COUNTERPART, decision.counterpart.reveal())
        )

    def _bridge_template(self, *, is_guarded: bool) -> str:
        """Made once by the SDK: the webhook of a call answers a tenth faster when only the three
        values that differ are put in."""
        dial = Dial(
            caller_id=_VIRTUAL_NUMBER,  # explicit, or the callee would see the caller's own (P2)
            answer_on_bridge=True,
            timeout=self._ring_timeout,
            time_limit=self._call_time_limit,
            action=self._urls.dial_ended(_CALL),
        )
        guard = {"url": self._urls.screen(_CALL)} if is_guarded else {}
        dial.number(
            _COUNTERPART,
            status_callback=self._urls.leg(_CALL),
            status_callback_event="answered completed",
            **guard,
        )
        document = VoiceResponse()
        document.append(dial)
        return str(document)

    def _ask(
        self, document: VoiceResponse, call_id: str, locale: str, sentences: list[str]
    ) -> None:
        gather = Gather(
            num_digits=1,
            finish_on_key="",
            timeout=_KEY_TIMEOUT,
            action=self._urls.screen_answer(call_id),
        )
        for sentence in sentences:
            gather.say(sentence, language=say_language(locale or self._default_locale))
        document.append(gather)
        document.hangup()  # Silence falls through to here: without it the legs would be bridged.

    def _who_and_why(self, decision: TellWhoAndAsk) -> list[str]:
        who = self._text(
            _who(decision),
            decision.locale,
            name=decision.name,
            organization=decision.organization,
        )
        why = self._text(Announcement.GUARD_CONTEXT, decision.locale, context=decision.context)
        again = self._text(Announcement.GUARD_AGAIN, decision.locale)
        return [who, why, again] if decision.context else [who, again]

    def _say_and_hang_up(self, announcement: Announcement, locale: str) -> str:
        document = VoiceResponse()
        document.say(
            self._text(announcement, locale), language=say_language(locale or self._default_locale)
        )
        document.hangup()
        return str(document)

    def _text(self, announcement: Announcement, locale: str, **values: str) -> str:
        return text(announcement, locale or self._default_locale, board=self._board, **values)


def _who(decision: TellWhoAndAsk) -> Announcement:
    if decision.caller is Role.CANDIDATE:
        return Announcement.GUARD_CANDIDATE
    match bool(decision.name), bool(decision.organization):
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
