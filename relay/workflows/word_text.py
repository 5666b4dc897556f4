"""Words a text, when it is about to be sent: what somebody wrote, or a notice of ours."""

from __future__ import annotations

from relay.carrier import announcements
from relay.carrier.announcements import Announcement
from relay.domain.notices import Notice
from relay.domain.session import Channel
from relay.domain.texts import SendLease
from relay.workflows.ask_which_session import ask_which_session
from relay.workflows.open_seals import open_text
from relay.workflows.services import Services
from relay.workflows.tell_new_number import tell_new_number

#: Whoever is told this cannot text the other person, and may be able to call.
_TEXTS_DO_NOT_GO = {
    Notice.TEXT_FAILED,
    Notice.TEXTS_NOT_RECEIVED,
    Notice.TEXTS_PAUSED,
    Notice.TEXTS_STOPPED,
}


def words_of(services: Services, lease: SendLease, *, now: float) -> str:
    """Raises Unreadable, Unavailable."""
    if lease.notice is None:
        return open_text(services, lease)
    return _word_notice(services, lease, lease.notice, now)


def _word_notice(services: Services, lease: SendLease, notice: Notice, now: float) -> str:
    if notice is Notice.WHICH_SESSION:
        return ask_which_session(
            services, index=lease.index, number=lease.number, locale=lease.locale, now=now
        )
    if notice is Notice.NUMBER_CHANGED:
        return tell_new_number(services, lease)
    words = announcements.text(
        Announcement(notice), lease.locale, lease.count, board=services.board.spoken_name
    )
    if notice in _TEXTS_DO_NOT_GO and _may_call(services, lease.session, now):
        hint = announcements.text(Announcement.CALL_INSTEAD, lease.locale)
        return announcements.in_one(words, hint)
    return words


def _may_call(services: Services, session_id: str, now: float) -> bool:
    session = services.store.sessions.get(session_id)
    return session is not None and session.is_live(now) and Channel.VOICE in session.channels
