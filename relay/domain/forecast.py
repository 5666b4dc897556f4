"""When a pool will run out of numbers at the present rate, and what one more number would change.

The bound that decides is the busiest candidate's with access codes, else the busiest person's
(König). As it grows, headroom shrinks: the pool is exhausted when there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from relay.domain.charges import Spending
from relay.domain.policy import DAY
from relay.domain.pool import WEEK, Pool, PoolFigures

#: The present rate is that of so many seconds.
LOOK_BACK = WEEK
#: Less than a day says more about the time of day than about growth.
LEAST_SPAN = DAY
#: Of traffic, in seconds; rent is charged by the calendar's.
MONTH = 365 * DAY // 12
#: A growth that needs longer than this is none that anybody plans for, in days.
_FARTHEST = 3650.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A pool at a moment ``at`` (POSIX seconds)."""

    at: int
    bound: int
    candidate_bound: int
    allocatable: int
    open_sessions: int
    cooling_bindings: int


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Of the bound that decides, a day: the slope of the least-squares line through ``samples``
    samples between two instants."""

    per_day: float
    samples: int
    since: int
    until: int


@dataclass(frozen=True, kw_only=True)
class OneMore:
    """The pool with one more number. ``recruiters_freed`` phones could have all their sessions on
    numbers of their own, and ``sessions_freed`` bindings could do without a code: at best, once
    sessions have been given out anew."""

    headroom: int
    days_to_exhaustion: float | None
    monthly_rent: int
    recruiters_freed: int
    sessions_freed: int


@dataclass(frozen=True, kw_only=True)
class SessionCost:
    """What a session costs on average, by the ``sessions`` that were opened since an instant: its
    share of the pool's ``rent`` and ``traffic``, in the currency of the carrier's account."""

    sessions: int
    since: int
    rent: Decimal
    traffic: Decimal


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """``growth`` is None while there is too little history, ``days_to_exhaustion`` also when the
    bound does not grow. Rent is in cents. ``monthly_traffic`` is an estimate in whole units of the
    currency; None while less than a day of traffic is known. ``codes_share`` is the share of
    recruiters' phones that share a number with themselves; None without recruiters."""

    deciding_bound: int
    numbers: int
    headroom: int
    growth: Growth | None
    days_to_exhaustion: float | None
    monthly_rent: int
    monthly_traffic: Decimal | None
    session_cost: SessionCost | None
    codes_share: float | None
    one_more: OneMore


def forecast(
    pool: Pool,
    figures: PoolFigures,
    history: Sequence[Sample],
    *,
    now: float,
    beyond_all: int,
    beyond_one_more: int,
    spent: Spending | None,
) -> Forecast:
    """``beyond_all`` recruiters' phones have more bindings than there are allocatable numbers,
    ``beyond_one_more`` more than with another number. ``spent``: on traffic, lately."""
    growth = growth_of(history, with_codes=figures.access_codes, now=now)
    rented = _rented(figures)
    monthly_rent = rented * pool.number_rent
    return Forecast(
        deciding_bound=figures.deciding_bound,
        numbers=figures.allocatable,
        headroom=figures.headroom,
        growth=growth,
        days_to_exhaustion=_days(figures.headroom, growth),
        monthly_rent=monthly_rent,
        monthly_traffic=_monthly_traffic(spent, now),
        session_cost=_session_cost(spent, monthly_rent, now),
        codes_share=figures.on_codes / figures.recruiters if figures.recruiters else None,
        one_more=OneMore(
            headroom=figures.headroom + 1,
            days_to_exhaustion=_days(figures.headroom + 1, growth),
            monthly_rent=(rented + 1) * pool.number_rent,
            recruiters_freed=beyond_all - beyond_one_more if figures.allocatable else 0,
            sessions_freed=_sessions_freed(figures, beyond_all, beyond_one_more),
        ),
    )


def _monthly_traffic(spent: Spending | None, now: float) -> Decimal | None:
    if spent is None or now - spent.since < LEAST_SPAN:
        return None
    return spent.cost * MONTH / int(now - spent.since)


def _session_cost(spent: Spending | None, monthly_rent: int, now: float) -> SessionCost | None:
    """None also when no session was opened, whatever goes on in older ones."""
    if spent is None or not spent.sessions or now - spent.since < LEAST_SPAN:
        return None
    rent = Decimal(monthly_rent) / 100 * int(now - spent.since) / MONTH
    return SessionCost(
        sessions=spent.sessions,
        since=spent.since,
        rent=rent / spent.sessions,
        traffic=spent.cost / spent.sessions,
    )


def _sessions_freed(figures: PoolFigures, beyond_all: int, beyond_one_more: int) -> int:
    """Each phone beyond n numbers shares one of them: its d bindings need d - n + 1 codes. Another
    number saves each of them one code, and both to those who then fit. The first number of a pool
    saves nobody one."""
    if not (figures.access_codes and figures.allocatable):
        return 0
    return 2 * beyond_all - beyond_one_more


def growth_of(history: Sequence[Sample], *, with_codes: bool, now: float) -> Growth | None:
    """None while the samples of the last seven days cover less than a day."""
    recent = sorted(
        (sample for sample in history if now - LOOK_BACK <= sample.at <= now),
        key=lambda sample: sample.at,
    )
    if not recent or recent[-1].at - recent[0].at < LEAST_SPAN:
        return None
    points = [
        (sample.at / DAY, sample.candidate_bound if with_codes else sample.bound)
        for sample in recent
    ]
    return Growth(
        per_day=_slope(points), samples=len(recent), since=recent[0].at, until=recent[-1].at
    )


def _slope(points: Sequence[tuple[float, int]]) -> float:
    """Of the line with the least squared distances; the points are not all at one time."""
    middle = sum(x for x, _ in points) / len(points)
    mean = sum(y for _, y in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - mean) for x, y in points) / spread


def _days(headroom: int, growth: Growth | None) -> float | None:
    if headroom <= 0:
        return 0.0
    if growth is None or growth.per_day <= 0:
        return None
    days = headroom / growth.per_day
    return days if days <= _FARTHEST else None


def _rented(figures: PoolFigures) -> int:
    return sum(count for status, count in figures.numbers.items() if status is not status.RELEASED)
