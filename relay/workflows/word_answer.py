"""Words what the sender of a text is told at once, where the carrier waits for an answer."""

from __future__ import annotations

from relay.carrier import announcements
from relay.carrier.announcements import Announcement
from relay.domain.texts import Notice
from relay.workflows.ask_which_session import ask_which_session
from relay.workflows.relay_text import TextAnswer
from relay.workflows.services import Services
from relay.workflows.stamp_words import kept_code_prefix


def word_answer(services: Services, answer: TextAnswer, *, number: str, now: float) -> str:
    """Returns the words, or "" for nobody. A recruiter of several sessions on ``number`` reads by
    code and context which one they are about. Raises Unavailable."""
    accepted = answer.accepted
    if answer.tell is None or accepted is None:
        return ""
    if answer.tell is Notice.WHICH_SESSION:
        return ask_which_session(
            services,
            index=accepted.index,
            number=number,
            locale=answer.locale,
            now=now,
        )
    words = announcements.text(
        Announcement(answer.tell), answer.locale, board=services.board.spoken_name
    )
    return kept_code_prefix(services, accepted, accepted.sender).before(words)
