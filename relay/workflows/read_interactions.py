"""Reads the calls and messages behind the lines of an index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from relay.domain.interaction import Direction, Interaction, InteractionKind
from relay.domain.participant import Role
from relay.domain.session import Session
from relay.domain.texts import Message
from relay.store.calls import CallRecord, call_id
from relay.store.interactions import Place
from relay.workflows.services import Services

#: A session's refs; None of somebody who was erased since.
_Refs = Mapping[Role, str | None]


def read_interactions(
    services: Services, places: Sequence[Place], is_wanted: Callable[[Place, Session], bool]
) -> dict[Place, Interaction]:
    """Those that are wanted and still on record, with their session: a record may have ended its
    retention before its line. In four round trips. Raises Unavailable."""
    ids = list(dict.fromkeys(place.session for place in places))
    sessions = {session.id: session for session in services.store.sessions.of_ids(ids)}
    wanted = {
        place: session
        for place in places
        if (session := sessions.get(place.session)) and is_wanted(place, session)
    }
    refs = _refs_of(services, wanted.values())
    return _read_calls(services, wanted, refs) | _read_texts(services, wanted, refs)


def _refs_of(services: Services, sessions: Iterable[Session]) -> dict[str, _Refs]:
    """By the session's id. Whoever was put on record after it is somebody else, or came again."""
    known = {session.id: session for session in sessions}
    people = ((role, one.party(role).ref) for one in known.values() for role in Role)
    since = services.store.people.known_since(people)

    def ref_in(session: Session, role: Role) -> str | None:
        ref = session.party(role).ref
        put_at = since.get((role, ref))
        return ref if put_at is not None and put_at <= session.created_at else None

    return {
        session.id: {role: ref_in(session, role) for role in Role} for session in known.values()
    }


def _read_calls(
    services: Services, wanted: Mapping[Place, Session], refs: Mapping[str, _Refs]
) -> dict[Place, Interaction]:
    places = {
        call_id(session.pool, place.id): place for place, session in wanted.items() if place.is_call
    }
    records = services.store.calls.of_ids(list(places))
    return {
        places[record.id]: _of_call(record, refs[record.session_id])
        for record in records
        if record.session_id == places[record.id].session
    }


def _read_texts(
    services: Services, wanted: Mapping[Place, Session], refs: Mapping[str, _Refs]
) -> dict[Place, Interaction]:
    places = {place.id: place for place in wanted if not place.is_call}
    records = services.store.messages.read_many(list(places))
    return {
        places[record.id]: _of_text(record, refs[record.session])
        for record in records
        if record and record.session == places[record.id].session
    }


def _of_call(call: CallRecord, refs: _Refs) -> Interaction:
    return Interaction(
        id=call.id,
        session=call.session_id,
        recruiter=refs[Role.RECRUITER],
        candidate=refs[Role.CANDIDATE],
        virtual_number=call.virtual_number,
        kind=InteractionKind.CALL,
        direction=Direction.towards(call.caller.other),
        status=call.status,
        started_at=call.started_at,
        entered_by=call.entered_by,
        duration=call.duration,
        attestation=call.attestation or None,
    )


def _of_text(message: Message, refs: _Refs) -> Interaction:
    return Interaction(
        id=message.id,
        session=message.session,
        recruiter=refs[Role.RECRUITER],
        candidate=refs[Role.CANDIDATE],
        virtual_number=message.number,
        kind=InteractionKind.MESSAGE,
        direction=Direction.towards(message.side),
        status=message.status,
        started_at=int(message.started_at),
        delivered_at=message.delivered_at,
        segments=message.segments,
        media=message.media,
        error_code=message.error_code,
    )
