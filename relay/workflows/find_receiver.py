"""Finds the phone that a text goes to, and whether it still is its receiver's."""

from __future__ import annotations

from collections.abc import Sequence

from relay.domain.participant import Participant
from relay.domain.phone import PhoneNumber
from relay.domain.session import Session
from relay.domain.texts import Grant
from relay.workflows.services import Services


class PhoneMoving(Exception):
    """A phone change of the receiver's is between its steps, for seconds."""


def find_receiver(services: Services, grant: Grant, *, now: float) -> PhoneNumber | None:
    """None when the phone is theirs no more: somebody else may have it (P1, P2). An open session
    follows its people; once it has ended, the phone on record must still be the one that they had
    in it. A notice about an ended session comes without one, as the session holds none.

    Raises Unreadable, PhoneMoving, Unavailable.
    """
    phone = _sealed_with_it(services, grant)
    session = services.store.sessions.get(grant.session)
    if session is None or session.is_live(now):
        return phone
    indexes = services.vault.indexes_of(phone.reveal()) if phone else (grant.index,)
    owner = _owner(services, grant, session, indexes)
    if owner is None:
        return None
    return phone or services.vault.unseal_phone(owner.sealed_phone)


def find_attempted(services: Services, grant: Grant) -> PhoneNumber | None:
    """The phone that the latest attempt went to, whosever it is. None when the text came without
    one, and its receiver has left it since. Raises Unreadable, PhoneMoving, Unavailable."""
    phone = _sealed_with_it(services, grant)
    session = None if phone else services.store.sessions.get(grant.session)
    if session is None:
        return phone
    owner = _owner(services, grant, session, (grant.index,))
    return services.vault.unseal_phone(owner.sealed_phone) if owner else None


def _sealed_with_it(services: Services, grant: Grant) -> PhoneNumber | None:
    comes_with_it = grant.sealed_phone or grant.notice is None
    return services.vault.unseal_phone(grant.sealed_phone) if comes_with_it else None


def _owner(
    services: Services, grant: Grant, session: Session, indexes: Sequence[str]
) -> Participant | None:
    """The receiver, if a phone of one of these indexes still is theirs."""
    ref = session.party(grant.receiver).ref
    person = services.store.people.get(grant.receiver, ref)
    return person if person and set(indexes) & set(person.phone_indexes) else None
