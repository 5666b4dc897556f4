"""The carrier's webhooks about texts: verify, parse, take on or record, answer."""

from __future__ import annotations

from flask import Blueprint, Response

from relay.carrier.replies import CONTENT_TYPE, text_reply
from relay.carrier.webhooks import (
    UnreadableWebhook,
    read_inbound_text,
    read_message_status,
)
from relay.domain.errors import Invalid, NotFound
from relay.metrics import WEBHOOK_SECONDS
from relay.web.auth import signed
from relay.web.current import now, services
from relay.web.problems import relay_problem
from relay.web.signed import follow_number, require_signature, signed_fields
from relay.workflows.record_message_status import record_message_status
from relay.workflows.relay_text import relay_text
from relay.workflows.word_answer import word_answer

messages = Blueprint("messages", __name__, url_prefix="/twilio")
require_signature(messages)


@messages.post("/messages")
@signed
def receive_text() -> Response:
    """A text has come in. What cannot be taken on now gets 503, and the carrier tries again."""
    with WEBHOOK_SECONDS.labels("message").time():
        text = read_inbound_text(signed_fields())
        answer = follow_number(lambda: relay_text(services(), text, now=now()))
        words = word_answer(services(), answer, number=text.virtual_number, now=now())
        return _twiml(text_reply(words))


@messages.post("/<board>/messages/<message_id>/<attempt>/status")
@signed
def receive_status(message_id: str, attempt: str) -> Response:
    with WEBHOOK_SECONDS.labels("message_status").time():
        report = read_message_status(signed_fields())
        if "." not in message_id:
            raise NotFound("There is no such message.")
        record_message_status(services(), message_id, attempt, report, now=now())
        return _twiml(text_reply(""))


@messages.errorhandler(UnreadableWebhook)
def refuse(error: UnreadableWebhook) -> Response:
    return relay_problem(Invalid(str(error)))


def _twiml(document: str) -> Response:
    return Response(document, content_type=CONTENT_TYPE)
