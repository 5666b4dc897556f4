"""Notices: what we write to participants ourselves, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from relay.domain.message_progress import OwnFailure
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.trouble import Trouble


class Notice(StrEnum):
    """A text of ours to a participant; its words are the announcement of the same name."""

    TEXT_FAILED = "text_failed"
    TEXTS_NOT_RECEIVED = "texts_not_received"
    MORE_NOT_DELIVERED = "more_not_delivered"
    MORE_PICTURES = "more_pictures"
    TEXTS_HELD = "texts_held"
    TEXTS_PAUSED = "texts_paused"
    TEXTS_STOPPED = "texts_stopped"
    PICTURE_NOT_RELAYED = "picture_not_relayed"
    NOT_CONNECTED = "not_connected"
    NO_LONGER_CONNECTED = "no_longer_connected"
    CALLS_ONLY = "calls_only"
    TEXTS_OVER_LIMIT = "texts_over_limit"
    WHICH_SESSION = "which_session"
    NUMBER_CHANGED = "number_changed"


def notice_id(cause: str, notice: Notice) -> str:
    """A notice's id: one of a kind for each cause."""
    return f"{cause}.{notice}"


#: What a session's side is told at once is not told again within so many seconds; what happens
#: meanwhile is counted, and told at their end.
GATHERED_FOR = 6 * 3600
#: That texts do not reach the other phone at all, or are stopped there, is told so often.
TOLD_EVERY = DAY
#: It is not counted: a phone that answers each notice by itself would be told for ever.
TOLD_DAILY = (Notice.TEXTS_NOT_RECEIVED, Notice.TEXTS_PAUSED)
#: What was held is told so often, and so within the hour.
HELD_FOR = 3000
#: By what is counted that was told at once, where words of the texts may have been delivered.
_MORE = {Notice.PICTURE_NOT_RELAYED: Notice.MORE_PICTURES}
#: What was counted is told so long after the last of it could be, in seconds.
_GATHERING_GRACE = 60


@dataclass(frozen=True, kw_only=True)
class Telling:
    """How somebody is told what happens again and again: by a notice at once, if its ``id`` is
    new. Else it is counted in another one (``more``, ``more_id``) that goes out at ``more_at``; ""
    where nobody is told of it any more."""

    notice: Notice
    id: str
    more: Notice = Notice.MORE_NOT_DELIVERED
    more_id: str = ""
    more_at: float = 0.0


def telling(notice: Notice, *, session: str, to: Role, now: float) -> Telling:
    """``now`` and what follows from it are POSIX seconds."""
    if notice in TOLD_DAILY:
        day = int(now // TOLD_EVERY)
        return Telling(notice=notice, id=notice_id(f"{session}.{to}.{day}", notice))
    period = int(now // GATHERED_FOR)
    told = notice_id(f"{session}.{to}.{period}", notice)
    return Telling(
        notice=notice,
        id=told,
        more=_MORE.get(notice, Notice.MORE_NOT_DELIVERED),
        more_id=f"{told}.more",
        more_at=(period + 1) * GATHERED_FOR + _GATHERING_GRACE,
    )


@dataclass(frozen=True, kw_only=True)
class TellingOfHeld:
    """Somebody's texts that are held are counted in a notice (``id``) that goes out at ``at``;
    ``before`` is the id of the one before it."""

    id: str
    at: float
    before: str


def telling_of_held(*, session: str, to: Role, now: float) -> TellingOfHeld:
    """``now`` is in POSIX seconds."""
    period = int(now // HELD_FOR)
    told, before = (
        notice_id(f"{session}.{to}.{number}", Notice.TEXTS_HELD) for number in (period, period - 1)
    )
    return TellingOfHeld(id=told, at=(period + 1) * HELD_FOR + _GATHERING_GRACE, before=before)


def notice_of_failure(why: Trouble | OwnFailure | None) -> Notice:
    """What the sender of a text that was not delivered is told; None: it is not wanted any more."""
    match why:
        case Trouble.OPTED_OUT:
            return Notice.TEXTS_PAUSED
        case Trouble.LANDLINE | Trouble.NO_HANDSET | Trouble.UNREACHABLE:
            return Notice.TEXTS_NOT_RECEIVED
        case _:
            return Notice.TEXT_FAILED


@dataclass(frozen=True, kw_only=True)
class NoticeReceiver:
    """Whom a notice goes to, at the phone that has this ``index``, from the virtual ``number``.

    ``is_one_of_several``: as in ``Acceptance``; the notice names no session then.
    """

    session: str
    side: Role
    number: str
    index: str
    locale: str
    is_one_of_several: bool = False
