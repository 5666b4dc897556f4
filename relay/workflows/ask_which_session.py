"""Asks a recruiter of several sessions on one number which of them a text was for (P1)."""

from __future__ import annotations

from relay.carrier import announcements
from relay.domain.session import SessionStatus, pool_of
from relay.workflows.services import Services


def ask_which_session(
    services: Services, message_id: str, *, index: str, number: str, locale: str
) -> str:
    """The words: the question, and the codes and contexts of what is open there. ``index`` is the
    sender's. Raises Unavailable."""
    bound = services.store.sessions.bound_to(pool_of(message_id), index, number)
    return announcements.which_session(
        [(s.access_code, s.context) for s in bound if s.status is SessionStatus.OPEN],
        locale,
        board=services.settings.board_name,
    )
