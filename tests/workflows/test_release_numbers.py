"""Draining and releasing: a number goes back to the carrier once nobody is bound to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from relay.domain.errors import Conflict, Unavailable
from relay.domain.number_comparison import Discrepancy
from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus
from relay.domain.rent import Release
from relay.sandbox import SimulatedCarrier
from relay.store.alarms import Alarm
from relay.workflows.change_number import change_number
from relay.workflows.close_session import close_session
from relay.workflows.give_number_back import give_number_back
from relay.workflows.import_number import import_number
from relay.workflows.reconcile_numbers import reconcile_numbers
from relay.workflows.recycle import recycle
from relay.workflows.release_numbers import release_numbers
from tests.workflows.buying import RENT, SID, TOKEN, Killed, Market
from tests.world import NUMBER, OTHER_NUMBER


@pytest.fixture
def simulated() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(SID, TOKEN) as carrier:
        yield carrier


@pytest.fixture
def market(simulated: SimulatedCarrier) -> Market:
    return Market(simulated)


def release(market: Market) -> int:
    return release_numbers(market.services, clock=market.clock)


def rented(market: Market) -> int:
    return int(market.store.purchases.rent("us", now=market.now).rented)


def test_a_draining_number_is_released_when_its_last_cooling_ends(market: Market) -> None:
    policy = market.policy(candidate_cooldown=100, recruiter_cooldown=50)
    session = market.world.open(now=market.now)
    change_number(market.services, NUMBER, NumberStatus.DRAINING)

    assert release(market) == 0
    close_session(market.services, session.id, now=market.now)
    market.now += 60
    recycle(market.services, now=market.now)
    assert release(market) == 0
    assert market.owned() == {NUMBER}

    market.now += policy.candidate_cooldown
    recycle(market.services, now=market.now)
    assert release(market) == 1
    assert market.owned() == market.pool() == set()
    assert market.is_settled()


@pytest.mark.parametrize("status", [NumberStatus.AVAILABLE, NumberStatus.RESERVED])
def test_a_number_that_is_taken_back_in_time_stays(market: Market, status: NumberStatus) -> None:
    change_number(market.services, NUMBER, NumberStatus.DRAINING)
    seen = market.store.numbers.of_pool("us")
    change_number(market.services, NUMBER, status)
    market.store.numbers.of_pool = lambda _: seen  # who looked before that

    assert release(market) == 0
    assert market.owned() == {NUMBER}
    assert market.store.numbers.get(NUMBER).status is status


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", [1, 2])
def test_a_release_whose_process_is_killed_is_finished(
    market: Market, step: int, *, after: bool
) -> None:
    change_number(market.services, NUMBER, NumberStatus.DRAINING)
    market.carrier.dies_at, market.carrier.after = step, after
    with pytest.raises(Killed):
        release(market)
    assert market.pool() == set()

    assert release(market) == 1
    assert market.owned() == set()
    assert market.is_settled()


def test_what_the_carrier_does_not_take_now_is_offered_again(market: Market) -> None:
    market.simulated.faults.rest.next(status=500)
    give_number_back(market.services, NUMBER, clock=market.clock)
    assert market.owned() == {NUMBER}
    assert market.pool() == set()
    assert rented(market) == 1

    assert release(market) == 1
    assert market.owned() == set()
    assert rented(market) == 0


def test_reconciling_finishes_a_release(market: Market) -> None:
    market.simulated.faults.rest.next(status=500)
    give_number_back(market.services, NUMBER, clock=market.clock)
    found = reconcile_numbers([market.services], clock=market.clock)
    assert market.owned() == set()
    assert market.is_settled()
    assert found is not None
    assert [(one.kind, one.number, one.pool, one.is_repaired) for one in found.findings] == [
        (Discrepancy.RELEASE_UNFINISHED, NUMBER, "us", True)
    ]


def test_a_number_on_its_way_back_joins_no_pool(market: Market) -> None:
    market.policy("ca", country="US")
    market.simulated.faults.rest.next(status=500)
    give_number_back(market.services, NUMBER, clock=market.clock)

    for pool in ("us", "ca"):
        with pytest.raises(Conflict):
            import_number(market.services, NUMBER, pool, now=market.now)
    release(market)

    market.simulated.add_number(NUMBER)
    assert import_number(market.services, NUMBER, "ca", now=market.now).is_new


def test_a_number_that_cools_can_leave_by_no_door(market: Market) -> None:
    """So one that comes back can have nothing left cooling elsewhere."""
    session = market.world.open(now=market.now)
    close_session(market.services, session.id, now=market.now)
    with pytest.raises(Conflict):
        give_number_back(market.services, NUMBER, clock=market.clock)
    change_number(market.services, NUMBER, NumberStatus.DRAINING)
    release(market)
    market.policy("ca", country="US")
    with pytest.raises(Conflict):
        import_number(market.services, NUMBER, "ca", now=market.now)


def test_idle_numbers_beyond_the_headroom_go_back_the_longest_idle_first(market: Market) -> None:
    bought = market.buy(3).bought
    market.policy(min_headroom=1, release_idle_after=DAY)
    market.world.open(now=market.now)
    release(market)
    market.now += DAY - 1
    assert release(market) == 0

    market.now += 2
    assert release(market) == 2  # one serves, one is the headroom
    assert NUMBER in market.pool()
    assert len(market.pool() & set(bought)) == 1
    assert market.pool() == market.owned()


def test_two_workers_at_once_leave_the_headroom(market: Market) -> None:
    market.buy(5)
    market.policy(min_headroom=3, release_idle_after=DAY)
    release(market)
    market.now += DAY + 1
    drain = market.store.idle_numbers.drain

    def be_overtaken(*args: object, **options: object) -> str:
        market.store.idle_numbers.drain = drain
        release(market)
        return str(drain(*args, **options))

    market.store.idle_numbers.drain = be_overtaken
    release(market)
    assert len(market.pool()) == len(market.owned()) == 3


def test_what_is_paid_for_is_counted_from_when_the_carrier_has_it_back(market: Market) -> None:
    """The run may begin in one month of the number's and come to it in the next."""
    change_number(market.services, NUMBER, NumberStatus.DRAINING)
    since = market.store.numbers.get(NUMBER).rented_since
    month_end = Release(number=NUMBER, carrier_sid="", rented_since=since).paid_until(since)

    def take_time(name: str) -> None:
        market.now += 10 if name == "release" else 0

    market.now = month_end - 5
    market.carrier.before = take_time
    assert release(market) == 1
    assert market.store.purchases.rent("us", now=market.now).prepaid == 1


