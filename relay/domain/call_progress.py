"""How a relayed call gets from ringing to its end; reports may come twice, late, in any order.

A report carries a rank; the store takes a status only from a higher one, so a call's record goes
forwards only. The Dial's own report outranks the caller's leg, whose ``completed`` says nothing
about the counterpart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CallStatus(StrEnum):
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    DECLINED = "declined"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        return self not in {CallStatus.RINGING, CallStatus.IN_PROGRESS}


@dataclass(frozen=True, kw_only=True)
class CallProgress:
    """One step: ``status`` counts when ``rank`` is higher than what is known."""

    status: CallStatus
    rank: int
    duration: int | None = None
    leg_sid: str = ""
    accepted: bool = False
    has_ended: bool = False


_RINGING, _ACCEPTED, _DECLINED, _CALLER_GONE, _LEG_OVER, _DIALLED = 0, 10, 20, 30, 35, 40


def taken(leg_sid: str) -> CallProgress:
    """The counterpart took the call."""
    return CallProgress(
        status=CallStatus.IN_PROGRESS, rank=_ACCEPTED, leg_sid=leg_sid, accepted=True
    )


def refused(leg_sid: str) -> CallProgress:
    """The person behind the guard pressed another key."""
    return CallProgress(status=CallStatus.DECLINED, rank=_DECLINED, leg_sid=leg_sid)


def leg_seen(leg_sid: str) -> CallProgress:
    """The counterpart's leg exists; that it was picked up says nothing yet about the person."""
    return CallProgress(status=CallStatus.RINGING, rank=_RINGING, leg_sid=leg_sid)


def leg_over(leg_sid: str, *, duration: int | None) -> CallProgress:
    """The counterpart had taken the call, and their leg has ended, or was seen to be taken only
    after the caller had gone: a talk, whatever the caller's leg said."""
    return CallProgress(
        status=CallStatus.COMPLETED,
        rank=_LEG_OVER,
        duration=duration,
        leg_sid=leg_sid,
        accepted=True,
    )


def caller_gone(*, was_accepted: bool, duration: int | None) -> CallProgress:
    """The caller's leg ended and no Dial report came: they hung up."""
    if was_accepted:
        return CallProgress(
            status=CallStatus.COMPLETED, rank=_CALLER_GONE, duration=duration, has_ended=True
        )
    return CallProgress(status=CallStatus.CANCELED, rank=_CALLER_GONE, has_ended=True)


def dialled(
    dial_status: str,
    *,
    known: CallStatus,
    is_connected: bool,
    duration: int | None,
    leg_sid: str,
) -> CallProgress:
    """What the Dial came to, given what was known of the call before."""
    status = CallStatus.COMPLETED if is_connected else _unconnected(dial_status, known)
    return CallProgress(
        status=status,
        rank=_DIALLED,
        duration=duration if is_connected else None,
        leg_sid=leg_sid,
        has_ended=True,
    )


def is_connected(*, was_bridged: bool, was_accepted: bool, is_guarded: bool) -> bool:
    """Connected means bridged and, behind a guard, accepted: DialCallStatus alone is ``completed``
    for some refused calls, too (TW-whisper)."""
    return was_bridged and (was_accepted or not is_guarded)


def _unconnected(dial_status: str, known: CallStatus) -> CallStatus:
    if known is CallStatus.DECLINED:
        return known
    match dial_status:
        case "busy":
            return CallStatus.BUSY
        case "failed":
            return CallStatus.FAILED
        case "canceled":
            return CallStatus.CANCELED
        case _:
            # Picked up and no key pressed: a voicemail. To the caller that is no answer.
            return CallStatus.NO_ANSWER
