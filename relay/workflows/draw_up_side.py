"""The two people of a session's request: as they are on record, or as it gives them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog

from relay.domain.errors import Conflict, Fault, Invalid, RelayError
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.domain.session import Channel
from relay.store.claims import Given
from relay.workflows.change_phone import change_phone
from relay.workflows.draw_up_participant import Details, draw_up_participant, read_phone
from relay.workflows.renew_indexes import renew_indexes
from relay.workflows.services import Services

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Someone:
    """One side of the pair: a ref, and what to create or update the record with on the way."""

    ref: str
    details: Details | None = None
    take_over: bool = False
    renumber: bool = False


@dataclass(frozen=True, kw_only=True)
class SessionRequest:
    """``ttl`` is in seconds; None takes the pool's default. None of ``channels`` and ``context``
    leaves an open session's as it is; a new one has every channel and no context."""

    recruiter: Someone
    candidate: Someone
    pool: str | None = None
    ttl: int | None = None
    channels: frozenset[Channel] | None = None
    context: str | None = None

    def someone(self, role: Role) -> Someone:
        return self.recruiter if role is Role.RECRUITER else self.candidate


def draw_up_side(
    services: Services, wanted: SessionRequest, role: Role, known: Participant | None
) -> Given | Participant:
    """Somebody as the request gives them, or as they are on record. Raises Invalid, Conflict."""
    someone = wanted.someone(role)
    if someone.details is None:
        return renew_indexes(services, _check_known(role, known))
    with _pointers_below(f"/{role}"):
        phone = read_phone(services, someone.ref, someone.details)
    person = draw_up_participant(services, someone.ref, someone.details, phone, known=known)
    if known and known.phone_indexes and not {*known.phone_indexes} & {*person.phone_indexes}:
        # Also where the session is refused, and the phone stays: no guess is a secret one.
        log.warning("another phone given", role=role, ref=someone.ref)
    services.store.suppressions.carry_over(person.phone_indexes)
    return Given(person, seen=known.phone_indexes if known else ())


@contextmanager
def _pointers_below(pointer: str) -> Iterator[None]:
    """What is wrong with a participant's own body is addressed as the part of ours that it is."""
    try:
        yield
    except RelayError as error:
        error.faults = tuple(
            replace(fault, pointer=f"{pointer}{fault.pointer}") for fault in error.faults
        )
        raise


def _check_known(role: Role, person: Participant | None) -> Participant:
    """Raises Invalid for somebody who is not there, Conflict for somebody without a phone."""
    if person is None:
        raise not_a_session(
            f"/{role}",
            f"no {role} has this ref; a key with the scope participants puts people on record",
        )
    if person.status is ParticipantStatus.WITHOUT_PHONE:
        raise Conflict(
            f"The {role} has no phone: another candidate has taken it over.",
            code="without_phone",
        )
    return person


def give_other_phone(
    services: Services, wanted: SessionRequest, person: Participant, now: float
) -> SessionRequest:
    """Gives somebody the phone that the request says. Returns the request in which they are known
    by their ref. Raises as ``change_phone`` does."""
    role = person.role
    someone = wanted.someone(role)
    with _pointers_below(f"/{role}"):
        change_phone(
            services, person, take_over=someone.take_over, renumber=someone.renumber, now=now
        )
    services.store.people.refresh_party(role, person.ref)
    known = Someone(ref=person.ref)
    if role is Role.RECRUITER:
        return replace(wanted, recruiter=known)
    return replace(wanted, candidate=known)


def not_a_session(pointer: str, detail: str) -> Invalid:
    return Invalid("The session cannot be opened with these values.", (Fault(pointer, detail),))
