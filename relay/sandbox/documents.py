"""Reads a webhook's answer as TwiML, strictly (TW-twiml)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from relay.sandbox.grammar import MESSAGING, VOICE, WHISPER, Grammar, check
from relay.sandbox.webhooks.journal import TwimlDocument, WebhookDelivery

MARKUP_TYPES = frozenset({"text/xml", "application/xml", "text/html"})


class DocumentError(Exception):
    """The answer is no document. `code` is Twilio's error number."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(f"{code}: {problem}")
        self.code = code
        self.problem = problem


@dataclass(frozen=True)
class Document:
    """Verbs to perform, relative to `url`; or plain words, or a sound, in `verbs`' place."""

    url: str
    verbs: tuple[ElementTree.Element, ...] = ()
    plain_text: str | None = None
    sound: bool = False


Language = Literal["voice", "whisper", "messaging"]
_GRAMMARS: dict[Language, Grammar] = {"voice": VOICE, "whisper": WHISPER, "messaging": MESSAGING}


def read(language: Language, delivery: WebhookDelivery, seen: list[TwimlDocument]) -> Document:
    """Raises DocumentError; appends every piece of TwiML to `seen`, good or bad."""
    if not delivery.is_answered:
        raise DocumentError(*_delivery_problem(delivery))
    url = delivery.answered_by
    media_type = delivery.content_type.partition(";")[0].strip().lower()
    if language == "messaging" and not delivery.body.strip():
        return Document(url)
    if media_type in MARKUP_TYPES:
        return Document(url, read_markup(language, url, delivery.body, seen))
    if media_type == "text/plain":
        return _read_plain(language, url, delivery.body, seen)
    if language != "messaging" and media_type.startswith("audio/"):
        return Document(url, sound=True)
    raise DocumentError(12300, f"content type {media_type or '(none)'} is no TwiML")


def read_markup(
    language: Language, url: str, xml: str, seen: list[TwimlDocument]
) -> tuple[ElementTree.Element, ...]:
    seen.append(TwimlDocument("messaging" if language == "messaging" else "voice", url, xml))
    try:
        # Bytes, so that an encoding declaration is legal.
        root = ElementTree.fromstring(xml.encode())  # noqa: S314 - our own relay's answers
    except ElementTree.ParseError as problem:
        raise DocumentError(12100, f"not XML: {problem}") from problem
    if root.tag != "Response":
        raise DocumentError(12100, f"the root is {root.tag}, not Response")
    complaint = check(_GRAMMARS[language], root)
    if complaint:
        raise DocumentError(12200, complaint)
    return tuple(root)


def _read_plain(language: Language, url: str, text: str, seen: list[TwimlDocument]) -> Document:
    """text/plain is TwiML if it is valid, otherwise it is read out or sent to the person."""
    if text.lstrip().startswith("<"):
        try:
            return Document(url, read_markup(language, url, text, seen))
        except DocumentError:
            pass
    return Document(url, plain_text=text)


def _delivery_problem(delivery: WebhookDelivery) -> tuple[int, str]:
    code = delivery.errors[-1] if delivery.errors else 11200
    return code, delivery.problems[-1] if delivery.problems else f"status {delivery.status}"
