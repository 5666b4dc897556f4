"""A pool that buys what it is short of, inside its limits, and says so when it may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.domain.errors import Unavailable
from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus
from relay.domain.purchase import FailureCode
from relay.sandbox import SimulatedCarrier
from relay.store.purchases import LEASE, Shortage
from relay.workflows.keep_headroom import keep_headroom
from tests.workflows.buying import RENT, SID, TOKEN, Killed, Market
from tests.world import NOW, NUMBER, OTHER_NUMBER


@pytest.fixture
def simulated() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(SID, TOKEN) as carrier:
        yield carrier


@pytest.fixture
def market(simulated: SimulatedCarrier) -> Market:
    return Market(simulated)


def keep(market: Market) -> None:
    keep_headroom(market.services, clock=market.clock)


def headroom(market: Market, pool: str = "us") -> int:
    figures = market.store.pools.figures(pool)
    return int(figures.headroom)


def test_a_pool_buys_nothing_by_itself_unless_it_is_told_to(market: Market) -> None:
    market.world.open()
    market.store.numbers.set_status(NUMBER, "us", NumberStatus.RESERVED)
    keep(market)
    assert market.owned() == {NUMBER}
    assert not market.carrier.asked


def test_a_pool_buys_what_is_missing_at_once_and_then_no_more(market: Market) -> None:
    market.world.open()
    market.policy(min_headroom=3)

    keep(market)
    keep(market)

    assert headroom(market) == 3
    assert len(market.pool()) == 4
    assert market.pool() == market.owned()


@pytest.mark.parametrize("limit", [{"max_numbers": 3}, {"monthly_budget": 3 * RENT + 50}])
def test_a_limit_holds_and_is_said_loudly(market: Market, limit: dict[str, int]) -> None:
    market.policy(min_headroom=5, **limit)

    for _ in range(2):
        with capture_logs() as lines:
            keep(market)
        assert [line["reason"] for line in lines if line["event"] == "pool cannot buy"] == [
            FailureCode(next(iter(limit)))
        ]

    assert len(market.owned()) == 3
    shortage = market.store.purchases.shortage("us")
    assert (shortage.reason, shortage.missing) == (FailureCode(next(iter(limit))), 2)

    market.policy(min_headroom=5)
    keep(market)
    assert headroom(market) == 5
    assert market.store.purchases.shortage("us") is None


def test_a_carrier_that_sells_nothing_is_not_asked_each_minute(market: Market) -> None:
    market.policy(min_headroom=2)
    market.carrier._numbers.find_available = lambda **_: []

    keep(market)
    asked = len(market.carrier.asked)
    keep(market)
    assert len(market.carrier.asked) == asked
    market.now += 601
    keep(market)
    assert len(market.carrier.asked) > asked
    assert isinstance(market.store.purchases.shortage("us"), Shortage)


def test_headroom_that_comes_back_meanwhile_is_not_bought(market: Market) -> None:
    market.policy(min_headroom=2)
    market.store.numbers.set_status(NUMBER, "us", NumberStatus.RESERVED)

    def give_back(name: str) -> None:
        if name == "buy":
            market.carrier.before = lambda _: None
            market.store.numbers.set_status(NUMBER, "us", NumberStatus.AVAILABLE)

    market.carrier.before = give_back
    keep(market)

    assert headroom(market) == 2
    assert len(market.owned()) == 2


def test_one_pools_trouble_does_not_stop_the_others(market: Market) -> None:
    market.policy("aa", min_headroom=1)
    market.policy(min_headroom=2)
    get = market.store.pools.get

    def away(name: str) -> object:
        if name == "aa":
            raise Unavailable("away")
        return get(name)

    market.store.pools.get = away
    keep(market)
    assert headroom(market) == 2


def test_a_carrier_that_is_busy_is_asked_again_by_the_sweeper(market: Market) -> None:
    market.policy(min_headroom=2)
    market.simulated.faults.rest.next(status=429)
    keep(market)
    (job,) = market.store.purchases.unfinished("us")
    keep(market)
    assert len(market.store.purchases.unfinished("us")) == 1

    market.finish(job)
    assert headroom(market) == 2


def test_a_carrier_that_is_away_is_told_long_before_it_is_given_up(market: Market) -> None:
    market.policy(min_headroom=3)
    market.simulated.faults.rest.next(status=503, times=10**6)
    for _ in range(3):
        with capture_logs() as lines:
            keep(market)
        assert "pool cannot buy" in [line["event"] for line in lines]
        shortage = market.store.purchases.shortage("us")
        assert shortage == Shortage(reason=FailureCode.CARRIER_UNAVAILABLE, missing=2)

    market.simulated.faults.rest.clear()
    (job,) = market.store.purchases.unfinished("us")
    market.finish(job)
    keep(market)
    assert headroom(market) == 3
    assert market.store.purchases.shortage("us") is None


def test_a_job_whose_carrier_serves_it_again_is_no_shortage(market: Market) -> None:
    market.policy(min_headroom=3)
    market.simulated.faults.rest.next(status=429)
    keep(market)
    (job,) = market.store.purchases.unfinished("us")
    assert job.pauses == 1

    def take_time(name: str) -> None:
        market.now += 61 if name == "buy" else 0

    market.carrier.before = take_time
    market.now += 11
    market.work(job)
    (job,) = market.store.purchases.unfinished("us")
    assert (len(job.bought), job.pauses) == (1, 0)


def test_p6_full_numbers_are_no_headroom(market: Market) -> None:
    market.policy(min_headroom=1, max_sessions_per_number=1)
    market.world.open()
    assert headroom(market) == 0
    keep(market)
    assert headroom(market) == 1
    assert len(market.pool()) == 2


def test_p6_numbers_that_carry_no_texts_are_no_headroom_of_a_pool_that_texts(
    market: Market,
) -> None:
    market.store.numbers.add(OTHER_NUMBER, "us", carrier_sid="PN2", capabilities="v", now=NOW)
    market.policy(min_headroom=2)
    assert headroom(market) == 1
    find = market.carrier._numbers.find_available
    market.carrier._numbers.find_available = lambda **asked: [] if asked["sms"] else find(**asked)

    keep(market)

    assert len(market.pool()) == 2  # what cannot text would never be enough
    assert market.store.purchases.shortage("us").reason is FailureCode.NOTHING_ON_OFFER
    market.carrier._numbers.find_available = find
    market.now += 601
    keep(market)
    assert headroom(market) == 2


def test_where_none_of_a_pools_numbers_can_text_calls_are_enough(market: Market) -> None:
    market.policy("gb", min_headroom=2)
    find = market.carrier._numbers.find_available
    market.carrier._numbers.find_available = lambda **asked: [] if asked["sms"] else find(**asked)
    lacks_texts(market)

    keep(market)
    keep(market)

    assert headroom(market, "gb") == 2
    assert len(market.pool("gb")) == 2


def test_p6_a_pool_that_loses_its_last_number_that_texts_buys_another_one(market: Market) -> None:
    market.store.numbers.add(OTHER_NUMBER, "us", carrier_sid="PN2", capabilities="v", now=NOW)
    market.policy(min_headroom=1)
    market.store.numbers.retire(NUMBER, "us")
    assert headroom(market) == 0
    keep(market)
    assert headroom(market) == 1


def test_a_carrier_that_sells_something_else_than_it_offered_is_left_for_a_day(
    market: Market,
) -> None:
    market.policy(min_headroom=3)
    buy = market.carrier._numbers.buy
    market.carrier._numbers.buy = lambda *args, **options: replace(buy(*args, **options), sms=False)

    for _ in range(3):
        keep(market)
        market.now += 601

    assert len(market.pool()) == 2
    shortage = market.store.purchases.shortage("us")
    assert (shortage.reason, shortage.missing) == (FailureCode.UNSUITABLE_NUMBER, 2)
    market.carrier._numbers.buy = buy
    market.now += DAY
    keep(market)
    assert headroom(market) == 3


def lacks_texts(market: Market) -> None:
    """The carrier's numbers can do nothing but call."""
    add = market.store.numbers.add

    def add_without(number: str, pool: str, *, capabilities: str, **options: Any) -> bool:
        return bool(add(number, pool, capabilities=capabilities.replace("s", ""), **options))

    market.store.numbers.add = add_without


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(1, 5))
def test_killed_at_any_step_it_ends_with_what_was_asked_for(
    market: Market, step: int, *, after: bool
) -> None:
    market.policy(min_headroom=3, monthly_budget=3 * RENT)
    market.carrier.dies_at, market.carrier.after = step, after
    with pytest.raises(Killed):
        keep(market)
    market.now += LEASE + 1

    (job,) = market.store.purchases.unfinished("us")
    market.finish(job)
    keep(market)

    assert headroom(market) == 3
    assert market.owned() == market.pool()
    assert len(market.owned()) == 3


def test_a_pool_that_is_gone_is_left_alone(market: Market) -> None:
    market.redis.sadd("{main}:pools", "nowhere")
    keep(market)
    assert market.owned() == {NUMBER}


def test_a_slow_carrier_leaves_the_next_pools_to_the_next_period(market: Market) -> None:
    market.policy("aa", min_headroom=1)
    market.policy(min_headroom=2)

    def take_time(name: str) -> None:
        market.now += 60 if name == "buy" else 0

    market.carrier.before = take_time
    keep(market)
    assert (headroom(market, "aa"), headroom(market)) == (1, 1)
    market.carrier.before = lambda _: None
    keep(market)
    assert headroom(market) == 2


def test_a_job_that_is_still_at_it_is_no_shortage(market: Market) -> None:
    market.policy(min_headroom=4)

    def take_time(name: str) -> None:
        market.now += 61 if name == "buy" else 0

    market.carrier.before = take_time
    keep(market)
    assert len(market.store.purchases.unfinished("us")) == 1
    keep(market)
    assert market.store.purchases.shortage("us") is None
