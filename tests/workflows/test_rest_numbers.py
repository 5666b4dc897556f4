"""Tired numbers rest, recover, and are still given out where nothing else is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis

from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus, Pool
from relay.domain.reputation import Complaint, ReputationPolicy
from relay.store.keys import PoolKeys
from relay.workflows.forecast_pool import forecast_pool, sample_pools
from relay.workflows.judge_numbers import judge_numbers
from relay.workflows.rest_numbers import rest_numbers
from tests.fake_redis import FakeRedis
from tests.world import NOW, NUMBER, OTHER_NUMBER, World, make_world

HOUR = 3600


class Client(FakeRedis):
    """Redis, with something that happens just before a command."""

    before: Callable[[tuple[object, ...]], None] | None = None

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if self.before is not None:
            self.before(args)
        return super().execute_command(*args, **options)


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def world(client: Client) -> World:
    world = make_world(client)
    world.services.store.numbers.add(
        OTHER_NUMBER, "us", carrier_sid="PN1", capabilities="vsm", now=NOW
    )
    return world


def carry(world: World, counts: str, *, number: str = NUMBER, now: float = NOW) -> None:
    """calls ended answered short texts filtered, in the hour of ``now``."""
    key = PoolKeys("main", "us").traffic(number)
    world.services.store.client.hset(key, str(int(now) // HOUR), counts)


def status_of(world: World, number: str = NUMBER) -> NumberStatus:
    found = world.services.store.numbers.get(number)
    assert found is not None
    return found.status


def number_stats(world: World) -> dict[str, int]:
    return world.services.store.reputation.number_stats("us")


def test_a_tired_number_rests_from_new_sessions(world: World) -> None:
    carry(world, "30 30 3 0 0 0")

    rest_numbers(world.services, now=NOW)

    assert (status_of(world), status_of(world, OTHER_NUMBER)) == ("resting", "available")
    assert world.open().virtual_number == OTHER_NUMBER
    found = number_stats(world)
    assert (found["status:resting"], found["status:available"]) == (1, 1)
    assert (found["complaint:few_answers"], found["traffic:ended"]) == (1, 30)


def test_when_all_are_tired_nobody_is_refused(world: World) -> None:
    """P6."""
    for number in (NUMBER, OTHER_NUMBER):
        carry(world, "30 30 3 0 0 0", number=number)
    rest_numbers(world.services, now=NOW)
    assert world.open().virtual_number in {NUMBER, OTHER_NUMBER}


def test_a_number_that_has_rested_and_recovered_is_used_again(world: World) -> None:
    carry(world, "30 30 3 0 0 0")
    rest_numbers(world.services, now=NOW)

    world.services.store.client.delete(PoolKeys("main", "us").traffic(NUMBER))
    rest_numbers(world.services, now=NOW + DAY - 2)
    assert status_of(world) == "resting", "it rests as long as the policy says"
    rest_numbers(world.services, now=NOW + DAY)
    assert status_of(world) == "available"
    stats = number_stats(world)
    assert (stats["status:available"], stats["registration:unknown"]) == (2, 2)


def test_a_number_that_is_still_tired_goes_on_resting(world: World) -> None:
    carry(world, "30 30 3 0 0 0")
    rest_numbers(world.services, now=NOW)
    carry(world, "30 30 3 0 0 0", now=NOW + DAY)
    rest_numbers(world.services, now=NOW + DAY)
    assert status_of(world) == "resting"
    found = world.services.store.numbers.get(NUMBER)
    assert found is not None
    assert found.complaints == (Complaint.FEW_ANSWERS,)
    assert found.resting_since == int(NOW)


def test_a_number_rests_until_it_is_well_inside_the_thresholds(world: World) -> None:
    """One in five answers is enough for a number at work, one in four for one at rest."""
    carry(world, "40 40 7 0 0 0")
    rest_numbers(world.services, now=NOW)
    assert status_of(world) == "resting"
    for answered, status in ((9, "resting"), (10, "available")):
        carry(world, f"40 40 {answered} 0 0 0", now=NOW + DAY)
        rest_numbers(world.services, now=NOW + DAY)
        assert status_of(world) == status


@pytest.mark.parametrize("status", [NumberStatus.RESERVED, NumberStatus.DRAINING])
def test_an_operators_word_stands(world: World, status: NumberStatus) -> None:
    world.services.store.numbers.set_status(NUMBER, "us", status)
    carry(world, "30 30 3 0 0 0")
    rest_numbers(world.services, now=NOW)
    assert status_of(world) is status


@pytest.mark.parametrize("is_resting", [False, True])
def test_a_word_said_in_between_stands_too(world: World, client: Client, is_resting: bool) -> None:
    if is_resting:
        world.services.store.numbers.rest(NUMBER, "us", [Complaint.SHORT_CALLS], now=NOW - DAY)
    else:
        carry(world, "30 30 3 0 0 0")

    def say_reserved(command: tuple[object, ...]) -> None:
        if command[0] == "EVALSHA":
            client.before = None
            world.services.store.numbers.set_status(NUMBER, "us", NumberStatus.RESERVED)

    client.before = say_reserved
    rest_numbers(world.services, now=NOW)
    assert status_of(world) is NumberStatus.RESERVED


def test_a_pool_that_is_away_does_not_stop_the_others(world: World, client: Client) -> None:
    store = world.services.store
    store.pools.put(Pool(name="de", country="DE"))
    client.sadd("{main}:pools", "gone")
    carry(world, "30 30 3 0 0 0")

    def lose_a_pool(command: tuple[object, ...]) -> None:
        if str(command[1]).startswith("{de}"):
            raise redis.ConnectionError("away")

    client.before = lose_a_pool
    rest_numbers(world.services, now=NOW)
    sample_pools(world.services, now=NOW)

    assert status_of(world) == "resting"
    assert len(store.history.since("us", NOW - HOUR)) == 1


def test_numbers_are_judged_by_their_own_pools_policy(world: World) -> None:
    store = world.services.store
    policy = ReputationPolicy(min_answer_rate=None)
    store.pools.put(Pool(name="us", country="US", reputation=policy))
    store.pools.put(Pool(name="de", country="DE"))
    store.numbers.add("+4930555", "de", carrier_sid="PN2", capabilities="v", now=NOW)
    carry(world, "30 30 3 0 0 0")
    mine, german = store.numbers.get(NUMBER), store.numbers.get("+4930555")
    assert mine is not None
    assert german is not None

    judged = judge_numbers(world.services, [german, mine], now=NOW)

    assert [traffic.ended for traffic, _ in judged] == [0, 30]
    assert not judged[1][1].complaints
    lost = replace(mine, pool="none")
    assert judge_numbers(world.services, [lost], now=NOW)[0][1].complaints, "by the defaults"


def test_an_outlook_reads_the_samples_and_the_present(world: World) -> None:
    world.open()
    pool = world.services.store.pools.get("us")
    assert pool is not None
    sample_pools(world.services, now=NOW - DAY - HOUR)
    outlook = forecast_pool(world.services, pool, now=NOW)
    assert (outlook.figures.open_sessions, outlook.forecast.headroom) == (1, 1)
    assert outlook.forecast.growth is not None
    assert outlook.forecast.growth.samples == 2
    assert outlook.forecast.days_to_exhaustion is None


def test_a_world_without_pools_has_nothing_to_do() -> None:
    world = make_world(FakeRedis())
    world.services.store.client.delete("{main}:pools")
    rest_numbers(world.services, now=NOW)
    assert number_stats(world) == {}
