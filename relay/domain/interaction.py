"""One call or one message through a session, as the API shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from relay.domain.call_progress import CallStatus
from relay.domain.message_progress import MessageStatus
from relay.domain.participant import Role


class InteractionKind(StrEnum):
    CALL = "call"
    MESSAGE = "message"


class Direction(StrEnum):
    TO_CANDIDATE = "to_candidate"
    TO_RECRUITER = "to_recruiter"

    @classmethod
    def towards(cls, receiver: Role) -> Direction:
        return cls.TO_CANDIDATE if receiver is Role.CANDIDATE else cls.TO_RECRUITER


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """``started_at`` is in POSIX seconds, ``duration`` in seconds; None where it does not apply or
    is not known yet."""

    id: str
    kind: InteractionKind
    direction: Direction
    status: CallStatus | MessageStatus
    started_at: int
    duration: int | None = None
    segments: int | None = None
    media: int | None = None
    error_code: int | None = None
    attestation: str | None = None
