"""A session: one recruiter-candidate pair on one virtual number until it expires."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from relay.domain.participant import Role

#: Characters of what a session is about.
LONGEST_CONTEXT = 200


class SessionStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ClosedReason(StrEnum):
    BY_API = "closed_by_api"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    SUSPENDED = "suspended"
    ERASED = "erased"
    TAKEN_OVER = "taken_over"
    #: What a session leaves on its former number when it gets another one.
    RENUMBERED = "renumbered"
    #: The account has lost its number, and no other one was free for both.
    NUMBER_LOST = "number_lost"

    @property
    def revokes_calls(self) -> bool:
        """Whether it also takes back the decision of a call that has already begun (P5)."""
        return self in _TAKING_BACK

    @property
    def takes_back_texts(self) -> bool:
        """Whether relayed texts that still wait to be sent are given up."""
        return self in _TAKING_BACK

    @property
    def takes_back_notices(self) -> bool:
        """Whether notices of ours are given up, too: neither side is told anything any more."""
        return self is ClosedReason.ERASED


_TAKING_BACK = {
    ClosedReason.BLOCKED,
    ClosedReason.SUSPENDED,
    ClosedReason.ERASED,
    ClosedReason.TAKEN_OVER,
}


class Channel(StrEnum):
    VOICE = "voice"
    SMS = "sms"


class SessionWarning(StrEnum):
    """What may go otherwise than one expects."""

    #: A phone is abroad: whether the virtual number is shown there as it is, is up to the networks
    #: (TW-caller-id).
    CALLER_ID_MAY_DIFFER = "caller_id_may_differ"


@dataclass(frozen=True, kw_only=True)
class Party:
    """One side of a session. It holds no phone: that is kept with its owner alone."""

    ref: str
    phone_index: str
    locale: str
    #: How their leg is guarded, stamped as in their record.
    stamped_guard: str = ""


class Seals(NamedTuple):
    """The sealed phones of a session's two people, "" for somebody who has none now."""

    recruiter: str
    candidate: str

    def of(self, role: Role) -> str:
        return self.recruiter if role is Role.RECRUITER else self.candidate


@dataclass(frozen=True, kw_only=True)
class Session:
    """Instants are whole POSIX seconds. ``bindings`` counts the (number, phone) pairs it holds."""

    id: str
    status: SessionStatus
    virtual_number: str
    ordinal: int
    recruiter: Party
    candidate: Party
    created_at: int
    expires_at: int
    access_code: str
    channels: frozenset[Channel]
    #: What it is about, as it is kept: stamped, so that nobody else's words are told (P9).
    stamped_context: str = ""
    closed_at: int | None = None
    closed_reason: ClosedReason | None = None
    bindings: int = 2
    previous: str = ""
    #: Phone indexes that a side has left for another phone, and that may still cool for it.
    former: tuple[tuple[Role, str], ...] = ()
    #: The recruiter's phone has several bindings, open or cooling, on the virtual number (P1).
    code_needed: bool = False
    #: Over its id and its two people (P9); a session without a right one connects nobody.
    signature: str = ""

    @property
    def pool(self) -> str:
        return pool_of(self.id)

    @property
    def dial(self) -> str:
        """What a phone dials in one tap: no ``#``, which iPhones refuse in a link."""
        code = f",,{self.access_code}" if self.code_needed else ""
        return f"tel:{self.virtual_number}{code}"

    def is_live(self, now: float) -> bool:
        """Open and not past its expiry, whatever the workers have done about it (P3)."""
        return self.status is SessionStatus.OPEN and now < self.expires_at

    def party(self, role: Role) -> Party:
        return self.recruiter if role is Role.RECRUITER else self.candidate


def pool_of(identifier: str) -> str:
    """The pool that a session's or interaction's id carries: ``us`` of ``us.7k2m9x…``.

    Raises ValueError for an id that carries none.
    """
    pool, separator, rest = identifier.partition(".")
    if not (pool and separator and rest):
        raise ValueError("an id names its pool before the first dot")
    return pool
