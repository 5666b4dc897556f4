"""What a pool's numbers cost, and how far it may go.

A carrier charges a number's month when it is bought, and each month from then on; who gives a
number back gets nothing back. So one that was given back counts against the budget until its month
is over: what is charged in any month stays inside ``monthly_budget``, also of a pool that buys and
gives back in turn.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from relay.domain.pool import Pool
from relay.domain.purchase import FailureCode


@dataclass(frozen=True, kw_only=True)
class Rent:
    """Numbers that a pool rents, counting what is about to be bought and what the carrier has not
    taken back; and those given back whose month is paid for."""

    rented: int
    prepaid: int


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """The most numbers of a pool, by each of its limits; None: no such limit. ``max_numbers`` are
    rented at once, ``monthly_budget`` charged in a month."""

    max_numbers: int | None
    monthly_budget: int | None

    def refusal(self, rent: Rent, *, more: int = 1) -> FailureCode | None:
        """Which limit so many more would pass. The purchase itself is counted in Redis
        (``lua/purchases/reserve_purchase.lua``); this one is for telling early."""
        for code, most, counted in (
            (FailureCode.MAX_NUMBERS, self.max_numbers, rent.rented),
            (FailureCode.MONTHLY_BUDGET, self.monthly_budget, rent.rented + rent.prepaid),
        ):
            if most is not None and counted + more > most:
                return code
        return None


def allowance(pool: Pool) -> Allowance:
    """All numbers of a pool cost the same, so the budget is a count of numbers."""
    by_budget = None
    if pool.monthly_budget is not None and pool.number_rent:
        by_budget = pool.monthly_budget // pool.number_rent
    return Allowance(max_numbers=pool.max_numbers, monthly_budget=by_budget)


@dataclass(frozen=True, kw_only=True)
class Release:
    """A number on its way back to the carrier, or one that its account has lost, which has no
    ``carrier_sid``. ``rented_since`` in POSIX seconds, ``account`` the carrier's that rents it (""
    where that was not noted)."""

    number: str
    carrier_sid: str
    rented_since: int
    account: str = ""

    @property
    def is_lost(self) -> bool:
        return not self.carrier_sid

    def paid_until(self, now: float) -> int:
        """The end of the month that has been charged: the next return of the day and hour on which
        it was rented; in a shorter month, its last day."""
        since, at = (datetime.fromtimestamp(moment, UTC) for moment in (self.rented_since, now))
        ends = (_months_later(since, months) for months in count(1))
        return int(next(end for end in ends if end > at).timestamp())


def _months_later(since: datetime, months: int) -> datetime:
    year, month = divmod(since.year * 12 + since.month - 1 + months, 12)
    day = min(since.day, monthrange(year, month + 1)[1])
    return since.replace(year=year, month=month + 1, day=day)
