"""What the carrier charges traffic by, and an estimate of what that costs.

Its own prices come later, if at all, and one by one. So we count what is on its price list as its
reports come in, and reckon with the prices of ``config/prices.py``. Nothing is refused for that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from relay.domain.policy import DAY
from relay.domain.registration import is_toll_free


class Unit(StrEnum):
    """One line of a carrier's price list. A minute that has begun counts, on each leg of a call;
    a text counts by its segments."""

    MINUTE_IN = "minute_in"
    TOLL_FREE_MINUTE_IN = "toll_free_minute_in"
    MINUTE_OUT = "minute_out"
    #: Listening for speech, once in a call that the guard answers (TW-speech).
    SPEECH = "speech"
    SMS_IN = "sms_in"
    SMS_OUT = "sms_out"
    #: With its pictures, whatever its words.
    MMS_IN = "mms_in"
    FAILED_TEXT = "failed_text"


Charges: TypeAlias = Mapping[Unit, int]


def caller_minutes(duration: int | None, *, virtual_number: str) -> Charges:
    """Of the leg of whoever calls, which lasted so many seconds."""
    is_free = is_toll_free(virtual_number)
    return _minutes(Unit.TOLL_FREE_MINUTE_IN if is_free else Unit.MINUTE_IN, duration)


def leg_minutes(duration: int | None) -> Charges:
    """Of the leg that was dialled, whoever or whatever picked up."""
    return _minutes(Unit.MINUTE_OUT, duration)


def _minutes(unit: Unit, duration: int | None) -> Charges:
    return {unit: -(-duration // 60)} if duration else {}


def text_in(*, segments: int, media: int) -> Charges:
    return {Unit.MMS_IN: 1} if media else {Unit.SMS_IN: segments}


def cost_of(charges: Charges, prices: Mapping[str, Decimal]) -> Decimal:
    """By these prices of units, in the currency of the carrier's account."""
    return sum((prices[unit] * count for unit, count in charges.items()), Decimal())


@dataclass(frozen=True, kw_only=True)
class DayOfTraffic:
    """``day`` is counted since 1970. ``sessions`` were opened that day."""

    day: int
    sessions: int
    charges: Charges


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What a pool's traffic has cost since an instant (POSIX seconds), and how many sessions were
    opened meanwhile. ``cost`` is in the currency of the carrier's account."""

    since: int
    sessions: int
    cost: Decimal


def spending(
    days: Iterable[DayOfTraffic], prices: Mapping[str, Decimal], *, first_day: int, began_at: int
) -> Spending | None:
    """From ``first_day`` on, or since ``began_at`` (POSIX seconds), before which nothing was
    counted; None when there is no such day."""
    counted = [each for each in days if each.day >= first_day]
    if not counted:
        return None
    total: Counter[Unit] = Counter()
    for each in counted:
        total.update(each.charges)
    return Spending(
        since=max(began_at, first_day * DAY),
        sessions=sum(each.sessions for each in counted),
        cost=cost_of(total, prices),
    )
