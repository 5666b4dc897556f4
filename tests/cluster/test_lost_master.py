"""One of three masters stops: what the others hold goes on, and what was its own is refused in
time and comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest

from relay.domain.errors import Unavailable
from relay.store.clock import ClockGuard, clock_difference, largest_clock_difference
from relay.store.durability import absent_masters, durability
from relay.store.keys import DeploymentKeys, PoolKeys
from relay.store.store import Store
from relay.workflows.check_readiness import check_readiness
from relay.workflows.learn_numbers import learn_numbers
from relay.workflows.pass_over_failures import for_each_board
from relay.workflows.recycle import recycle
from tests.cluster.servers import BOARDS, Cluster, Master
from tests.cluster.traffic import POOL, Outcomes, Town
from tests.e2e.stage import eventually
from tests.key_ring import SIGNER

#: A caller hears a sentence within so many seconds (docs/api.md).
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


def master_with_boards_only(cluster: Cluster) -> Master:
    """One that has not what all boards share."""
    return next(m for m in cluster.masters if m is not cluster.master_of(DeploymentKeys.PREFIX))


def seconds_of(act: Callable[[], object]) -> float:
    """How long it took until the store was found away."""
    began = time.monotonic()
    with pytest.raises(Unavailable):
        act()
    return time.monotonic() - began


def assert_more_is_done(outcomes: Outcomes, boards: Sequence[str]) -> None:
    before = dict(outcomes.done)
    time.sleep(1.5)
    assert all(outcomes.done[board] > before.get(board, 0) for board in boards), outcomes.done


def test_calls_and_sessions_of_the_other_boards_go_on(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    lost = master_with_boards_only(cluster)
    theirs = cluster.boards_of(lost)
    others = [board for board in BOARDS if board not in theirs]
    sessions = {board: town.open(board) for board in BOARDS}
    stop(lost)

    for board in theirs:
        assert seconds_of(lambda b=board: town.call(b, sessions[b])) < IN_TIME
    for board in others:
        began = time.monotonic()
        assert town.call(board, sessions[board])
        town.close(board, sessions[board])
        town.open(board)
        assert time.monotonic() - began < 0.4


def test_nobody_waits_for_the_callers_of_a_frozen_master(cluster: Cluster, town: Town) -> None:
    """Many of them at once: each hears the sentence in time, and delays nobody else."""
    lost = master_with_boards_only(cluster)
    theirs = cluster.boards_of(lost)[0]
    other = next(board for board in BOARDS if board not in cluster.boards_of(lost))
    refused, connected = town.open(theirs), town.open(other)
    town.call(other, connected)
    lost.freeze()
    try:
        with ThreadPoolExecutor(20) as callers:
            theirs_took = [
                callers.submit(seconds_of, lambda: town.call(theirs, refused)) for _ in range(20)
            ]
            others_took = []
            for _ in range(100):
                began = time.monotonic()
                assert town.call(other, connected)
                others_took.append(time.monotonic() - began)
                time.sleep(0.01)
            assert max(took.result() for took in theirs_took) < IN_TIME
    finally:
        lost.thaw()
        eventually(cluster.is_whole)
    assert median(others_took) < 0.05
    assert max(others_took) < 0.4


def test_callers_hear_in_time_when_no_node_answers(cluster: Cluster, town: Town) -> None:
    """As when the network between us and the cluster is cut. Processes that start now, too."""
    session = town.open("b0")
    fresh = Store(cluster.connect(), SIGNER, "b0")
    for master in cluster.masters:
        master.freeze()
    try:
        with ThreadPoolExecutor(20) as callers:
            took = [
                callers.submit(seconds_of, act)
                for _ in range(10)
                for act in (lambda: town.call("b0", session), fresh.pools.names)
            ]
            assert max(each.result() for each in took) < IN_TIME
    finally:
        for master in cluster.masters:
            master.thaw()
        eventually(cluster.is_whole)
    assert town.call("b0", session)
    assert fresh.pools.names() == [POOL]


def test_p1_traffic_goes_on_and_all_is_right_when_it_is_back(cluster: Cluster, town: Town) -> None:
    lost = master_with_boards_only(cluster)
    theirs = cluster.boards_of(lost)
    others = [board for board in BOARDS if board not in theirs]
    try:
        with town.traffic() as outcomes:
            time.sleep(1)
            lost.kill()
            time.sleep(0.5)
            assert_more_is_done(outcomes, others)
            lost.start()
            eventually(cluster.is_whole)
            time.sleep(1.5)
            assert_more_is_done(outcomes, BOARDS)
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
    lost = cluster.master_of(DeploymentKeys().numbers)
    board = next(board for board in BOARDS if board not in cluster.boards_of(lost))
    session = town.open(board)
    learn_numbers(town.deployment)
    stop(lost)

    assert town.call(board, session)


def test_without_the_map_a_process_starts_and_says_so(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    lost = cluster.master_of(DeploymentKeys().numbers)
    stop(lost)
    learn_numbers(town.deployment)


def test_periodic_work_passes_over_the_boards_that_are_away(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    """And finds out only once that their master is."""
    lost = master_with_boards_only(cluster)
    theirs = cluster.boards_of(lost)
    assert len(theirs) > 2
    for board in BOARDS:
        town.open(board)
    stop(lost)
    began = time.monotonic()

    done = for_each_board(
        town.boards.values(), lambda board: recycle(board, now=time.time() + 400 * 24 * 3600)
    )

    assert [each.closed for each in done] == [1] * (len(BOARDS) - len(theirs))
    assert time.monotonic() - began < IN_TIME


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


@pytest.mark.traced
def test_who_is_away_is_named(cluster: Cluster, town: Town, stop: Callable[[Master], None]) -> None:
    assert absent_masters(town.client) == []
    assert durability(town.client).is_proven
    assert check_readiness(town.deployment).is_ready
    stop(cluster.masters[1])

    assert absent_masters(town.client) == [f"127.0.0.1:{cluster.masters[1].port}"]
    (check,) = check_readiness(town.deployment).checks
    assert f":{cluster.masters[1].port}" in check.detail


def test_a_process_that_starts_now_finds_the_others_by_its_nodes(
    cluster: Cluster, town: Town, stop: Callable[[Master], None]
) -> None:
    lost = cluster.masters[0]  # the first in the URL
    board = next(board for board in BOARDS if board not in cluster.boards_of(lost))
    stop(lost)
    fresh = cluster.connect()

    assert fresh.exists(PoolKeys(board, POOL).numbers)
    fresh.close()
