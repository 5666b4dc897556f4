"""Finds the phone that a text goes to, and whether it still is its receiver's."""

from __future__ import annotations

from relay.domain.phone import PhoneNumber
from relay.domain.session import Session
from relay.domain.texts import SendLease
from relay.workflows.open_seals import open_phone
from relay.workflows.services import Services


class PhoneChanged(Exception):
    """The receiver has got another phone since the text's turn began: it begins anew."""


def find_receiver(services: Services, lease: SendLease, *, now: float) -> PhoneNumber | None:
    """Returns None when the phone is no longer theirs: somebody else may have it (P1, P2).

    An open session follows its people. Once it has ended, the phone on record must still be the
    one that they had in it, and somebody who was erased has none. Raises PhoneChanged, Unreadable,
    Unavailable.
    """
    session = services.store.sessions.get(lease.session)
    phone = _phone_on_record(services, lease, session) if session else None
    if phone is None:
        return None
    if lease.index in services.vault.indexes_of(phone.reveal()):
        return phone
    after = services.store.sessions.get(lease.session)
    if after and after.is_live(now) and after.party(lease.receiver).phone_index != lease.index:
        raise PhoneChanged
    return None


def _phone_on_record(services: Services, lease: SendLease, session: Session) -> PhoneNumber | None:
    side = lease.receiver
    person = services.store.people.get(side, session.party(side).ref)
    if person is None or not person.sealed_phone:
        return None
    return open_phone(services, session, side, person.sealed_phone)
