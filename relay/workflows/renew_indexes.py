"""Brings the indexes that a phone is found by, its seal, and its owner's guard up to date with the
keys in use."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.participant import Participant
from relay.vault import Vault
from relay.workflows.open_seals import open_phone_of
from relay.workflows.services import Services
from relay.workflows.stamp_guard import guard_of, stamp_guard


def renew_indexes(services: Services, person: Participant) -> Participant:
    """The same person, found by every index key in use and sealed under the one that seals now;
    stored that way, too, with a STOP of theirs. Unseals the phone only when the keys have changed.
    Raises Conflict when it cannot be opened, Unavailable."""
    vault = services.vault
    if not person.sealed_phone or _is_up_to_date(vault, person):
        return person
    phone = open_phone_of(services, person)
    current = replace(
        person,
        sealed_phone=vault.seal_phone(
            phone, board=services.board.name, role=person.role, ref=person.ref
        ),
        phone_indexes=vault.indexes_of(phone.reveal()),
        index_key_ids=vault.index_key_ids,
        stamped_guard=_stamp_anew(services, person),
    )
    # First, so that whoever dies in between leaves a record that says it is still to be done.
    services.store.suppressions.carry_over(current.phone_indexes)
    services.store.people.reindex(current, known=person)
    return current


def _stamp_anew(services: Services, person: Participant) -> str:
    guard = guard_of(services, person.stamped_guard, role=person.role, ref=person.ref)
    return stamp_guard(services, guard, role=person.role, ref=person.ref)


def _is_up_to_date(vault: Vault, person: Participant) -> bool:
    return person.index_key_ids == vault.index_key_ids and vault.is_current(person.sealed_phone)
