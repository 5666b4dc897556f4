"""Texts: what the store and the workflows say to each other about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from relay.domain.message_progress import MessageStatus, Reach, Tries, reach_after
from relay.domain.notices import Notice
from relay.domain.opt_out import OptOut
from relay.domain.participant import Role
from relay.domain.session import Session
from relay.domain.trouble import Trouble


def message_id(pool: str, inbound_sid: str) -> str:
    """A relayed text's id, from the one the carrier gave to what came in: taken once only."""
    return f"{pool}.{inbound_sid}"


def second_id(message: str) -> str:
    """The id of the other part of a text that was split; no inbound text has one like it."""
    return f"{message}.2"


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
    #: When the carrier's report of its delivery came in (POSIX seconds).
    delivered_at: int | None = None

    @property
    def tries(self) -> Tries:
        return Tries(
            attempts=self.attempts, expires_at=self.expires_at, had_one_more=self.had_one_more
        )


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


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """``unsent`` texts and notices are not with the carrier yet; the oldest of them could have been
    sent since ``oldest_since`` (POSIX seconds, in the future for one that is for later; None
    without any), whatever has become of its tries. ``unreported`` are there, and nothing is known
    of their end."""

    unsent: int
    oldest_since: float | None
    unreported: int

    def oldest_age(self, now: float) -> float:
        """Seconds for which the oldest could have been sent; 0 without any."""
        return max(now - self.oldest_since, 0.0) if self.oldest_since is not None else 0.0
