"""Stores a person with the phone that was asked for. Tries, in order: keep, change, take over."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.errors import Forbidden, RateLimited
from relay.domain.participant import Participant, Role
from relay.store.people import PutOutcome
from relay.workflows.change_phone import HELD_BY_ANOTHER, PhoneTaken, change_phone
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
) -> None:
    """Puts ``person`` on record. ``known`` is what was there.

    Raises Forbidden, Conflict, RateLimited, Unavailable.
    """
    if _can_conflict(person, known):
        _refuse_directory_readers(services, terms.client_id)
    try:
        _give(services, person, terms, now)
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


def _give(services: Services, person: Participant, terms: PhoneTerms, now: float) -> None:
    outcome = services.store.people.put(person, now=now)
    if outcome is PutOutcome.HELD and not terms.take_over:
        raise PhoneTaken(HELD_BY_ANOTHER)
    if outcome in {PutOutcome.HELD, PutOutcome.OTHER_PHONE}:
        _refuse_without_scope(terms)
        change_phone(services, person, take_over=terms.take_over, renumber=terms.renumber, now=now)


def _refuse_without_scope(terms: PhoneTerms) -> None:
    if not terms.may_change:
        raise Forbidden("Changing a phone that is on record needs the scope `participants`.")
