"""Stores a person with the phone that was asked for. Tries, in order: keep, change, take over."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.errors import PhoneTaken
from relay.domain.participant import Participant
from relay.store.people import PutOutcome
from relay.workflows.change_phone import HELD_BY_ANOTHER, change_phone
from relay.workflows.services import Services


@dataclass(frozen=True, kw_only=True)
class PhoneTerms:
    """Who asks, and what they want done when the phone is not simply free."""

    client_id: str
    renumber: bool
    take_over: bool = False


def give_phone(services: Services, person: Participant, terms: PhoneTerms, *, now: float) -> None:
    """Puts ``person`` on record. Raises Conflict, RateLimited, Unavailable."""
    outcome = services.store.people.put(person, client=terms.client_id, now=now)
    if outcome is PutOutcome.HELD and not terms.take_over:
        raise PhoneTaken(HELD_BY_ANOTHER)
    if outcome in {PutOutcome.HELD, PutOutcome.OTHER_PHONE}:
        change_phone(services, person, take_over=terms.take_over, renumber=terms.renumber, now=now)