def test_a_number_that_was_used_in_between_has_not_been_idle(market: Market) -> None:
    market.policy(
        release_idle_after=100, candidate_cooldown=5, recruiter_cooldown=5, default_ttl=10
    )
    release(market)
    market.now += 90
    session = market.world.open(now=market.now)
    release(market)
    close_session(market.services, session.id, now=market.now)
    market.now += 20
    recycle(market.services, now=market.now)

    assert release(market) == 0
    market.now += 101
    assert release(market) == 1


def test_a_number_that_is_claimed_at_that_moment_stays(market: Market) -> None:
    market.policy(release_idle_after=100)
    release(market)
    market.now += 101
    since = market.store.idle_numbers.since

    def claim(pool: str, *, before: float) -> list[str]:
        market.world.open(now=market.now)
        return list(since(pool, before=before))

    market.store.idle_numbers.since = claim
    assert release(market) == 0
    assert market.store.numbers.get(NUMBER).status is NumberStatus.AVAILABLE


def test_who_buys_and_gives_back_in_turn_stays_inside_the_budget(market: Market) -> None:
    """The carrier charges a month with each purchase, and gives nothing back."""
    market.policy(monthly_budget=4 * RENT)
    market.simulated.advance(datetime.fromtimestamp(market.now, UTC) - market.simulated.now)
    rent, begin = market.simulated.account.rent, market.simulated.now
    bought = 0
    for _ in range(40):
        market.now += 3 * DAY
        market.simulated.advance(timedelta(days=3))
        with suppress(Conflict):
            bought += len(market.buy().bought)
        for number in market.pool() - {NUMBER}:
            give_number_back(market.services, number, clock=market.clock)
    assert bought > 4
    for hour in range(24 * 90):
        since = begin + timedelta(hours=hour)
        charged = rent.charged(since + timedelta(days=28)) - rent.charged(since)
        assert charged <= Decimal(4 * RENT) / 100


def test_what_goes_back_is_counted_over_all_pools(market: Market) -> None:
    policy = market.policy()
    for ordinal, name in enumerate(("aa", "zz")):
        number = f"+1415555017{ordinal}"
        market.store.pools.put(replace(policy, name=name))
        market.simulated.add_number(number)
        import_number(market.services, number, name, now=market.now)
        change_number(market.services, number, NumberStatus.DRAINING)
    assert release(market) == 2


def test_one_pools_trouble_does_not_stop_the_others(market: Market) -> None:
    policy = market.policy()
    market.store.pools.put(replace(policy, name="aa"))
    market.redis.sadd("{main}:pools", "nowhere")
    get = market.store.pools.get

    def away(name: str) -> object:
        if name == "aa":
            raise Unavailable("away")
        return get(name)

    market.store.pools.get = away
    change_number(market.services, NUMBER, NumberStatus.DRAINING)
    assert release(market) == 1


