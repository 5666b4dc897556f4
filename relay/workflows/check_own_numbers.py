"""Refuses words that hold the number of one of those whom they are about."""

from __future__ import annotations

from collections.abc import Iterable

from relay.domain.errors import Fault, Invalid
from relay.domain.free_text import HOLDS_NUMBER, compared_digits, read_numbers, repeats_phone
from relay.domain.participant import Participant
from relay.workflows.open_seals import open_phone_of
from relay.workflows.services import Services
from relay.workflows.stamp_words import context_of

#: Of 64 characters each: 72 bits.
_FINGERPRINT = 12


def check_own_numbers(
    services: Services,
    context: str,
    people: Iterable[Participant],
    *,
    latest: str,
    client_id: str,
    pointer: str = "/context",
) -> None:
    """Compares digits that may be anybody's with the phones of a pair, and counts that as a guess
    before: the field is no oracle. What was compared with a person today, or stands in the pair's
    ``latest`` session, is none. Raises Invalid at ``pointer``, which names no words, Conflict for
    a phone that cannot be opened, RateLimited, Unavailable."""
    if not read_numbers(context).unexplained:
        return
    session = services.store.sessions.get(latest) if latest else None
    if session and context_of(services, session) == context:
        return
    people, fingerprint = tuple(people), _fingerprint(services, context)
    for person in people:
        services.store.people.count_compared(person.role, person.ref, fingerprint, client=client_id)
    for person in people:
        if person.sealed_phone and repeats_phone(context, open_phone_of(services, person)):
            raise Invalid("Some values are not allowed.", (Fault(pointer, HOLDS_NUMBER),))


def _fingerprint(services: Services, context: str) -> str:
    """Of all that is compared, so that nothing else is asked under it."""
    digits = ",".join(compared_digits(context))
    return services.vault.keyed_hash(digits.encode())[:_FINGERPRINT]
