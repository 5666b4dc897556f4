"""Tells somebody from their new number that it is theirs, and whom or what it is for."""

from __future__ import annotations

from relay.carrier import announcements
from relay.carrier.announcements import Announcement
from relay.domain.texts import SendLease
from relay.workflows.services import Services
from relay.workflows.stamp_words import context_of


def tell_new_number(services: Services, lease: SendLease) -> str:
    """The words. What the session is about stands in them, unless a code prefix says it. Raises
    Unavailable."""
    session = None if lease.code else services.store.sessions.get(lease.session)
    context = context_of(services, session) if session else ""
    announcement = Announcement.NUMBER_CHANGED_FOR if context else Announcement.NUMBER_CHANGED
    return announcements.text(
        announcement, lease.locale, board=services.board.spoken_name, context=context
    )