def test_a_release_killed_before_it_is_struck_off_is_struck_off_later(market: Market) -> None:
    """The carrier has it back already, and may have sold it: what is on record names its sid."""
    change_number(market.services, NUMBER, NumberStatus.DRAINING)
    strike_off = market.store.numbers.note_released

    def die(*_: object, **__: object) -> None:
        market.store.numbers.note_released = strike_off
        raise Killed

    market.store.numbers.note_released = die
    with pytest.raises(Killed):
        release(market)
    assert market.owned() == set()

    assert release(market) == 1
    assert market.is_settled()
    assert rented(market) == 0


def test_who_gives_a_number_back_beside_a_worker_finds_it_done(market: Market) -> None:
    retire = market.store.numbers.retire

    def be_overtaken(number: str, pool: str) -> str:
        market.store.numbers.retire = retire
        outcome = str(retire(number, pool))
        assert release(market) == 1
        return outcome

    market.store.numbers.retire = be_overtaken
    give_number_back(market.services, NUMBER, clock=market.clock)
    assert market.owned() == set()
    assert market.is_settled()


def test_a_count_that_is_out_of_date_is_taken_again(market: Market) -> None:
    market.buy(2)
    market.policy(release_idle_after=DAY)
    release(market)
    market.now += DAY + 1
    figures = market.store.pools.figures

    def buy_meanwhile(name: str) -> object:
        market.store.pools.figures = figures
        seen = figures(name)
        market.buy()
        return seen

    market.store.pools.figures = buy_meanwhile
    assert release(market) == 3
    assert len(market.pool()) == 1


# --- somebody who can write to Redis --------------------------------------------------------


def plant(market: Market, number: str, sid: str, *, pool: str = "us") -> None:
    releasing = market.store.keys.in_pool(pool).releasing
    market.redis.hset(releasing, number, f"{sid}\t{int(market.now)}\t")


def sid_of(market: Market, number: str) -> str:
    owned = market.carrier.find_owned(number)
    assert owned is not None
    return str(owned.sid)


def assert_untouched(market: Market) -> None:
    assert release(market) == 0
    assert market.owned() == {NUMBER, OTHER_NUMBER}
    assert market.store.alarms.of(Alarm)[Alarm.NUMBER] == 1


def test_p9_a_number_of_the_account_that_is_none_of_ours_is_not_released(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    plant(market, OTHER_NUMBER, sid_of(market, OTHER_NUMBER))
    assert_untouched(market)


def test_p9_the_sid_of_another_number_is_not_released(market: Market) -> None:
    """NUMBER has left its pool; the sid beside it was changed."""
    market.simulated.add_number(OTHER_NUMBER)
    market.simulated.faults.rest.next(status=500)
    give_number_back(market.services, NUMBER, clock=market.clock)
    plant(market, NUMBER, sid_of(market, OTHER_NUMBER))
    assert_untouched(market)


def test_p9_a_number_in_use_is_not_struck_off_for_a_planted_loss(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    plant(market, NUMBER, "")
    assert_untouched(market)
    assert market.store.number_map.look_again(NUMBER) is not None


def test_p9_a_number_in_use_is_not_released(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    plant(market, NUMBER, sid_of(market, NUMBER))
    assert_untouched(market)


def test_p9_a_number_of_another_pool_is_not_released(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    market.policy("ca", country="US")
    import_number(market.services, OTHER_NUMBER, "ca", now=market.now)
    plant(market, OTHER_NUMBER, sid_of(market, OTHER_NUMBER))
    assert_untouched(market)


def test_who_is_overtaken_by_another_worker_raises_no_alarm(market: Market) -> None:
    change_number(market.services, NUMBER, NumberStatus.DRAINING)

    def overtake(_: str) -> None:
        market.carrier.before = lambda _: None
        assert release(market) == 1

    market.carrier.before = overtake
    assert release(market) == 1
    assert market.owned() == set()
    assert market.store.alarms.of(Alarm)[Alarm.NUMBER] == 0


def test_a_planted_release_of_nothing_is_forgotten(market: Market) -> None:
    plant(market, OTHER_NUMBER, "PN" + "9" * 32)
    assert release(market) == 1
    assert market.owned() == market.pool() == {NUMBER}
    assert market.is_settled()


def test_an_emergency_address_is_taken_off_before_a_number_is_given_back(market: Market) -> None:
    """TW-emergency: the carrier takes a while to forget it."""
    owned = market.simulated.account.number(NUMBER)
    owned.emergency_address_sid, owned.emergency_address_status = "AD" + "1" * 32, "registered"
    market.store.numbers.set_status(NUMBER, "us", NumberStatus.DRAINING)

    assert [release(market) for _ in range(2)] == [0, 1]

    assert market.owned() == set()
    assert market.is_settled()
