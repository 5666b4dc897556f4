"""Asks a recruiter of several sessions on one number which of them a text was for (P1)."""

from __future__ import annotations

from relay.carrier import announcements
from relay.carrier.announcements import Announcement
from relay.workflows.services import Services


def ask_which_session(
    services: Services, *, index: str, number: str, locale: str, now: float
) -> str:
    """The words: the question, and the codes and contexts of the sender's live sessions there; of
    none whose recruiter has left this phone, the one of ``index``. That they are connected no
    longer, when by now none is live. Raises Unavailable."""
    bound = services.store.sessions.bound_to(index, number)
    board = services.board.spoken_name
    live = [
        (session.access_code, session.context)
        for session in bound
        if session.recruiter.phone_index == index and session.is_live(now)
    ]
    if not live:
        return announcements.text(Announcement.NO_LONGER_CONNECTED, locale, board=board)
    return announcements.which_session(live, locale, board=board)
