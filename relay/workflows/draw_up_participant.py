"""Draws a participant up as they are on record after a request; stores nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from relay.carrier.countries import why_not_connected
from relay.domain.errors import Fault, Invalid
from relay.domain.participant import (
    CandidateDetails,
    Participant,
    ParticipantStatus,
    RecruiterDetails,
    Role,
    faults_of_candidate,
    faults_of_recruiter,
    faults_of_ref,
)
from relay.domain.phone import PhoneNumber, PhoneNumberRefused, parse_participant_phone
from relay.vault import Unreadable
from relay.workflows.services import Services
from relay.workflows.stamp_guard import guard_of, stamp_guard

Details = RecruiterDetails | CandidateDetails


def read_phone(services: Services, ref: str, details: Details) -> PhoneNumber:
    """The phone of a request. Raises Invalid with all that is wrong with the request at once, and
    nothing that repeats a value."""
    phone, phone_faults = _read_phone(services, details.phone)
    faults = (*faults_of_ref(ref, phone), *phone_faults, *faults_of(details, phone))
    if phone is None or faults:
        raise Invalid("Some values cannot be taken.", faults)
    return phone


def draw_up_participant(
    services: Services,
    ref: str,
    details: Details,
    phone: PhoneNumber,
    *,
    known: Participant | None,
) -> Participant:
    """The person with that phone, and with what the request says of them; what it leaves out is as
    in ``known``, what is on record of them."""
    role, indexes = role_of(details), services.vault.indexes_of(phone.reveal())
    phone = PhoneNumber(phone.reveal(), _extension_after(services, details, known, indexes))
    return replace(
        with_details(services, known or _stranger(services, role, ref), details),
        status=ParticipantStatus.ACTIVE,
        sealed_phone=services.vault.seal_phone(
            phone, board=services.board.name, role=role, ref=ref
        ),
        phone_indexes=indexes,
        index_key_ids=services.vault.index_key_ids,
        phone_hint=phone.hint,
        country=phone.country,
    )


def with_details(services: Services, person: Participant, details: Details) -> Participant:
    """The person with all that the request says but the phone and what belongs to it."""
    before = guard_of(services, person.stamped_guard, role=person.role, ref=person.ref)
    guard = details.guard_after(before)
    return replace(
        person,
        stamped_guard=stamp_guard(services, guard, role=person.role, ref=person.ref),
        **_given(details),
    )


def role_of(details: Details) -> Role:
    return Role.RECRUITER if isinstance(details, RecruiterDetails) else Role.CANDIDATE


def faults_of(details: Details, phone: PhoneNumber | None) -> Iterable[Fault]:
    """What is wrong with what a request says besides the phone."""
    if isinstance(details, RecruiterDetails):
        return faults_of_recruiter(details, phone)
    return faults_of_candidate(details)


def _read_phone(services: Services, text: str) -> tuple[PhoneNumber | None, tuple[Fault, ...]]:
    try:
        phone = parse_participant_phone(text)
    except PhoneNumberRefused as refused:
        return None, (Fault("/phone", str(refused)),)
    if why_not := why_not_connected(phone.country):
        return phone, (Fault("/phone", why_not),)
    if services.store.number_map.is_line_of_ours(phone.reveal()):
        return phone, (Fault("/phone", "one of the relay's own virtual numbers"),)
    return phone, ()


def _stranger(services: Services, role: Role, ref: str) -> Participant:
    return Participant(
        ref=ref,
        role=role,
        status=ParticipantStatus.WITHOUT_PHONE,
        sealed_phone="",
        phone_indexes=(),
        phone_hint="",
        country="",
        locale=services.board.default_locale,
    )


def _extension_after(
    services: Services,
    details: Details,
    known: Participant | None,
    indexes: tuple[str, ...],
) -> str:
    """The extension after the request: the one that it says, else that of the same phone before."""
    if isinstance(details, CandidateDetails):
        return ""
    if details.extension is not None:
        return details.extension
    if known is None or not set(known.phone_indexes) & set(indexes):
        return ""
    try:
        before = services.vault.unseal_phone(
            known.sealed_phone, board=services.board.name, role=known.role, ref=known.ref
        )
    except Unreadable:  # sealed under a key that has gone: this request mends that
        return ""
    return before.extension


#: Details that go into a Participant in another form.
_TRANSFORMED = {"phone", "extension", "screen_calls", "guard", "guard_style"}


def _given(details: Details) -> dict[str, Any]:
    """What the request says, under the names of a Participant's fields."""
    return {
        field: value
        for field, value in vars(details).items()
        if field not in _TRANSFORMED and value is not None
    }
