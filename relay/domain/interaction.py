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


class EnteredBy(StrEnum):
    """What let a caller in."""

    #: The number that they showed.
    PHONE = "phone"
    #: An access code, from the phone of the session's recruiter.
    CODE = "code"
    #: The same from another phone, or from one that was hidden.
    CODE_FROM_OTHER_PHONE = "code_from_other_phone"


class Direction(StrEnum):
    TO_CANDIDATE = "to_candidate"
    TO_RECRUITER = "to_recruiter"

    @classmethod
    def towards(cls, receiver: Role) -> Direction:
        return cls.TO_CANDIDATE if receiver is Role.CANDIDATE else cls.TO_RECRUITER


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """Instants are POSIX seconds, ``duration`` is in seconds; None where it does not apply or is
    not known yet. ``recruiter`` and ``candidate`` are refs, None of somebody who was erased since.
    """

    id: str
    session: str
    recruiter: str | None
    candidate: str | None
    virtual_number: str
    kind: InteractionKind
    direction: Direction
    status: CallStatus | MessageStatus
    started_at: int
    entered_by: EnteredBy | None = None
    delivered_at: int | None = None
    duration: int | None = None
    segments: int | None = None
    media: int | None = None
    error_code: int | None = None
    attestation: str | None = None

    @property
    def outcome(self) -> str:
        """Its status in words (docs/outcomes.md)."""
        return _OUTCOMES[self.kind][self.status]


_OUTCOMES: dict[InteractionKind, dict[str, str]] = {
    InteractionKind.CALL: {
        CallStatus.RINGING: "it rings",
        CallStatus.IN_PROGRESS: "they talk",
        CallStatus.COMPLETED: "they talked",
        CallStatus.DECLINED: "declined at the guard's question",
        CallStatus.NO_ANSWER: "nobody took it",
        CallStatus.BUSY: "the line was busy",
        CallStatus.FAILED: "it could not be connected",
        CallStatus.CANCELED: "the caller hung up first",
    },
    InteractionKind.MESSAGE: {
        MessageStatus.RECEIVED: "it waits to be sent",
        MessageStatus.QUEUED: "the carrier has it",
        MessageStatus.SENT: "sent, and no delivery reported",
        MessageStatus.DELIVERED: "delivered",
        MessageStatus.UNDELIVERED: "not delivered",
        MessageStatus.FAILED: "not sent",
        MessageStatus.HELD: "held as an automatic answer, and relayed to nobody",
    },
}
