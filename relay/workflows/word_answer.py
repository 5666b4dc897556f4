"""Words what the sender of a text is told at once, where the carrier waits for an answer."""

from __future__ import annotations

from relay.carrier import announcements
from relay.carrier.announcements import Announcement
from relay.domain.charges import Unit
from relay.domain.gsm7 import count_segments
from relay.domain.notices import Notice
from relay.domain.session import pool_of
from relay.domain.texts import Acceptance
from relay.workflows.ask_which_session import ask_which_session
from relay.workflows.relay_text import TextAnswer
from relay.workflows.services import Services
from relay.workflows.stamp_words import kept_code_prefix


def word_answer(services: Services, answer: TextAnswer, *, number: str, now: float) -> str:
    """Returns the words, or "" for nobody. A recruiter of several sessions on ``number`` reads by
    code and context which one they are about. Raises Unavailable."""
    if answer.tell is None or answer.accepted is None:
        return ""
    words = _words(services, answer.tell, answer.accepted, answer.locale, number=number, now=now)
    services.store.pools.charges.count_once(
        pool_of(answer.message),
        {Unit.SMS_OUT: count_segments(words)},
        marks=services.vault.marks_of(f"{answer.message} answered"),
        now=now,
    )
    return words


def _words(
    services: Services, tell: Notice, accepted: Acceptance, locale: str, *, number: str, now: float
) -> str:
    if tell is Notice.WHICH_SESSION:
        return ask_which_session(
            services,
            index=accepted.index,
            number=number,
            locale=locale,
            now=now,
        )
    words = announcements.text(Announcement(tell), locale, board=services.board.spoken_name)
    return kept_code_prefix(services, accepted, accepted.sender).before(words)
