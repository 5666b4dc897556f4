"""Asks a recruiter of several sessions on one number which of them a text was for (P1)."""

from __future__ import annotations

from relay.carrier import announcements
from relay.carrier.announcements import Announcement
from relay.domain.code_prefix import CodePrefix
from relay.domain.gsm7 import fold
from relay.domain.participant import Role
from relay.domain.session import Session
from relay.workflows.services import Services
from relay.workflows.stamp_words import code_prefix_of


def ask_which_session(
    services: Services, *, index: str, number: str, locale: str, now: float
) -> str:
    """The words: the question, and the codes and contexts of the sender's live sessions there; of
    none whose recruiter has left this phone, the one of ``index``. That they are connected no
    longer, when by now none is live. Raises Unavailable."""
    bound = services.store.sessions.bound_to(index, number)
    board = services.board.spoken_name
    prefixes = [
        _code_prefix(services, session)
        for session in bound
        if session.recruiter.phone_index == index and session.is_live(now)
    ]
    options = [(prefix.code, fold(prefix.context)) for prefix in prefixes if prefix.code]
    if not options:
        return announcements.text(Announcement.NO_LONGER_CONNECTED, locale, board=board)
    return announcements.which_session(options, locale, board=board)


def _code_prefix(services: Services, session: Session) -> CodePrefix:
    return code_prefix_of(
        services,
        session,
        Role.RECRUITER,
        code=session.access_code,
        stamped_context=session.stamped_context,
    )
