"""Stores a person with the phone that was asked for, by the gentlest way that leads there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay.domain.errors import Forbidden, RateLimited
from relay.domain.participant import Participant, Role
from relay.store.people import PhoneChanging, PutOutcome
from relay.workflows.change_phone import HELD_BY_ANOTHER, PhoneTaken, change_phone
from relay.workflows.enter_pool import when_not_changing
from relay.workflows.services import Services

#: After so many phone conflicts in an hour a client may set no more phones until the hour is over,
#: so that conflicts are no directory of who is registered.
MOST_CONFLICTS = 10


@dataclass(frozen=True, kw_only=True)
class PhoneTerms:
    """Who asks, and what they may and want to do when the phone is not simply free."""

    client_id: str
    may_change: bool
    take_over: bool
    renumber: bool


def give_phone(
    services: Services,
    person: Participant,
    known: Participant | None,
    terms: PhoneTerms,
    *,
    now: float,
) -> bool:
    """Puts ``person`` on record; True when they were unknown. ``known`` is what was on record.

    Raises Forbidden, Conflict, RateLimited, Unavailable.
    """
    if _can_conflict(person, known):
        _refuse_directory_readers(services, terms.client_id)
    try:
        return _give(services, person, terms, now)
    except PhoneTaken:
        services.store.people.count_conflict(terms.client_id)
        raise


def _can_conflict(person: Participant, known: Participant | None) -> bool:
    if known is None:
        return person.role is Role.CANDIDATE
    return set(known.phone_indexes).isdisjoint(person.phone_indexes)


def _refuse_directory_readers(services: Services, client_id: str) -> None:
    count, seconds = services.store.people.conflicts_met_by(client_id)
    if count >= MOST_CONFLICTS:
        raise RateLimited("Too many phone conflicts; try again later.", retry_after=seconds)


def _give(services: Services, person: Participant, terms: PhoneTerms, now: float) -> bool:
    outcome = _put(services, person, now)
    match outcome:
        case PutOutcome.OTHER_PHONE:
            _change(services, person, terms, now)
            _put(services, person, now)
        case PutOutcome.HELD:
            if not terms.take_over:
                raise PhoneTaken(HELD_BY_ANOTHER)
            _refuse_without_scope(terms)
            outcome = _put(services, replace(person, sealed_phone="", phone_indexes=()), now)
            _change(services, person, terms, now)
    return outcome is PutOutcome.CREATED


def _put(services: Services, person: Participant, now: float) -> PutOutcome:
    def put_once() -> PutOutcome:
        outcome = services.store.people.put(person, now=now)
        if outcome is PutOutcome.CHANGING:
            raise PhoneChanging
        return outcome

    return when_not_changing(put_once)


def _change(services: Services, person: Participant, terms: PhoneTerms, now: float) -> None:
    _refuse_without_scope(terms)
    change_phone(services, person, take_over=terms.take_over, renumber=terms.renumber, now=now)


def _refuse_without_scope(terms: PhoneTerms) -> None:
    if not terms.may_change:
        raise Forbidden("Changing a phone that is on record needs the scope `participants`.")
