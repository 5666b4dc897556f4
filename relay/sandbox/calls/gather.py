"""Gather: says its piece, waits for keys, listens where it is asked to (TW-gather, TW-speech)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from relay.sandbox.calls.leg import Leg, Utterance
from relay.sandbox.calls.requests import Fetch
from relay.sandbox.calls.speech import speak

SECONDS_PER_KEY = 0.5
#: Silence after which speech is over, and the longest speech, where the verb does not say.
AUTOMATIC_SPEECH_TIMEOUT = 1.0
LONGEST_SPEECH = 60.0


@dataclass(frozen=True)
class Input:
    """What somebody keyed, and the key that ended it; or what they said."""

    digits: str = ""
    finished: str = ""
    words: str = ""

    @property
    def fields(self) -> dict[str, str]:
        if self.words:
            return {"SpeechResult": self.words, "Confidence": "0.9"}
        fields = {"Digits": self.digits, "msg": "Gather End"}
        return {**fields, "FinishedOnKey": self.finished} if self.finished else fields


def gather(leg: Leg, verb: Element, base: str, kind: Literal["action", "screen"]) -> Fetch | None:
    """None if nothing was pressed or said: then the next verb's turn comes."""
    leg.answer()
    leg.lose_sent_keys()
    _ask(leg, verb, base)
    given = _listen(leg, verb)
    if not given.digits and not given.words and verb.get("actionOnEmptyResult") != "true":
        return None
    url = urljoin(base, verb.get("action", ""))
    return Fetch(kind, url, verb.get("method", "POST").upper(), given.fields)


def _ask(leg: Leg, verb: Element, base: str) -> None:
    """A key that the phone sends meanwhile ends the question; so does speech, where it is listened
    to and may barge in."""
    leg.cut_short_at = first = _first_interruption(leg, verb)
    try:
        for nested in verb:
            if first is None or leg.now < first:
                speak(leg, nested, base)
    finally:
        leg.cut_short_at = None


def _first_interruption(leg: Leg, verb: Element) -> float | None:
    moments = [leg.next_key_at()]
    if listens_for("speech", verb) and verb.get("bargeIn", "true") == "true":
        spoken = leg.next_utterance(within=float("inf"))
        moments.append(max(leg.now, spoken.begins) if spoken else None)
    return min((moment for moment in moments if moment is not None), default=None)


def listens_for(what: Literal["dtmf", "speech"], verb: Element) -> bool:
    return what in verb.get("input", "dtmf").split()


def _listen(leg: Leg, verb: Element) -> Input:
    """What is noticed first counts: whoever is speaking then presses keys in vain."""
    timeout = float(verb.get("timeout", "5"))
    spoken = leg.next_utterance(timeout) if listens_for("speech", verb) else None
    if spoken is not None and not _is_keyed_before(spoken, leg, verb):
        return _hear_out(leg, verb, spoken, timeout)
    if not listens_for("dtmf", verb):
        leg.wait(timeout)
        return Input()
    most = int(verb.get("numDigits", "0")) or None
    finish_on = verb.get("finishOnKey", "#")
    if _is_key_coming(leg, timeout):
        return _take_sent(leg, most, finish_on, timeout)
    digits, finished = leg.keypad.take(most, finish_on)
    leg.wait(SECONDS_PER_KEY * (len(digits) + len(finished)))
    if not finished and (most is None or len(digits) < most):
        leg.wait(timeout)
    return Input(digits, finished)


def _is_keyed_before(spoken: Utterance, leg: Leg, verb: Element) -> bool:
    if not listens_for("dtmf", verb) or spoken.begins <= leg.now:
        return False
    sent_at = leg.next_key_at()
    return leg.keypad.is_ready or (sent_at is not None and sent_at < spoken.begins)


def _hear_out(leg: Leg, verb: Element, spoken: Utterance, timeout: float) -> Input:
    begins = max(leg.now, spoken.begins)
    longest = float(verb.get("maxSpeechTime", LONGEST_SPEECH))
    silence = verb.get("speechTimeout", str(timeout))
    quiet = AUTOMATIC_SPEECH_TIMEOUT if silence == "auto" else float(silence)
    leg.wait(min(spoken.ends + quiet, begins + longest) - leg.now)
    return Input(words=spoken.words)


def _take_sent(leg: Leg, most: int | None, finish_on: str, timeout: float) -> Input:
    digits = ""
    while _is_key_coming(leg, timeout):
        leg.wait((leg.next_key_at() or leg.now) - leg.now)
        key = leg.keypad.take_sent()
        if key in finish_on:
            return Input(digits, key)
        digits += key
        if len(digits) == most:
            return Input(digits)
    leg.wait(timeout)
    return Input(digits)


def _is_key_coming(leg: Leg, timeout: float) -> bool:
    key_at = leg.next_key_at()
    return key_at is not None and key_at - leg.now <= timeout
