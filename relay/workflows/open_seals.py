"""Opens the phones of a session's two people, and what they text each other, and believes nothing
that the store says (P9).

A seal opens for its owner alone, and a session's signature says who its two people are. So whoever
can write to Redis can break a session, and cannot put another phone into it. What does not fit
raises an alarm.
"""

from __future__ import annotations

from relay.domain.errors import Conflict
from relay.domain.participant import Participant, Role
from relay.domain.phone import PhoneNumber
from relay.domain.session import Seals, Session, pool_of
from relay.domain.texts import SendLease
from relay.store.alarms import Alarm
from relay.vault import Unreadable
from relay.workflows.distrust import distrust
from relay.workflows.services import Services

#: Told of a session that is not ours: whoever runs the service finds why in the log.
NOT_BELIEVED = "The session's record is not to be believed."


def reach(
    services: Services, session: Session, caller: Role, seals: Seals, *, shown: str
) -> PhoneNumber:
    """The counterpart's phone. ``shown`` is the caller's as the carrier shows it. Raises Unreadable
    as the other functions do."""
    _check_genuine(services, session)
    _check_shown(services, session, caller, seals.of(caller), shown)
    return _unseal_side(services, session, caller.other, seals.of(caller.other))


def reach_by_code(
    services: Services, session: Session, caller: Role, seals: Seals, *, code: str
) -> PhoneNumber:
    """The candidate's phone, for a recruiter who may call from any phone: the code that they have
    entered is of this pair."""
    _check_genuine(services, session)
    if caller is not Role.RECRUITER or not services.store.sessions.is_code_of(session, code):
        raise distrust(services, Alarm.CODE, "no code of this recruiter", session=session.id)
    return _unseal_side(services, session, Role.CANDIDATE, seals.candidate)


def check_is_shown(
    services: Services, session: Session, side: Role, sealed: str, shown: str
) -> None:
    """Raises Unreadable unless ``shown``, whom the carrier says that it heard from, is the phone of
    this side of the session, and the session is one of ours."""
    _check_genuine(services, session)
    _check_shown(services, session, side, sealed, shown)


def open_phone(services: Services, session: Session, side: Role, sealed: str) -> PhoneNumber:
    """Raises Unreadable when the session is not one of ours, or the seal is not this person's."""
    _check_genuine(services, session)
    return _unseal_side(services, session, side, sealed)


def open_phone_of(services: Services, person: Participant) -> PhoneNumber:
    """For what the API is asked to do with somebody on record. Raises Conflict when the seal is not
    this person's, or is under a key that has gone: their next PUT seals the phone anew."""
    try:
        return _unseal(services, person.role, person.ref, person.sealed_phone)
    except Unreadable as error:
        raise Conflict(
            f"The {person.role}'s phone on record cannot be opened; "
            f"put the {person.role} on record again.",
            code="phone_unreadable",
        ) from error


def open_text(services: Services, lease: SendLease) -> str:
    """A text's words, for its receiver in its session. Raises Unreadable."""
    if not lease.sealed_text:
        raise Unreadable("its lifetime is over")
    try:
        return services.vault.unseal_text(
            lease.sealed_text,
            board=services.board.name,
            message_id=lease.message,
            session=lease.session,
            reader=lease.receiver,
        )
    except Unreadable as error:
        raise distrust(services, Alarm.SEAL, str(error), message=lease.message) from error


def is_ours(services: Services, session: Session) -> bool:
    """Whether we have put its two people into it, on a number of its pool and with a code of this
    pair. Whoever were told others would call somebody else."""
    sessions = services.store.sessions
    if not sessions.is_genuine(session):
        distrust(services, Alarm.SESSION, "its signature is wrong", session=session.id)
        return False
    if not services.store.numbers.is_in(session.virtual_number, session.pool):
        distrust(services, Alarm.NUMBER, "its number is none of its pool's", session=session.id)
        return False
    if not sessions.is_code_of(session, session.access_code):
        distrust(services, Alarm.CODE, "its code is none of its pair's", session=session.id)
        return False
    return True


def goes_from_ours(services: Services, lease: SendLease) -> bool:
    """Whether the number that a text is to be sent from is one of its session's pool. Raises
    Unavailable."""
    if not services.store.numbers.is_in(lease.number, pool_of(lease.session)):
        distrust(services, Alarm.NUMBER, "its number is none of its pool's", message=lease.message)
        return False
    return True


def _check_genuine(services: Services, session: Session) -> None:
    if not services.store.sessions.is_genuine(session):
        raise distrust(services, Alarm.SESSION, "its signature is wrong", session=session.id)


def _check_shown(services: Services, session: Session, side: Role, sealed: str, shown: str) -> None:
    if _unseal_side(services, session, side, sealed) != PhoneNumber(shown):
        raise distrust(
            services, Alarm.CALLER, f"this is not the {side}'s phone", session=session.id
        )


def _unseal_side(services: Services, session: Session, side: Role, sealed: str) -> PhoneNumber:
    return _unseal(services, side, session.party(side).ref, sealed)


def _unseal(services: Services, role: Role, ref: str, sealed: str) -> PhoneNumber:
    try:
        return services.vault.unseal_phone(sealed, board=services.board.name, role=role, ref=ref)
    except Unreadable as error:
        raise distrust(services, Alarm.SEAL, str(error), role=role, ref=ref) from error
