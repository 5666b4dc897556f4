"""How far a text has come, which failures are worth another try, and when (TW-text-status)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.domain.trouble import Trouble

FIRST_PAUSE = 2.0
#: With its jitter, a day of them is some 200 requests for one text.
LONGEST_PAUSE = 600.0
#: What gets one more try gets it after this many seconds.
SECOND_DELIVERY_AFTER = 30.0
#: A number that we have lost, perhaps, is known as lost by then, and the session has another one.
RENUMBERED_AFTER = 60.0
#: What the carrier took for a loop it does not take again within this many seconds (TW-loops).
LOOP_PAUSE = 30.0
#: A number that came to us less than so many seconds ago may still be on its way to be registered.
YOUNG_FOR = 24 * 3600
#: A carrier that asks for a longer pause than a text may wait is tried once more before its end.
LAST_TRY_BEFORE_END = 60.0
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
    #: Taken for an automatic answer, and relayed to nobody.
    HELD = "held"

    @property
    def is_final(self) -> bool:
        return self in _FINAL

    @property
    def is_failure(self) -> bool:
        return self in {MessageStatus.UNDELIVERED, MessageStatus.FAILED}


class OwnFailure(StrEnum):
    """Why a text has failed of which the carrier has said nothing."""

    #: It has no words, and is not relayed.
    PICTURE = "picture"
    #: Nothing can be unsealed of it any more.
    UNREADABLE = "unreadable"
    #: The carrier did not answer for as long as a text may wait.
    NO_ANSWER = "no_answer"


_FINAL = {
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.FAILED,
    MessageStatus.HELD,
}

FINAL_RANK = 5
#: Higher: that a text has arrived is proved, that it has not is somebody's belief.
DELIVERED_RANK = 6

#: Carrier's word → our status and its rank; a report of no higher rank than what is known is late.
_REPORTS = {
    "accepted": (MessageStatus.QUEUED, 1),
    "scheduled": (MessageStatus.QUEUED, 1),
    "queued": (MessageStatus.QUEUED, 2),
    "sending": (MessageStatus.QUEUED, 3),
    "sent": (MessageStatus.SENT, 4),
    "delivered": (MessageStatus.DELIVERED, DELIVERED_RANK),
    "partially_delivered": (MessageStatus.DELIVERED, DELIVERED_RANK),
    "read": (MessageStatus.DELIVERED, DELIVERED_RANK),
    "undelivered": (MessageStatus.UNDELIVERED, FINAL_RANK),
    "failed": (MessageStatus.FAILED, FINAL_RANK),
    "canceled": (MessageStatus.FAILED, FINAL_RANK),
}


def read_status(carrier_word: str) -> tuple[MessageStatus, int] | None:
    """Our status and its rank, or None for a word we do not know: new ones come unannounced."""
    return _REPORTS.get(carrier_word)


def read_taken(carrier_word: str) -> tuple[MessageStatus, int]:
    """The same of a text that the carrier shows to have taken, whatever word it finds for that. How
    one has ended is left to a report, which says why."""
    known = read_status(carrier_word)
    return known if known and not known[0].is_final else (MessageStatus.QUEUED, 1)


#: What may pass so many seconds later, and seldom after that.
_WORTH_ONE_MORE = {
    Trouble.UNREACHABLE: SECOND_DELIVERY_AFTER,
    Trouble.UNCLEAR: SECOND_DELIVERY_AFTER,
    Trouble.NOT_OURS: RENUMBERED_AFTER,
}


@dataclass(frozen=True, kw_only=True)
class Tries:
    """What was tried to send a text, and until when it may be tried (POSIX seconds).

    ``had_one_more``: it got the one more try that some failures are worth (``is_worth_one_more``).
    """

    attempts: int
    expires_at: float
    had_one_more: bool = False


def is_worth_one_more(trouble: Trouble | None) -> bool:
    """Whether another try after such a failure is the only one of its kind that a text gets."""
    return trouble in _WORTH_ONE_MORE


def next_try_at(
    trouble: Trouble | None,
    tries: Tries,
    *,
    now: float,
    jitter: float,
    retry_after: float | None = None,
    is_number_young: bool = False,
) -> float | None:
    """When to send a text again that the carrier refused, or took and reported as failed; None:
    that was its last try.

    ``jitter`` is drawn from 0 to 1, so that texts that failed together do not return together. A
    carrier's Retry-After is the least pause, in seconds, as far as the text may wait.
    """
    if trouble in _WORTH_ONE_MORE:
        at = None if tries.had_one_more else now + _WORTH_ONE_MORE[trouble]
    elif trouble is not None and (
        trouble.passes or (trouble is Trouble.UNREGISTERED and is_number_young)
    ):
        least = LOOP_PAUSE if trouble is Trouble.LOOP else 0.0
        pause = max(_pause(tries.attempts, jitter), least)
        at = _after(now, pause, retry_after, tries)
    else:
        at = None
    return at if at is not None and at <= tries.expires_at else None


def next_look_at(
    tries: Tries,
    *,
    attempted_at: float,
    now: float,
    jitter: float,
    retry_after: float | None = None,
) -> float | None:
    """When to look again whether the carrier took an attempt, where it did not say; None: that was
    the last look. The time since the attempt doubles from one look to the next; the rest is as in
    ``next_try_at``."""
    pause = _bounded(max(now - attempted_at, FIRST_PAUSE), jitter)
    at = _after(now, pause, retry_after, tries)
    return at if at <= tries.expires_at else None


def _after(now: float, pause: float, retry_after: float | None, tries: Tries) -> float:
    asked_for = min(now + (retry_after or 0.0), tries.expires_at - LAST_TRY_BEFORE_END)
    return max(now + pause, asked_for)


def _pause(attempts: int, jitter: float) -> float:
    return _bounded(FIRST_PAUSE * 2 ** min(max(attempts - 1, 0), 30), jitter)


def _bounded(pause: float, jitter: float) -> float:
    return min(pause, LONGEST_PAUSE) * (0.5 + jitter / 2)


class Reach(StrEnum):
    """Whether texts reach a person's phone, by the last one that was tried."""

    OK = "ok"
    LANDLINE = "landline"
    UNREACHABLE = "unreachable"


_REACHES: Mapping[Trouble | None, Reach] = {
    Trouble.LANDLINE: Reach.LANDLINE,
    Trouble.NO_HANDSET: Reach.UNREACHABLE,
    Trouble.UNREACHABLE: Reach.UNREACHABLE,
}


def reach_after(status: MessageStatus, trouble: Trouble | None) -> Reach | None:
    """What a text's last status says of its receiver; None when it says nothing."""
    if status is MessageStatus.DELIVERED:
        return Reach.OK
    return _REACHES.get(trouble) if status.is_failure else None
