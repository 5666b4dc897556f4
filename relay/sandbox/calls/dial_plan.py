"""A Dial verb, read."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from relay.sandbox.documents import DocumentError

# "10 gives closer to 15."
EXTRA_RING_SECONDS = 5.0
MOST_TARGETS = 10


@dataclass(frozen=True)
class Target:
    number: str
    url: str | None
    method: str
    send_digits: str
    status_callback: str | None
    status_callback_method: str
    events: frozenset[str]


@dataclass(frozen=True)
class DialPlan:
    targets: tuple[Target, ...]
    caller_id: str | None
    patience: float
    time_limit: float
    answer_on_bridge: bool
    hangup_on_star: bool
    sequential: bool
    action: str | None
    method: str


def read_dial(verb: Element, base: str) -> DialPlan:
    targets = [_target(noun, base) for noun in verb]
    if bare := (verb.text or "").strip():
        targets.insert(0, _target(Element("Number"), base, bare))
    if len(targets) > MOST_TARGETS:
        raise DocumentError(12200, f"Dial holds more than {MOST_TARGETS} numbers")
    timeout = min(max(int(verb.get("timeout", "30")), 5), 600)
    return DialPlan(
        targets=tuple(targets),
        caller_id=verb.get("callerId"),
        patience=timeout + EXTRA_RING_SECONDS,
        time_limit=float(min(int(verb.get("timeLimit", "14400")), 14_400)),
        answer_on_bridge=verb.get("answerOnBridge") == "true",
        hangup_on_star=verb.get("hangupOnStar") == "true",
        sequential=verb.get("sequential") == "true",
        action=_join(base, verb.get("action")),
        method=verb.get("method", "POST").upper(),
    )


def _target(noun: Element, base: str, number: str | None = None) -> Target:
    return Target(
        number=number or (noun.text or "").strip(),
        url=_join(base, noun.get("url")),
        method=noun.get("method", "POST").upper(),
        send_digits=noun.get("sendDigits", ""),
        status_callback=_join(base, noun.get("statusCallback")),
        status_callback_method=noun.get("statusCallbackMethod", "POST").upper(),
        events=frozenset(noun.get("statusCallbackEvent", "completed").split()),
    )


def _join(base: str, url: str | None) -> str | None:
    return None if url is None else urljoin(base, url)
