"""Gather: says its piece, waits for keys (TW-gather)."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from relay.sandbox.calls.leg import Leg
from relay.sandbox.calls.requests import Fetch
from relay.sandbox.calls.speech import speak

SECONDS_PER_KEY = 0.5


def gather(leg: Leg, verb: Element, base: str, kind: Literal["action", "screen"]) -> Fetch | None:
    """None if nothing was pressed: then the next verb's turn comes."""
    leg.answer()
    leg.lose_sent_keys()
    _ask(leg, verb, base)
    digits, finished = _listen(leg, verb)
    if not digits and verb.get("actionOnEmptyResult") != "true":
        return None
    extra = {"Digits": digits, "msg": "Gather End"}
    if finished:
        extra["FinishedOnKey"] = finished
    url = urljoin(base, verb.get("action", ""))
    return Fetch(kind, url, verb.get("method", "POST").upper(), extra)


def _ask(leg: Leg, verb: Element, base: str) -> None:
    """A key that the phone sends meanwhile ends the question."""
    leg.cut_short_at = first_key = leg.next_key_at()
    try:
        for nested in verb:
            if first_key is None or leg.now < first_key:
                speak(leg, nested, base)
    finally:
        leg.cut_short_at = None


def _listen(leg: Leg, verb: Element) -> tuple[str, str]:
    timeout = float(verb.get("timeout", "5"))
    if "dtmf" not in verb.get("input", "dtmf").split():
        leg.wait(timeout)
        return "", ""
    most = int(verb.get("numDigits", "0")) or None
    finish_on = verb.get("finishOnKey", "#")
    if _is_key_coming(leg, timeout):
        return _take_sent(leg, most, finish_on, timeout)
    digits, finished = leg.keypad.take(most, finish_on)
    leg.wait(SECONDS_PER_KEY * (len(digits) + len(finished)))
    if not finished and (most is None or len(digits) < most):
        leg.wait(timeout)
    return digits, finished


def _take_sent(leg: Leg, most: int | None, finish_on: str, timeout: float) -> tuple[str, str]:
    digits = ""
    while _is_key_coming(leg, timeout):
        leg.wait((leg.next_key_at() or leg.now) - leg.now)
        key = leg.keypad.take_sent()
        if key in finish_on:
            return digits, key
        digits += key
        if len(digits) == most:
            return digits, ""
    leg.wait(timeout)
    return digits, ""


def _is_key_coming(leg: Leg, timeout: float) -> bool:
    key_at = leg.next_key_at()
    return key_at is not None and key_at - leg.now <= timeout
