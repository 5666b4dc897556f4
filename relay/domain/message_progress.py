"""How far a text has come, which failures are worth another try, and when (TW-text-status)."""

from __future__ import annotations

from enum import StrEnum

from relay.domain.trouble import Trouble

RETRY_FOR = 3600
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 300.0
#: A handset that could not be reached is tried once more after this many seconds.
SECOND_DELIVERY_AFTER = 30.0
#: Before an attempt whose outcome is unknown is looked up: its status report may come meanwhile.
REPORT_GRACE = 6.0


class MessageStatus(StrEnum):
    """What the API shows of a message."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in _FINAL

    @property
    def is_failure(self) -> bool:
        return self in {MessageStatus.UNDELIVERED, MessageStatus.FAILED}


_FINAL = {MessageStatus.DELIVERED, MessageStatus.UNDELIVERED, MessageStatus.FAILED}

FINAL_RANK = 5

#: Carrier's word → our status and its rank; a report of no higher rank than what is known is late.
_REPORTS = {
    "accepted": (MessageStatus.QUEUED, 1),
    "scheduled": (MessageStatus.QUEUED, 1),
    "queued": (MessageStatus.QUEUED, 2),
    "sending": (MessageStatus.QUEUED, 3),
    "sent": (MessageStatus.SENT, 4),
    "delivered": (MessageStatus.DELIVERED, FINAL_RANK),
    "partially_delivered": (MessageStatus.DELIVERED, FINAL_RANK),
    "read": (MessageStatus.DELIVERED, FINAL_RANK),
    "undelivered": (MessageStatus.UNDELIVERED, FINAL_RANK),
    "failed": (MessageStatus.FAILED, FINAL_RANK),
    "canceled": (MessageStatus.FAILED, FINAL_RANK),
}

#: A text that the carrier has taken, whatever word it found for that.
TAKEN = (MessageStatus.QUEUED, 1)


def read_status(carrier_word: str) -> tuple[MessageStatus, int] | None:
    """Our status and its rank, or None for a word we do not know: new ones come unannounced."""
    return _REPORTS.get(carrier_word)


def retry_at(
    *, now: float, accepted_at: float, attempts: int, retry_after: float | None, jitter: float
) -> float | None:
    """When to try again, or None once the hour after acceptance is over.

    ``jitter`` is drawn from 0 to 1, so that texts that failed together do not return together. A
    carrier's Retry-After is the least pause.
    """
    pause = min(FIRST_PAUSE * 2 ** max(attempts - 1, 0), LONGEST_PAUSE) * (0.5 + jitter / 2)
    at = now + max(pause, retry_after or 0.0)
    return at if at <= accepted_at + RETRY_FOR else None


def redelivery_at(
    trouble: Trouble | None,
    *,
    now: float,
    accepted_at: float,
    attempts: int,
    redelivered: bool,
    jitter: float,
) -> float | None:
    """When to send a text again that the carrier took and then reported as failed, or None.

    An unreachable handset gets one more try, a full queue as many as the hour holds.
    """
    if trouble is Trouble.UNREACHABLE:
        at = now + SECOND_DELIVERY_AFTER
        return None if redelivered or at > accepted_at + RETRY_FOR else at
    if trouble and trouble.passes:
        return retry_at(
            now=now, accepted_at=accepted_at, attempts=attempts, retry_after=None, jitter=jitter
        )
    return None
