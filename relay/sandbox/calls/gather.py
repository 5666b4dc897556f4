"""Gather: says its piece, waits for keys (FACTS 1.2)."""

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
    for nested in verb:
        speak(leg, nested, base)
    digits, finished = _listen(leg, verb)
    if not digits and verb.get("actionOnEmptyResult") != "true":
        return None
    extra = {"Digits": digits, "msg": "Gather End"}
    if finished:
        extra["FinishedOnKey"] = finished
    url = urljoin(base, verb.get("action", ""))
    return Fetch(kind, url, verb.get("method", "POST").upper(), extra)


def _listen(leg: Leg, verb: Element) -> tuple[str, str]:
    timeout = float(verb.get("timeout", "5"))
    if "dtmf" not in verb.get("input", "dtmf").split():
        leg.wait(timeout)
        return "", ""
    most = int(verb.get("numDigits", "0")) or None
    digits, finished = leg.keypad.take(most, verb.get("finishOnKey", "#"))
    leg.wait(SECONDS_PER_KEY * (len(digits) + len(finished)))
    if not finished and (most is None or len(digits) < most):
        leg.wait(timeout)
    return digits, finished
