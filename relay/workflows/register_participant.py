"""Puts a recruiter or a candidate on record, or changes what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import structlog

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
from relay.workflows.give_phone import PhoneTerms, give_phone
from relay.workflows.services import Services
from relay.workflows.stamp_guard import guard_of, stamp_guard

log = structlog.get_logger()


class Registered(NamedTuple):
    participant: Participant
    is_new: bool


def register_recruiter(
    services: Services,
    ref: str,
    details: RecruiterDetails,
    *,
    client_id: str,
    now: float,
    renumber: bool = False,
) -> Registered:
    """``client_id`` is the id of the API key, whose guesses are counted (``docs/threat-model.md``).

    Raises Invalid, Conflict (it names the sessions in the way; ``renumber`` lets just
    them move to other numbers), RateLimited, Unavailable.
    """
    phone = _check(services, ref, details.phone, lambda p: faults_of_recruiter(details, p))
    terms = PhoneTerms(client_id=client_id, take_over=False, renumber=renumber)
    return _register(
        services, Role.RECRUITER, ref, phone=phone, details=details, terms=terms, now=now
    )


def register_candidate(
    services: Services,
    ref: str,
    details: CandidateDetails,
    *,
    client_id: str,
    now: float,
    take_over: bool = False,
    renumber: bool = False,
) -> Registered:
    """As ``register_recruiter``. A phone that another candidate has is a Conflict that never says
    whose; ``take_over`` moves it to this candidate and closes the other's sessions."""
    phone = _check(services, ref, details.phone, lambda _: faults_of_candidate(details))
    terms = PhoneTerms(client_id=client_id, take_over=take_over, renumber=renumber)
    return _register(
        services, Role.CANDIDATE, ref, phone=phone, details=details, terms=terms, now=now
    )


def _check(
    services: Services,
    ref: str,
    phone_text: str,
    faults_of_details: Callable[[PhoneNumber | None], Iterable[Fault]],
) -> PhoneNumber:
    """The phone; raises Invalid with every fault at once, and none that repeats a value."""
    phone, phone_faults = _read_phone(services, phone_text)
    faults = (*faults_of_ref(ref, phone), *phone_faults, *faults_of_details(phone))
    if phone is None or faults:
        raise Invalid("Some values cannot be taken.", faults)
    return phone


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


def _register(
    services: Services,
    role: Role,
    ref: str,
    *,
    phone: PhoneNumber,
    details: RecruiterDetails | CandidateDetails,
    terms: PhoneTerms,
    now: float,
) -> Registered:
    known = services.store.people.get(role, ref)
    indexes = services.vault.indexes_of(phone.reveal())
    extension = _extension_after(services, details, known, indexes)
    phone = PhoneNumber(phone.reveal(), extension)
    person = replace(
        known or _stranger(services, role, ref),
        status=ParticipantStatus.ACTIVE,
        sealed_phone=services.vault.seal_phone(
            phone, board=services.board.name, role=role, ref=ref
        ),
        phone_indexes=indexes,
        index_key_ids=services.vault.index_key_ids,
        phone_hint=phone.hint,
        country=phone.country,
        stamped_guard=_guard_after(services, details, known, role=role, ref=ref),
        **_given(details),
    )
    services.store.suppressions.carry_over(indexes)
    give_phone(services, person, terms, now=now)
    is_new = known is None
    if known:  # Not only when it says news: it may repeat a request that was cut off here.
        services.store.people.refresh_party(role, ref)
    log.info("participant registered", role=role, ref=ref, is_new=is_new)
    return Registered(services.store.people.get(role, ref) or person, is_new)


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


def _guard_after(
    services: Services,
    details: RecruiterDetails | CandidateDetails,
    known: Participant | None,
    *,
    role: Role,
    ref: str,
) -> str:
    """The person's guard after the request, stamped."""
    before = guard_of(services, known.stamped_guard if known else "", role=role, ref=ref)
    return stamp_guard(services, details.guard_after(before), role=role, ref=ref)


def _extension_after(
    services: Services,
    details: RecruiterDetails | CandidateDetails,
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


def _given(details: RecruiterDetails | CandidateDetails) -> dict[str, Any]:
    """What the request says, under the names of a Participant's fields."""
    return {
        field: value
        for field, value in vars(details).items()
        if field not in _TRANSFORMED and value is not None
    }
