"""Finds the phone that a text goes to, and whether it still is its receiver's."""

from __future__ import annotations

from collections.abc import Sequence

from relay.domain.participant import Participant
from relay.domain.phone import PhoneNumber
from relay.domain.session import Session
from relay.domain.texts import SendLease
from relay.workflows.services import Services


def find_receiver(services: Services, lease: SendLease, *, now: float) -> PhoneNumber | None:
    """Returns None when the phone is no longer theirs: somebody else may have it (P1, P2).

    An open session follows its people. Once it has ended, the phone on record must still be the
    one that they had in it, and somebody who was erased has none. A notice about an ended session
    comes without a phone, as the session holds none. Raises Unreadable, Unavailable.
    """
    phone = _sealed_with_it(services, lease)
    session = services.store.sessions.get(lease.session)
    if session is None:
        return None
    if session.is_live(now):
        return phone
    indexes = services.vault.indexes_of(phone.reveal()) if phone else (lease.index,)
    owner = _owner(services, lease, session, indexes)
    if owner is None:
        return None
    return phone or services.vault.unseal_phone(owner.sealed_phone)


def find_attempted(services: Services, lease: SendLease) -> PhoneNumber | None:
    """Returns the phone that the latest attempt went to, whosever it is. None when the text came
    without one, and its receiver has left it since. Raises Unreadable, Unavailable."""
    phone = _sealed_with_it(services, lease)
    session = None if phone else services.store.sessions.get(lease.session)
    if session is None:
        return phone
    owner = _owner(services, lease, session, (lease.index,))
    return services.vault.unseal_phone(owner.sealed_phone) if owner else None


def _sealed_with_it(services: Services, lease: SendLease) -> PhoneNumber | None:
    comes_with_it = lease.sealed_phone or lease.notice is None
    return services.vault.unseal_phone(lease.sealed_phone) if comes_with_it else None


def _owner(
    services: Services, lease: SendLease, session: Session, indexes: Sequence[str]
) -> Participant | None:
    """Returns the receiver, if a phone of one of these indexes still is theirs."""
    person = services.store.people.get(lease.receiver, session.party(lease.receiver).ref)
    return person if person and set(indexes) & set(person.phone_indexes) else None
