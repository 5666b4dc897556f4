"""What an account pays for its numbers (TW-prices)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

MONTHLY = Decimal("1.15")
MONTHLY_TOLL_FREE = Decimal("2.15")


@dataclass
class Rental:
    """One number from its purchase to its release; a number bought again is another rental."""

    number: str
    sid: str
    bought_at: datetime
    monthly_price: Decimal
    released_at: datetime | None = None

    def is_running(self, at: datetime) -> bool:
        return self.bought_at <= at and (self.released_at is None or at < self.released_at)

    def charged(self, until: datetime) -> Decimal:
        """Every month that has begun, from the day of purchase on; nothing is given back."""
        if until < self.bought_at:
            return Decimal()
        end = until if self.released_at is None else min(until, self.released_at)
        return self.monthly_price * _months_begun(self.bought_at, end)


class RentLedger:
    """Every rental there ever was, oldest first. Amounts are in US dollars."""

    def __init__(self) -> None:
        self.rentals: list[Rental] = []

    def begin(self, rental: Rental) -> None:
        self.rentals.append(rental)

    def end(self, sid: str, at: datetime) -> None:
        for rental in self.rentals:
            if rental.sid == sid and rental.released_at is None:
                rental.released_at = at

    def charged(self, until: datetime) -> Decimal:
        """What was charged up to then."""
        return sum((rental.charged(until) for rental in self.rentals), Decimal())

    def monthly(self, at: datetime) -> Decimal:
        """What the numbers rented at that moment cost a month."""
        return _sum_of(rental for rental in self.rentals if rental.is_running(at))

    def highest_monthly(self) -> Decimal:
        """The most that `monthly` has ever been: it only grows at a purchase."""
        return max((self.monthly(rental.bought_at) for rental in self.rentals), default=Decimal())


def _sum_of(rentals: Iterable[Rental]) -> Decimal:
    return sum((rental.monthly_price for rental in rentals), Decimal())


def _months_begun(start: datetime, end: datetime) -> int:
    """A month ends on the same day and at the same time of the next one; the first begins at once.
    Later ones begin a moment after that."""
    months = (end.year - start.year) * 12 + end.month - start.month
    is_past_the_day = _within_month(end) > _within_month(start)
    return max(months + is_past_the_day, 1)


def _within_month(moment: datetime) -> tuple[int, int, int, int, int]:
    return (moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)
