"""Changes what is known of somebody on record, all but their phone."""

from __future__ import annotations

from dataclasses import replace

import structlog

from relay.domain.errors import BeingChanged, Invalid, NotFound
from relay.domain.participant import Participant, RecruiterDetails
from relay.domain.phone import PhoneNumber
from relay.workflows.check_own_numbers import check_own_numbers
from relay.workflows.draw_up_participant import Details, faults_of, role_of, with_details
from relay.workflows.open_seals import open_phone_of
from relay.workflows.services import Services

log = structlog.get_logger()

#: How often somebody whom others change at the same time is looked at again.
_ATTEMPTS = 4


def amend_participant(
    services: Services, ref: str, details: Details, *, client_id: str, now: float
) -> Participant:
    """The person after the change; open sessions follow it. What ``details`` does not say stays,
    and so does the phone. ``client_id`` is the API key's, whose guesses are counted.

    Raises NotFound, Invalid, Conflict for an extension of a phone that cannot be opened,
    RateLimited, Unavailable.
    """
    faults = tuple(faults_of(details, None))
    if faults:
        raise Invalid("Some values cannot be taken.", faults)
    role = role_of(details)
    for _ in range(_ATTEMPTS):
        known = services.store.people.get(role, ref)
        if known is None:
            raise NotFound(f"No {role} has this ref.")
        _check_words(services, known, details, client_id)
        person = _with_extension(services, with_details(services, known, details), details)
        if services.store.people.amend(person, known=known, now=now):
            services.store.people.refresh_party(role, ref)
            log.info("participant changed", role=role, ref=ref)
            return services.store.people.get(role, ref) or person
    raise BeingChanged("The participant is being changed by others; try again.")


def _check_words(services: Services, known: Participant, details: Details, client_id: str) -> None:
    """Raises Invalid for words that hold the person's own number. To compare them with the phone on
    record is counted, as of a session's context: a request with the phone needs no such thing."""
    if not isinstance(details, RecruiterDetails):
        return
    for field in ("name", "organization"):
        words = getattr(details, field)
        if words and words != getattr(known, field):
            check_own_numbers(
                services, words, (known,), latest="", client_id=client_id, pointer=f"/{field}"
            )


def _with_extension(services: Services, person: Participant, details: Details) -> Participant:
    if not isinstance(details, RecruiterDetails) or details.extension is None:
        return person
    phone = PhoneNumber(open_phone_of(services, person).reveal(), details.extension)
    sealed = services.vault.seal_phone(
        phone, board=services.board.name, role=person.role, ref=person.ref
    )
    return replace(person, sealed_phone=sealed, phone_hint=phone.hint)
