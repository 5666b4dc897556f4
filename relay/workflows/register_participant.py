"""Puts a recruiter or a candidate on record, or changes what is known of them."""

from __future__ import annotations

from typing import NamedTuple

import structlog

from relay.domain.participant import CandidateDetails, Participant, RecruiterDetails
from relay.workflows.draw_up_participant import Details, draw_up_participant, read_phone, role_of
from relay.workflows.give_phone import PhoneTerms, give_phone
from relay.workflows.services import Services

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
    terms = PhoneTerms(client_id=client_id, renumber=renumber)
    return _register(services, ref, details, terms, now=now)


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
    terms = PhoneTerms(client_id=client_id, take_over=take_over, renumber=renumber)
    return _register(services, ref, details, terms, now=now)


def _register(
    services: Services, ref: str, details: Details, terms: PhoneTerms, *, now: float
) -> Registered:
    phone, role = read_phone(services, ref, details), role_of(details)
    known = services.store.people.get(role, ref)
    person = draw_up_participant(services, ref, details, phone, known=known)
    services.store.suppressions.carry_over(person.phone_indexes)
    give_phone(services, person, terms, now=now)
    is_new = known is None
    if known:  # Not only when it says news: it may repeat a request that was cut off here.
        services.store.people.refresh_party(role, ref)
    log.info("participant registered", role=role, ref=ref, is_new=is_new)
    return Registered(services.store.people.get(role, ref) or person, is_new)
