"""Performs TwiML on one leg, verb by verb, document by document (TW-twiml)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from relay.sandbox.calls.gather import gather, listens_for
from relay.sandbox.calls.leg import Leg, LegRedirected
from relay.sandbox.calls.parameters import document_parameters
from relay.sandbox.calls.recording import record
from relay.sandbox.calls.requests import Fetch, Inline, Step
from relay.sandbox.calls.speech import speak
from relay.sandbox.calls.trace import CallTrace
from relay.sandbox.documents import Document, DocumentError, Language, read, read_markup
from relay.sandbox.network import Network
from relay.sandbox.records import OwnedNumber
from relay.sandbox.webhooks.cookies import Cookies
from relay.sandbox.webhooks.journal import Webhook

Ending = Literal["document ended", "hung up", "rejected", "busy", "error"]
APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."
# Twilio knows no such limit; a document that leads to itself has to end somewhere.
MOST_DOCUMENTS = 50
INLINE_URL = "http://inline.invalid/"


class Dialer(Protocol):
    def __call__(self, verb: Element, base: str) -> Step | None: ...


@dataclass(frozen=True)
class Fallback:
    url: str
    method: str


class Performer:
    def __init__(
        self,
        network: Network,
        leg: Leg,
        trace: CallTrace,
        *,
        language: Language = "voice",
        fallback: Fallback | None = None,
        dialer: Dialer | None = None,
        number: OwnedNumber | None = None,
    ) -> None:
        self._network = network
        self._leg = leg
        self._trace = trace
        self._language = language
        self._fallback = fallback
        self._dialer = dialer
        self._number = number
        self._cookies = Cookies()

    def run(self, step: Step) -> Ending:
        """Raises LegOver if a person or REST ends the call first."""
        for _ in range(MOST_DOCUMENTS):
            try:
                following = self._perform(self._load(step))
            except LegRedirected as elsewhere:
                if elsewhere.leg is not self._leg:
                    raise
                following = elsewhere.step
            except DocumentError as problem:
                return self._give_up(problem)
            if isinstance(following, str):
                return following
            step = following
        return self._give_up(DocumentError(11215, "one call fetched more than 50 documents"))

    def tell(self, step: Fetch) -> None:
        """Makes a request whose answer no longer matters, because the caller is gone."""
        self._fetch(step)

    def _give_up(self, problem: DocumentError) -> Ending:
        self._trace.note(problem.code, problem.problem)
        self._leg.answer()
        with contextlib.suppress(LegRedirected):
            self._leg.hear(APPLICATION_ERROR)
        return "error"

    def _load(self, step: Step) -> Document:
        if isinstance(step, Inline):
            verbs = read_markup("voice", INLINE_URL, step.xml, self._network.twiml_documents)
            return Document(INLINE_URL, verbs)
        try:
            return self._fetch(step)
        except DocumentError as problem:
            if self._fallback is None:
                raise
            self._trace.note(problem.code, problem.problem)
            reason = {"ErrorCode": str(problem.code), "ErrorUrl": step.url.partition("#")[0]}
            return self._fetch(Fetch(step.kind, self._fallback.url, self._fallback.method, reason))

    def _fetch(self, step: Fetch) -> Document:
        parameters = document_parameters(self._leg, step.method, self._number)
        self._leg.requests += 1
        webhook = Webhook(
            kind=step.kind,
            url=step.url,
            method=step.method,
            params={**parameters, **step.extra},
            subject=self._leg.record.sid,
            cookies=self._cookies,
        )
        delivery = self._network.dispatch.now(webhook)
        self._leg.check()
        try:
            return read(self._language, delivery, self._network.twiml_documents)
        except DocumentError as problem:
            if problem.code not in delivery.errors:
                delivery.errors.append(problem.code)
                delivery.problems.append(problem.problem)
            raise

    def _perform(self, document: Document) -> Step | Ending:
        if document.plain_text is not None or document.sound:
            self._leg.answer()
            self._leg.hear(document.plain_text or f"[sound {document.url}]")
            return "document ended"
        for verb in document.verbs:
            self._leg.check()
            following = self._verbs()[verb.tag](verb, document.url)
            if following is not None:
                return following
        return "document ended"

    def _verbs(self) -> dict[str, Callable[[Element, str], Step | Ending | None]]:
        return {
            "Say": self._speak,
            "Play": self._speak,
            "Pause": self._speak,
            "Gather": self._gather,
            "Record": self._record,
            "Dial": self._dial,
            "Redirect": self._redirect,
            "Hangup": self._hang_up,
            "Reject": self._reject,
        }

    def _speak(self, verb: Element, base: str) -> None:
        speak(self._leg, verb, base)

    def _gather(self, verb: Element, base: str) -> Step | None:
        if listens_for("speech", verb):
            self._network.account.traffic.recognitions += 1
        return gather(self._leg, verb, base, self._action_kind)

    def _record(self, verb: Element, base: str) -> Step | None:
        return record(self._network, self._leg, verb, base)

    def _dial(self, verb: Element, base: str) -> Step | None:
        if self._dialer is None:
            raise DocumentError(12200, "Dial is not allowed here")
        return self._dialer(verb, base)

    def _redirect(self, verb: Element, base: str) -> Step:
        url = urljoin(base, (verb.text or "").strip())
        return Fetch("voice", url, verb.get("method", "POST").upper())

    def _hang_up(self, _verb: Element, _base: str) -> Ending:
        self._leg.answer()
        return "hung up"

    def _reject(self, verb: Element, _base: str) -> Ending:
        if self._leg.is_answered:
            return "hung up"
        return "busy" if verb.get("reason") == "busy" else "rejected"

    @property
    def _action_kind(self) -> Literal["action", "screen"]:
        return "screen" if self._language == "whisper" else "action"
