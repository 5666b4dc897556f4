"""Opens the phones of a session's two people, and believes nothing that the store says (P9).

A seal opens for its owner alone, and a session's signature says who its two people are. So whoever
can write to Redis can break a session, and cannot put another phone into it. What does not fit
raises an alarm.
"""

from __future__ import annotations

import structlog

from relay.domain.participant import Participant, Role
from relay.domain.phone import PhoneNumber
from relay.domain.session import Session
from relay.metrics import DISTRUSTED_RECORDS
from relay.vault import Unreadable
from relay.workflows.services import Services

log = structlog.get_logger()


def check_is_shown(
    services: Services, session: Session, side: Role, sealed: str, shown: str
) -> None:
    """Raises Unreadable unless ``shown``, whom the carrier says that it heard from, is the phone of
    this side of the session."""
    if open_phone(services, session, side, sealed).reveal() != shown:
        raise _alarm("caller", f"this is not the {side}'s phone", session=session.id)


def open_phone(services: Services, session: Session, side: Role, sealed: str) -> PhoneNumber:
    """Raises Unreadable when the session is not one of ours, or the seal is not this person's."""
    if not services.store.sessions.is_genuine(session):
        raise _alarm("session", "the session's signature is wrong", session=session.id)
    return _unseal(services, side, session.party(side).ref, sealed)


def open_phone_of(services: Services, person: Participant) -> PhoneNumber:
    """Raises Unreadable when the seal is not this person's."""
    return _unseal(services, person.role, person.ref, person.sealed_phone)


def _unseal(services: Services, role: Role, ref: str, sealed: str) -> PhoneNumber:
    try:
        return services.vault.unseal_phone(sealed, board=services.board.name, role=role, ref=ref)
    except Unreadable as error:
        raise _alarm("seal", str(error), role=role, ref=ref) from error


def _alarm(record: str, why: str, **ids: str) -> Unreadable:
    DISTRUSTED_RECORDS.labels(record).inc()
    log.error("record not trusted", record=record, why=why, **ids)
    return Unreadable(why)
