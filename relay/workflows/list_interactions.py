"""Lists the calls and messages of a session, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.domain.errors import NotFound
from relay.domain.interaction import Direction, Interaction, InteractionKind
from relay.domain.texts import Message
from relay.store.calls import CallRecord, call_id
from relay.store.interactions import Entry, Interactions
from relay.workflows.services import Services


@dataclass(frozen=True)
class InteractionPage:
    """``last`` is where the next page goes on from; None when there is none."""

    interactions: list[Interaction]
    last: Entry | None


def list_interactions(
    services: Services, session_id: str, *, before: Entry | None, limit: int
) -> InteractionPage:
    """Raises NotFound for an unknown session, Unavailable."""
    session = services.store.sessions.get(session_id)
    if session is None:
        raise NotFound("No session has this id.")
    index = Interactions(services.store.client, services.store.keys)
    entries = index.of_session(session, before=before, count=limit + 1)
    page = entries[:limit]
    known = _read(services, session.pool, page)
    return InteractionPage(
        # A record may have ended its retention before its line in the index.
        [known[entry] for entry in page if entry in known],
        page[-1] if len(entries) > limit else None,
    )


def _read(services: Services, pool: str, page: Sequence[Entry]) -> dict[Entry, Interaction]:
    """The records behind the lines, in two round trips."""
    calls = {call_id(pool, entry.id): entry for entry in page if entry.is_call}
    texts = {entry.id: entry for entry in page if not entry.is_call}
    call_records = services.store.calls.of_ids(list(calls))
    text_records = services.store.messages.read_many(list(texts))
    return {
        **{calls[record.id]: _of_call(record) for record in call_records},
        **{texts[record.id]: _of_text(record) for record in text_records if record},
    }


def _of_call(call: CallRecord) -> Interaction:
    return Interaction(
        id=call.id,
        kind=InteractionKind.CALL,
        direction=Direction.towards(call.caller.other),
        status=call.status,
        started_at=call.started_at,
        duration=call.duration,
        attestation=call.attestation or None,
    )


def _of_text(message: Message) -> Interaction:
    return Interaction(
        id=message.id,
        kind=InteractionKind.MESSAGE,
        direction=Direction.towards(message.side),
        status=message.status,
        started_at=int(message.started_at),
        segments=message.segments,
        media=message.media,
        error_code=message.error_code,
    )
