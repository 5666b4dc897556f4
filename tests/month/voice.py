"""What ``web/voice.py`` answers the carrier's webhooks about calls, at the month's moment instead
of the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.carrier.twiml import VoiceDocuments, empty_voice_document
from relay.carrier.urls import WebhookUrls
from relay.carrier.webhooks import (
    read_call_ended,
    read_code_entry,
    read_dial_report,
    read_inbound_call,
    read_key_press,
    read_leg_report,
)
from relay.workflows.connect_call import AnsweredCall, connect_call, take_code
from relay.workflows.record_call_progress import record_call_end, record_dial, record_leg
from relay.workflows.screen_call import ask_human, take_answer
from relay.workflows.services import Services


def documents_of(services: Services) -> VoiceDocuments:
    settings, board = services.settings, services.board
    return VoiceDocuments(
        WebhookUrls(settings.public_base_url, board.name),
        board_name=board.spoken_name,
        default_locale=board.default_locale,
        voices=settings.say_voices,
        ring_timeout=settings.ring_timeout,
        call_time_limit=settings.call_time_limit,
    )


def answer_call(services: Services, path: Sequence[str], fields: Any, *, now: float) -> str:
    """The document; ``path`` is what follows ``/twilio``. Raises LookupError for another one."""
    match path:
        case ["voice"]:
            call = read_inbound_call(fields)
            return _render(services, connect_call(services, call, now=now), call.called)
        case ["calls", "ended"]:
            record_call_end(services, read_call_ended(fields), now=now)
            return empty_voice_document()
        case [_, "calls", call_id, *during]:
            return _go_on(services, call_id, during, fields, now)
        case _:
            raise LookupError(path)


def _render(services: Services, answered: AnsweredCall, number: str) -> str:
    return documents_of(services).call(
        answered.decision, call_id=answered.id, virtual_number=number
    )


def _go_on(services: Services, call_id: str, during: Sequence[str], fields: Any, now: float) -> str:
    documents = documents_of(services)
    match during:
        case ["code", attempt]:
            entry = read_code_entry(fields)
            answered = take_code(
                services, call_id, entry.call, code=entry.digits, attempt=attempt, now=now
            )
            return _render(services, answered, entry.call.called)
        case ["screen"]:
            decision = ask_human(services, call_id, read_key_press(fields), now=now)
            return documents.screen(decision, call_id=call_id)
        case ["screen", "answer", turn]:
            leg = read_key_press(fields)
            decision = take_answer(services, call_id, leg, turn=turn, now=now)
            return documents.screen(decision, call_id=call_id)
        case ["dialled"]:
            report = read_dial_report(fields)
            return documents.dialled(record_dial(services, call_id, report, now=now))
        case ["leg"]:
            record_leg(services, call_id, read_leg_report(fields), now=now)
            return empty_voice_document()
        case _:
            raise LookupError(during)
