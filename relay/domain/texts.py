"""Texts and notices: what the store and the workflows say to each other about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from relay.domain.message_progress import MessageStatus, Reach, Tries, reach_after
from relay.domain.opt_out import OptOut
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.session import Session
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


def message_id(pool: str, inbound_sid: str) -> str:
    """A relayed text's id, from the one the carrier gave to what came in: taken once only."""
    return f"{pool}.{inbound_sid}"


def second_id(message: str) -> str:
    """The id of the other part of a text that was split; no inbound text has one like it."""
    return f"{message}.2"


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


def notice_of_failure(trouble: Trouble | None) -> Notice:
    """What the sender of a text that was not delivered is told; None: the trouble is our own."""
    match trouble:
        case Trouble.OPTED_OUT:
            return Notice.TEXTS_PAUSED
        case Trouble.LANDLINE | Trouble.NO_HANDSET | Trouble.UNREACHABLE:
            return Notice.TEXTS_NOT_RECEIVED
        case _:
            return Notice.TEXT_FAILED


class AcceptState(StrEnum):
    UNKNOWN_NUMBER = "unknown_number"
    STRANGER = "stranger"
    SEVERAL = "several"
    CLOSED = "closed"
    EXPIRED = "expired"
    NO_SMS = "no_sms"
    OVER_LIMIT = "over_limit"
    #: What the store says of its sender is not true.
    DISTRUSTED = "distrusted"
    DUPLICATE = "duplicate"
    #: Too fast, or the same words again and again.
    HELD = "held"
    ACCEPTED = "accepted"


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """What the store made of a text; the rest is the sender's, if we know them. ``index``: the one
    of their phone's indexes under which it is bound. ``is_one_of_several``: ``session`` is one of
    the sender's there, and nothing says which of them the text was for. ``code`` and its context
    are the code prefix of a refusal to a recruiter of several. ``limit`` is the one of the pool's
    policy that is reached."""

    state: AcceptState
    session: str = ""
    sender: Role | None = None
    locale: str = ""
    index: str = ""
    is_one_of_several: bool = False
    code: str = ""
    stamped_context: str = ""
    limit: str = ""


@dataclass(frozen=True, kw_only=True)
class IncomingText:
    """A text on its way in: when it comes to us, and when it was written (POSIX seconds).

    ``sid`` is the carrier's MessageSid, ``marks`` its own (``store/decided.py``), ``number`` the
    virtual number, whose ``pool`` it is; ``indexes`` are those of the sender's phone.
    ``is_answerable``: the carrier waits for an answer, which it texts back. ``opt_out``: what the
    carrier has taken it for, or would by its default words.
    """

    sid: str
    number: str
    pool: str
    body: str = field(repr=False)
    media: int
    now: float
    said_at: float
    is_answerable: bool
    indexes: tuple[str, ...] = field(repr=False)
    marks: tuple[int, ...]
    opt_out: OptOut = OptOut.NEITHER

    @property
    def id(self) -> str:
        return message_id(self.pool, self.sid)


@dataclass(frozen=True, kw_only=True)
class SupposedSender:
    """Whose text it is by what the store says, and their sealed phone. The store asks for a verdict
    on them."""

    session: Session
    side: Role
    sealed: str = field(repr=False)


@dataclass(frozen=True)
class Vouched:
    """The sender is whom this session says. The text is sealed to it; "" for a picture alone."""

    session: str
    sender: Role
    sealed_text: str = field(repr=False)
    #: A keyed hash of the words.
    words: str = field(repr=False, default="")


@dataclass(frozen=True)
class Distrusted:
    """The sender is not whom this session says."""

    session: str


Verdict: TypeAlias = Vouched | Distrusted


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message or notice as it is on record; never its text. ``side`` is the receiver's."""

    id: str
    session: str
    number: str
    side: Role
    #: The one that the receiver's phone is bound under.
    index: str
    is_notice: bool
    status: MessageStatus
    started_at: float
    attempts: int = 0
    #: As in ``Tries``.
    had_one_more: bool = False
    segments: int | None = None
    media: int = 0
    error_code: int | None = None
    carrier_sids: tuple[str, ...] = ()
    #: The latest attempt's id, and the sid that the carrier gave it; "" while it has none.
    attempt: str = ""
    carrier_sid: str = ""
    #: When the latest attempt was made, and until when there may be one (POSIX seconds).
    attempted_at: float = 0.0
    expires_at: float = 0.0

    @property
    def tries(self) -> Tries:
        return Tries(
            attempts=self.attempts, expires_at=self.expires_at, had_one_more=self.had_one_more
        )


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


class Turn(StrEnum):
    """What may be done with a message that is first in its lane."""

    SEND = "send"
    UNSETTLED = "unsettled"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class SendLease:
    """The lane is ours by ``token`` until then: an instant, like all times here, in POSIX seconds.

    ``sealed_text`` is empty for a notice, and for a message whose body's lifetime is over.
    ``index`` is the one that the receiver's phone is bound under, ``attempt`` the latest one's id.
    ``code``, its context and ``part`` are what is kept of its code prefix (``code_prefix.py``).
    ``expires_at`` ends its tries, ``had_one_more`` is as in ``Tries``, ``count`` is how many a
    notice tells of that counts.
    """

    turn: Turn
    message: str
    token: str
    until: float
    session: str
    receiver: Role
    number: str
    sealed_text: str = field(repr=False)
    attempts: int
    attempt: str
    attempted_at: float
    expires_at: float
    notice: Notice | None
    locale: str
    index: str = ""
    code: str = ""
    stamped_context: str = ""
    part: str = ""
    count: int = 0
    had_one_more: bool = False

    @property
    def tries(self) -> Tries:
        return Tries(
            attempts=self.attempts, expires_at=self.expires_at, had_one_more=self.had_one_more
        )


@dataclass(frozen=True)
class Behind:
    """Another message is first in the lane."""

    head: str


@dataclass(frozen=True)
class NotYet:
    """Somebody else holds the lane, or the next attempt is not due."""

    until: float


@dataclass(frozen=True)
class NothingToSend:
    """The message has left its lane, or there is none of this id."""


@dataclass(frozen=True)
class GivenUp:
    """``counted``: the token was still good. ``next`` is first in the lane now, or ""."""

    counted: bool
    next: str
    sender_told: bool


@dataclass(frozen=True, kw_only=True)
class StatusReport:
    """What the carrier says of an ``attempt``. Only a status of higher ``rank`` replaces what is
    known. ``error_code`` is the carrier's, 0 for none, and ``trouble`` what it means."""

    attempt: str
    sid: str
    status: MessageStatus
    rank: int
    error_code: int = 0
    trouble: Trouble | None = None

    @property
    def reach(self) -> Reach | None:
        return reach_after(self.status, self.trouble)


class ReportOutcome(StrEnum):
    UNKNOWN = "unknown"
    STALE = "stale"
    LATE = "late"
    RECORDED = "recorded"


@dataclass(frozen=True)
class Reported:
    outcome: ReportOutcome
    next: str
    sender_told: bool
