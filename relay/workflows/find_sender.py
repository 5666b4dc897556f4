"""Finds the phone by which the sender of a text is told what became of it (P4)."""

from __future__ import annotations

from relay.domain.errors import Unavailable
from relay.domain.participant import Role
from relay.domain.session import SessionStatus
from relay.workflows.services import Services


def find_sender_phone(services: Services, session_id: str, *, receiver: Role) -> str:
    """The sealed phone of the other side, which a session that has ended holds no more; "" when
    its owner has left it or is no longer on record.

    Raises Unavailable; but where only people's records are away, an open session will do."""
    session = services.store.sessions.get(session_id)
    if session is None:
        return ""
    sender = session.party(receiver.other)
    try:
        person = services.store.people.get(receiver.other, sender.ref)
    except Unavailable:
        if session.status is SessionStatus.OPEN:
            return ""
        raise
    if person is None or sender.phone_index not in person.phone_indexes:
        return ""
    return person.sealed_phone
