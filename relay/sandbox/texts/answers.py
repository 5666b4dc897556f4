"""Does what the answer to a message webhook asks: texts to send, or another document."""

from __future__ import annotations

from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from relay.sandbox.documents import Document, DocumentError, read
from relay.sandbox.network import Network
from relay.sandbox.records import Message
from relay.sandbox.texts.sender import Sender
from relay.sandbox.webhooks.journal import Webhook

MOST_REPLIES = 10
MOST_DOCUMENTS = 50


def act_on(
    network: Network, sender: Sender, inbound: Message, webhook: Webhook, document: Document
) -> None:
    """Raises DocumentError for a document further on, 14106 and 14109 included."""
    replies = 0
    for _ in range(MOST_DOCUMENTS):
        if document.plain_text is not None:
            sender.reply(inbound, document.plain_text)
            return
        for verb in document.verbs:
            if verb.tag == "Redirect":
                break
            replies += 1
            if replies > MOST_REPLIES:
                raise DocumentError(14109, "more than 10 replies to one message")
            _send(sender, inbound, verb, document.url)
        else:
            return
        document = _fetch(network, webhook, verb, document.url)
    raise DocumentError(14106, "more than 50 documents for one message")


def _send(sender: Sender, inbound: Message, verb: Element, base: str) -> None:
    callback = verb.get("statusCallback") or verb.get("action")
    sender.reply(
        inbound,
        _text_of(verb),
        media=[(item.text or "").strip() for item in verb.iter("Media")],
        to=verb.get("to"),
        from_=verb.get("from"),
        status_callback=urljoin(base, callback) if callback else None,
    )


def _text_of(verb: Element) -> str:
    body = verb.find("Body")
    text = (verb if body is None else body).text
    return (text or "").strip()


def _fetch(network: Network, webhook: Webhook, verb: Element, base: str) -> Document:
    following = Webhook(
        kind="message",
        url=urljoin(base, (verb.text or "").strip()),
        method=verb.get("method", "POST").upper(),
        params=webhook.params,
        subject=webhook.subject,
        cookies=webhook.cookies,
    )
    delivery = network.dispatch.now(following)
    return read("messaging", delivery, network.twiml_documents)
