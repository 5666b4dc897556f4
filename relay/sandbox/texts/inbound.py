"""A text from a person to one of the account's numbers."""

from __future__ import annotations

import mimetypes
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from relay.sandbox.documents import DocumentError, read
from relay.sandbox.network import Network
from relay.sandbox.records import Media, Message, OwnedNumber, Service
from relay.sandbox.texts.answers import act_on
from relay.sandbox.texts.opt_out import Word, read_word, reply_to
from relay.sandbox.texts.parameters import inbound_parameters
from relay.sandbox.texts.segments import count_segments
from relay.sandbox.texts.sender import Sender
from relay.sandbox.texts.trace import SimulatedMessage
from relay.sandbox.webhooks.cookies import Cookies
from relay.sandbox.webhooks.journal import Webhook, WebhookDelivery

COOKIES_LIVE = 4 * 3600.0
MACHINE_MADE = 30039
LONGEST_BODY = 1600


@dataclass(frozen=True)
class _Route:
    url: str
    method: str
    fallback_url: str
    fallback_method: str


class Inbox:
    def __init__(self, network: Network, sender: Sender) -> None:
        self._network = network
        self._sender = sender
        self._lock = threading.Lock()
        self._cookies: dict[tuple[str, str], tuple[Cookies, float]] = {}

    def receive(
        self, sender: str, receiver: str, body: str, media: Sequence[str]
    ) -> SimulatedMessage:
        """Records the text, heeds STOP and START, then calls the webhook in the background."""
        if len(body) > LONGEST_BODY:
            raise ValueError(f"a text has at most {LONGEST_BODY} characters")
        text = SimulatedMessage(sender, receiver, body)
        number = self._network.account.number(receiver)
        if number is None or not number.capabilities.get("sms", False):
            text.done.set()
            return text
        service = self._network.account.services.get(number.service_sid or "")
        if service is not None and service.drops_texts:
            text.done.set()
            return text
        message = self._record(text, service, media)
        text.sid = message.sid
        if self._network.faults.messages.is_machine_made(sender):
            message.error_code = MACHINE_MADE
            text.errors.append(MACHINE_MADE)
            text.done.set()
            return text
        text.word = self._heed(message, number, service)
        self._tell(text, message, number, service)
        return text

    def _record(
        self, text: SimulatedMessage, service: Service | None, media: Sequence[str]
    ) -> Message:
        network = self._network
        message = network.account.add_message(
            text.sender,
            text.receiver,
            text.body,
            direction="inbound",
            status="received",
            prefix="MM" if media else "SM",
        )
        message.service_sid = service.sid if service else None
        message.sent = message.created
        message.num_segments = count_segments(text.body)
        message.media = [
            Media(network.identifiers.new("ME"), _content_type(url), url, message.created)
            for url in media
        ]
        return message

    def _heed(self, message: Message, number: OwnedNumber, service: Service | None) -> Word | None:
        word = read_word(
            message.body,
            is_toll_free=number.is_toll_free,
            keywords=service.keywords if service else None,
        )
        if word is None:
            return None
        account, person = self._network.account, message.from_
        was_blocked = account.is_blocked(person, number.phone_number)
        if word == "STOP":
            account.block(person, number.phone_number)
        elif word == "START":
            account.unblock(person, number.phone_number)
        # An opt-in word from somebody who never opted out is just a word ("yes").
        if word != "START" or was_blocked:
            words = reply_to(word, is_toll_free=number.is_toll_free)
            self._sender.reply(message, words, obeys_block=False)
        return word

    def _tell(
        self,
        text: SimulatedMessage,
        message: Message,
        number: OwnedNumber,
        service: Service | None,
    ) -> None:
        route = _route(number, service)
        if not route.url:
            text.done.set()
            return
        parameters = inbound_parameters(message, self._network)
        if text.word and service and service.advanced_opt_out:
            parameters["OptOutType"] = text.word
        webhook = Webhook(
            kind="message",
            url=route.url,
            method=route.method,
            params=parameters,
            subject=message.sid,
            cookies=self._cookies_of(message),
        )

        def settle(delivery: WebhookDelivery) -> None:
            try:
                self._settle(text, message, webhook, delivery, route)
            finally:
                text.done.set()

        if not self._network.dispatch.soon(webhook, settle):
            text.done.set()

    def _settle(
        self,
        text: SimulatedMessage,
        message: Message,
        webhook: Webhook,
        delivery: WebhookDelivery,
        route: _Route,
    ) -> None:
        text.delivery = delivery
        problem = self._act(message, webhook, delivery)
        if problem is None:
            return
        _note(text, delivery, problem)
        if not route.fallback_url:
            return
        reason = {"ErrorCode": str(problem.code), "ErrorUrl": route.url.partition("#")[0]}
        fallback = Webhook(
            kind="message",
            url=route.fallback_url,
            method=route.fallback_method,
            params={**webhook.params, **reason},
            subject=message.sid,
            cookies=webhook.cookies,
        )
        text.delivery = self._network.dispatch.now(fallback)
        problem = self._act(message, fallback, text.delivery)
        if problem is not None:
            _note(text, text.delivery, problem)

    def _act(
        self, message: Message, webhook: Webhook, delivery: WebhookDelivery
    ) -> DocumentError | None:
        try:
            document = read("messaging", delivery, self._network.twiml_documents)
            act_on(self._network, self._sender, message, webhook, document)
        except DocumentError as problem:
            return problem
        return None

    def _cookies_of(self, message: Message) -> Cookies:
        pair, now = (message.from_, message.to), time.monotonic()
        with self._lock:
            jar, born = self._cookies.get(pair, (Cookies(), now))
            if now - born > COOKIES_LIVE:
                jar, born = Cookies(), now
            self._cookies[pair] = (jar, born)
            return jar


def _route(number: OwnedNumber, service: Service | None) -> _Route:
    """A service's webhook goes before the number's, unless the service says otherwise."""
    if service is None or service.use_inbound_webhook_on_number:
        return _Route(
            number.sms_url, number.sms_method, number.sms_fallback_url, number.sms_fallback_method
        )
    return _Route(
        service.inbound_request_url or "",
        service.inbound_method,
        service.fallback_url or "",
        service.fallback_method,
    )


def _note(text: SimulatedMessage, delivery: WebhookDelivery, problem: DocumentError) -> None:
    text.errors.append(problem.code)
    if problem.code not in delivery.errors:
        delivery.errors.append(problem.code)
        delivery.problems.append(problem.problem)


def _content_type(url: str) -> str:
    return mimetypes.guess_type(url)[0] or "image/jpeg"
