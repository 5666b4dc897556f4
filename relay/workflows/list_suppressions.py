"""Lists where a person has stopped texts, and lifts a STOP for an operator.

A STOP must not tell whose a guessed phone is (P2). So each has been said by the person since they
were put on record with their phone, and holds for a number on which they have a session on record:
what their sessions have told anyway (``sms_suspended``).
"""

from __future__ import annotations

import structlog

from relay.domain.errors import NotFound
from relay.domain.opt_out import Suppression
from relay.domain.participant import Participant
from relay.domain.phone import PhoneNumberRefused, normalise_virtual_number
from relay.workflows.services import Services

log = structlog.get_logger()


def list_suppressions(services: Services, person: Participant) -> list[Suppression]:
    """In the order of their places. Raises Unavailable."""
    return _suppressions_at(services, person, _places_of(services, person))


def lift_suppression(services: Services, person: Participant, place: str, *, now: float) -> None:
    """Undoes what keeps a virtual number, or a messaging service, from texting the person, on our
    side alone: a block at the carrier stays until they say START. Raises NotFound, Unavailable."""
    place, places = _normalise(place), _places_of(services, person)
    keeping = [
        each
        for each in _suppressions_at(services, person, places)
        if each.place in {place, places.get(place)}
    ]
    if not keeping:
        raise NotFound("No STOP of this person is on record there.")
    said_since = min(each.said_at for each in keeping)
    services.store.suppressions.lift(
        person.phone_indexes, place, said_since=said_since, said_until=now
    )
    log.info("stop lifted", role=person.role, ref=person.ref, place=place)


def _suppressions_at(
    services: Services, person: Participant, places: dict[str, str]
) -> list[Suppression]:
    held = {*places, *places.values()}
    return [each for each in services.store.suppressions.said_by(person) if each.place in held]


def _places_of(services: Services, person: Participant) -> dict[str, str]:
    """The numbers of their sessions, each with its messaging service or ""."""
    sessions = services.store.sessions.of_participant(person.role, person.ref)
    numbers = {session.virtual_number for session in sessions}
    return services.store.suppressions.services_of(sorted(numbers))


def _normalise(place: str) -> str:
    """A number in the spelling of ours; what is none may be a service's sid."""
    try:
        return normalise_virtual_number(place)
    except PhoneNumberRefused:
        return place
