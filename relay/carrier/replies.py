"""Answers to an inbound text: TwiML with one message, or with none."""

from __future__ import annotations

from twilio.twiml.messaging_response import MessagingResponse

CONTENT_TYPE = "text/xml"


def text_reply(words: str) -> str:
    """The document that texts these words back; an empty one for no words."""
    response = MessagingResponse()
    if words:
        response.message(words)
    return str(response)
