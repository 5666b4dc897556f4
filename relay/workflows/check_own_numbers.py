"""Refuses a context that holds the number of one of the pair."""

from __future__ import annotations

from collections.abc import Iterable

from relay.domain.errors import Fault, Invalid
from relay.domain.free_text import HOLDS_NUMBER, read_numbers, repeats_phone
from relay.domain.guesses import CONTEXTS
from relay.domain.participant import Participant
from relay.workflows.open_seals import open_phone_of
from relay.workflows.services import Services


def check_own_numbers(
    services: Services,
    context: str,
    people: Iterable[Participant],
    *,
    latest: str,
    client_id: str,
) -> None:
    """Compares digits that may be anybody's with the phones of a pair, and counts that as a guess
    before: the field is no oracle. What the pair's ``latest`` session says already is none. Raises
    Invalid, which names no words, Conflict for a phone that cannot be opened, RateLimited,
    Unavailable."""
    if not read_numbers(context).unexplained:
        return
    session = services.store.sessions.get(latest) if latest else None
    if session and session.context == context:
        return
    people = tuple(people)
    for person in people:
        services.store.people.count_guess(CONTEXTS, person.role, person.ref, client=client_id)
    for person in people:
        if person.sealed_phone and repeats_phone(context, open_phone_of(services, person)):
            raise Invalid("Some values are not allowed.", (Fault("/context", HOLDS_NUMBER),))
