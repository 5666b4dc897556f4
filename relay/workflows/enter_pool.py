"""Readies a person for a session in a pool: waits for a phone change to end, brings the indexes
their phone is found by, and its seal, up to date with the keys in use."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from relay.domain.errors import Conflict, NotFound
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.store.people import PhoneChanging
from relay.vault import Vault
from relay.workflows.services import Services

#: How long somebody waits for another request's phone change, in seconds.
PATIENCE = 2.0
_STEP = 0.05
_ATTEMPTS = int(PATIENCE / _STEP)

T = TypeVar("T")


def enter_pool(services: Services, role: Role, ref: str, pool: str) -> Participant:
    """The person as a claim needs them. To be called before every claim, and again after one that
    was answered ``Outdated``.

    Raises NotFound, Conflict (no phone, or one that keeps changing), Unavailable.
    """
    person = when_not_changing(lambda: services.store.people.enter_pool(role, ref, pool))
    if person is None:
        raise NotFound(f"There is no such {role}.")
    if person.status is ParticipantStatus.WITHOUT_PHONE:
        raise Conflict(f"The {role} has no phone: another candidate has taken it over.")
    return up_to_date_participant(services, person)


def up_to_date_participant(services: Services, person: Participant) -> Participant:
    """The same person, found by every index key in use and sealed under the one that seals now;
    stored that way, too, with a STOP of theirs. Unseals the phone only when the keys have changed.
    Raises Unavailable."""
    vault = services.vault
    if not person.sealed_phone or _is_up_to_date(vault, person):
        return person
    phone = vault.unseal_phone(person.sealed_phone)
    current = replace(
        person,
        sealed_phone=vault.seal_phone(phone, anew_from=person.sealed_phone),
        phone_indexes=vault.indexes_of(phone.reveal()),
        index_key_ids=vault.index_key_ids,
    )
    # First, so that whoever dies in between leaves a record that says it is still to be done.
    services.store.suppressions.carry_over(current.phone_indexes)
    services.store.people.reindex(current, known=person)
    return current


def _is_up_to_date(vault: Vault, person: Participant) -> bool:
    return person.index_key_ids == vault.index_key_ids and vault.is_current(person.sealed_phone)


def when_not_changing(attempt: Callable[[], T]) -> T:
    """What ``attempt`` returns, tried again while a phone change is under way. Raises what it
    raises; PhoneChanging, a Conflict, when that takes longer than ``PATIENCE``."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except PhoneChanging:
            time.sleep(_STEP)
    return attempt()
