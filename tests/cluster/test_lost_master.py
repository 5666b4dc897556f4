"""One of three masters stops: what the others hold goes on, and what was its own is refused in
time and comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from relay.domain.errors import Unavailable
from relay.store import keys
from relay.store.clock import ClockGuard, clock_difference, largest_clock_difference
from relay.store.durability import absent_masters, durability
from relay.workflows.check_readiness import check_readiness
from relay.workflows.learn_numbers import learn_numbers
from relay.workflows.recycle import recycle
from tests.cluster.servers import POOLS, Cluster, Master
from tests.cluster.traffic import Outcomes, Town
from tests.e2e.stage import eventually

#: A caller hears a sentence within so many seconds (API.md).
IN_TIME = 2.0


@pytest.fixture(params=["killed", "frozen"])
def stop(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Callable[[Master], None]]:
    """Stops a master, and starts it again at the end."""
    stopped: list[Master] = []

    def stop_it(master: Master) -> None:
        stopped.append(master)
        if request.param == "killed":
            master.kill()
        else:
            master.freeze()

    yield stop_it
    for master in stopped:
        if request.param == "killed":
            master.start()
        else:
            master.thaw()
    eventually(cluster.is_whole)


def master_with_pools_only(cluster: Cluster) -> Master:
    """One that has neither the people nor the map of numbers."""
    shared = (keys.PHONE_CHANGES, keys.NUMBERS, keys.POOLS)
    return next(m for m in cluster.masters if m not in [cluster.master_of(key) for key in shared])


def seconds_of(act: Callable[[], object]) -> float:
    """How long it took until the store was found away."""
    began = time.monotonic()
    with pytest.raises(Unavailable):
        act()
    return time.monotonic() - began


def assert_more_is_done(outcomes: Outcomes, pools: Sequence[str]) -> None:
    before = dict(outcomes.done)
    time.sleep(1.5)
    assert all(outcomes.done[pool] > before.get(pool, 0) for pool in pools), outcomes.done


def test_calls_and_sessions_of_the_other_pools_go_on(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    lost = master_with_pools_only(cluster)
    theirs = cluster.pools_of(lost)
    others = [pool for pool in POOLS if pool not in theirs]
    sessions = {pool: town.open(pool, n, n) for n, pool in enumerate(POOLS)}
    stop(lost)

    for pool in theirs:
        recruiter = POOLS.index(pool)
        assert seconds_of(lambda s=sessions[pool], r=recruiter: town.call(s, r)) < IN_TIME
    for pool in others:
        recruiter = POOLS.index(pool)
        began = time.monotonic()
        assert town.call(sessions[pool], recruiter)
        town.close(sessions[pool])
        town.open(pool, recruiter, recruiter)
        assert time.monotonic() - began < 1


def test_p1_traffic_goes_on_and_all_is_right_when_it_is_back(cluster: Cluster, town: Town) -> None:
    lost = master_with_pools_only(cluster)
    theirs = cluster.pools_of(lost)
    others = [pool for pool in POOLS if pool not in theirs]
    try:
        with town.traffic() as outcomes:
            time.sleep(1)
            lost.kill()
            time.sleep(0.5)
            assert_more_is_done(outcomes, others)
            lost.start()
            eventually(cluster.is_whole)
            time.sleep(1.5)
            assert_more_is_done(outcomes, POOLS)
    finally:
        lost.start()
        eventually(cluster.is_whole)

    assert outcomes.unexpected == []
    assert set(outcomes.refused) <= set(theirs)
    town.audit()


def test_a_call_needs_the_map_of_numbers_no_more(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    """Not even in a process that no call has reached before."""
    lost = cluster.master_of(keys.NUMBERS)
    pool = next(pool for pool in POOLS if pool not in cluster.pools_of(lost))
    session = town.open(pool)
    learn_numbers(town.world.deployment)
    stop(lost)

    assert town.call(session)


def test_without_the_map_a_process_starts_and_says_so(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    lost = cluster.master_of(keys.NUMBERS)
    stop(lost)
    learn_numbers(town.world.deployment)


def test_periodic_work_passes_over_the_pools_that_are_away(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    lost = master_with_pools_only(cluster)
    theirs = cluster.pools_of(lost)
    for n, pool in enumerate(POOLS):
        town.open(pool, n, n)
    stop(lost)

    done = recycle(town.services, now=time.time() + 400 * 24 * 3600)

    assert done.closed == len(POOLS) - len(theirs)


def test_the_clock_is_asked_of_a_master_that_answers(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    lost = cluster.masters[0]
    assert largest_clock_difference(town.client) < 1
    stop(lost)
    for _ in range(10):
        began = time.monotonic()
        assert clock_difference(town.client) < 1
        assert time.monotonic() - began < 0.5
    ClockGuard(town.client).check()


def test_who_is_away_is_named(cluster: Cluster, town: Town, stop: Callable[[Master], None]) -> None:
    assert absent_masters(town.client) == []
    assert durability(town.client).is_proven
    assert check_readiness(town.world.deployment).is_ready
    stop(cluster.masters[1])

    assert absent_masters(town.client) == [f"127.0.0.1:{cluster.masters[1].port}"]
    (check,) = check_readiness(town.world.deployment).checks
    assert f":{cluster.masters[1].port}" in check.detail


def test_a_process_that_starts_now_finds_the_others_by_its_nodes(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    lost = cluster.masters[0]  # the first in the URL
    pool = next(pool for pool in POOLS if pool not in cluster.pools_of(lost))
    stop(lost)
    fresh = cluster.connect()

    assert fresh.exists(keys.PoolKeys("main", pool).numbers)
    fresh.close()
