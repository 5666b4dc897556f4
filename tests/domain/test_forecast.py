"""When a pool runs out of numbers."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from relay.domain.charges import Spending
from relay.domain.forecast import MONTH, Forecast, Sample, forecast, growth_of
from relay.domain.policy import DAY
from relay.domain.pool import WEEK, NumberStatus, Pool, PoolFigures

NOW = 1_790_000_000
HOUR = 3600
POOL = Pool(name="us", country="US", number_rent=115)


def sample(at: int, candidate_bound: int, bound: int = 0) -> Sample:
    return Sample(
        at=at,
        bound=bound or candidate_bound,
        candidate_bound=candidate_bound,
        allocatable=20,
        open_sessions=0,
        cooling_bindings=0,
    )


def hourly(days: float, per_day: float, *, end: int = 10) -> list[Sample]:
    hours = int(days * 24)
    return [sample(NOW - h * HOUR, round(end - per_day * h / 24)) for h in range(hours, -1, -1)]


def look(
    history: list[Sample],
    *,
    access_codes: bool = True,
    available: int = 20,
    spent: Spending | None = None,
) -> Forecast:
    figures = PoolFigures(
        numbers={
            NumberStatus.AVAILABLE: available,
            NumberStatus.RESERVED: 1,
            NumberStatus.RELEASED: 5,
        },
        open_sessions=100,
        cooling_bindings=10,
        bound=16,
        candidate_bound=10,
        recruiters=8,
        on_codes=2,
        access_codes=access_codes,
        usable=available,
        free_for_new_pairs=available,
        headroom=available - (10 if access_codes else 16),
    )
    return forecast(POOL, figures, history, now=NOW, beyond_all=5, beyond_one_more=3, spent=spent)


def test_a_growing_bound_meets_the_numbers_on_a_day() -> None:
    found = look(hourly(5, 2.0))
    assert found.growth is not None
    assert found.growth.per_day == pytest.approx(2.0, rel=0.01)
    assert (found.growth.samples, found.growth.since) == (121, NOW - 5 * DAY)
    assert (found.deciding_bound, found.numbers, found.headroom) == (10, 20, 10)
    assert found.days_to_exhaustion == pytest.approx(5, rel=0.01)
    assert found.one_more.days_to_exhaustion == pytest.approx(5.5, rel=0.01)


def test_single_samples_that_are_far_off_move_the_line_little() -> None:
    noise = random.Random(7)
    history = [
        sample(at.at, at.candidate_bound + noise.choice((-1, 0, 1)))
        for at in hourly(7, 2.0, end=40)
    ]
    found = growth_of(history, with_codes=True, now=NOW)
    assert found is not None
    assert found.per_day == pytest.approx(2.0, rel=0.1)


def test_only_the_last_seven_days_are_the_present_rate() -> None:
    old = [sample(NOW - WEEK - HOUR, 1000), sample(NOW + HOUR, 1000)]
    found = growth_of([*old, *hourly(6, 1.0)], with_codes=True, now=NOW)
    assert found is not None
    assert found.samples == 145


@pytest.mark.parametrize("history", [[], [sample(NOW, 3)], hourly(0.9, 9.0)])
def test_less_than_a_day_says_nothing_about_growth(history: list[Sample]) -> None:
    found = look(history)
    assert found.growth is None
    assert found.days_to_exhaustion is None


def test_a_day_is_enough_and_both_ends_of_the_seven_count() -> None:
    assert look(hourly(1, 9.0)).growth is not None
    found = growth_of([*hourly(7, 1.0), sample(NOW - WEEK - 1, 99)], with_codes=True, now=NOW)
    assert found is not None
    assert (found.samples, found.since, found.until) == (7 * 24 + 1, NOW - WEEK, NOW)


@pytest.mark.parametrize("per_day", [0.0, -1.0])
def test_a_bound_that_does_not_grow_exhausts_nothing(per_day: float) -> None:
    assert look(hourly(3, per_day)).days_to_exhaustion is None


def test_a_growth_that_nobody_plans_for_is_none() -> None:
    history = [sample(NOW - 7 * DAY + i * HOUR, 10) for i in range(160)]
    assert look([*history, sample(NOW, 11)], available=10**6).days_to_exhaustion is None


def test_a_pool_without_headroom_is_exhausted_now() -> None:
    assert look(hourly(3, 1.0), available=10).days_to_exhaustion == 0.0


def test_without_access_codes_the_busiest_person_decides() -> None:
    history = [sample(NOW - h * HOUR, 5, bound=16 - h // 24) for h in range(72, -1, -1)]
    found = look(history, access_codes=False)
    assert (found.deciding_bound, found.headroom) == (16, 4)
    assert found.growth is not None
    assert found.growth.per_day > 0
    assert found.one_more.sessions_freed == 0
    with_codes = look(history)
    assert with_codes.growth is not None
    assert with_codes.growth.per_day == 0


def test_a_pools_first_number_saves_nobody_a_code() -> None:
    one_more = look([], available=0).one_more
    assert (one_more.recruiters_freed, one_more.sessions_freed) == (0, 0)


def test_what_one_more_number_changes() -> None:
    found = look([])
    assert (found.monthly_rent, found.one_more.monthly_rent) == (21 * 115, 22 * 115)
    assert found.one_more.headroom == 11
    # Two phones fit then, and need neither of their two codes; three need one less each.
    assert found.one_more.recruiters_freed == 2
    assert found.one_more.sessions_freed == 2 * 2 + 3
    assert found.codes_share == 0.25


def spent(days: float, *, sessions: int, cost: str) -> Spending:
    return Spending(since=NOW - int(days * DAY), sessions=sessions, cost=Decimal(cost))


def test_traffic_goes_on_for_a_month_as_it_has_lately() -> None:
    found = look([], spent=spent(5, sessions=100, cost="12.50"))
    assert found.monthly_traffic == Decimal("12.50") * MONTH / (5 * DAY)
    assert round(found.monthly_traffic, 2) == Decimal("76.04")


def test_a_day_of_traffic_is_enough() -> None:
    found = look([], spent=spent(1, sessions=9, cost="9"))
    assert found.monthly_traffic == Decimal(9) * MONTH / DAY
    assert found.session_cost is not None


def test_a_session_costs_its_share_of_rent_and_of_traffic() -> None:
    found = look([], spent=spent(5, sessions=100, cost="12.50")).session_cost
    assert found is not None
    assert (found.sessions, found.since) == (100, NOW - 5 * DAY)
    assert found.traffic == Decimal("0.125")
    assert round(found.rent, 4) == round(Decimal("24.15") * 5 / 365 * 12 / 100, 4)


def test_less_than_a_day_of_traffic_says_nothing_about_a_month() -> None:
    for unknown in (None, spent(0.9, sessions=9, cost="9")):
        found = look([], spent=unknown)
        assert (found.monthly_traffic, found.session_cost) == (None, None)


def test_traffic_of_older_sessions_alone_is_no_cost_of_a_new_one() -> None:
    found = look([], spent=spent(5, sessions=0, cost="1"))
    assert found.session_cost is None
    assert found.monthly_traffic is not None
