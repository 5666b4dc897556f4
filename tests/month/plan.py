"""How large a month is, and the pool's policy in it."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.policy import DAY
from relay.domain.pool import Pool
from relay.domain.reputation import ReputationPolicy

HOUR = 3600
#: Monday, 1 June 2026, midnight UTC.
START = 1_780_272_000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``step`` is in seconds: periodic work whose period is shorter is done once a step.
    ``sessions`` are those opened on a day of demand 1, ``calls`` and ``texts`` on such a day in the
    middle of the month, when ``sessions`` of several days are open."""

    seed: int = 2026
    days: int = 30
    step: int = 1800
    recruiters: int = 60
    candidates: int = 600
    sessions: int = 110
    calls: int = 220
    texts: int = 50
    #: Calls, or texts, of a few minutes on one number, which carriers hold against it.
    campaign: int = 40
    max_numbers: int = 20
    #: In cents a month: what 17 numbers cost.
    monthly_budget: int = 17 * 115

    @property
    def busiest_candidate(self) -> int:
        """The most numbers one candidate is on: for more the budget buys none. Two fewer than it
        allows, since one is drained by hand."""
        return self.monthly_budget // self.pool.number_rent - 2

    @property
    def pool(self) -> Pool:
        return Pool(
            name="us",
            country="US",
            default_ttl=4 * DAY,
            candidate_cooldown=3 * DAY,
            recruiter_cooldown=DAY,
            min_headroom=3,
            max_numbers=self.max_numbers,
            monthly_budget=self.monthly_budget,
            release_idle_after=DAY,
            reputation=ReputationPolicy(rest_for=12 * HOUR),
        )


FULL = Plan()
SHORT = Plan(
    step=HOUR,
    recruiters=20,
    candidates=120,
    sessions=22,
    calls=50,
    texts=10,
    campaign=30,
    max_numbers=16,
    monthly_budget=14 * 115,
)


def demand(day: int, days: int) -> float:
    """Of a day, against a usual one: it grows to the middle of the month, then hiring stops."""
    middle = days / 2
    return 0.4 + 1.2 * day / middle if day < middle else 0.06
