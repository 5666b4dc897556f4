"""A slot moves to another master while its board is at work."""

from __future__ import annotations

import time

import pytest

from relay.domain.errors import Unavailable
from relay.store.keys import BoardKeys, DeploymentKeys
from tests.cluster.servers import BOARDS, Cluster, Master
from tests.cluster.traffic import POOL, Town

COUNT_TWICE = """
redis.call("INCR", KEYS[1])
return redis.call("INCR", KEYS[2])
"""


def another(cluster: Cluster, home: Master) -> Master:
    return next(master for master in cluster.masters if master is not home)


def test_ten_boards_are_spread_over_all_masters(cluster: Cluster) -> None:
    spread = [cluster.boards_of(master) for master in cluster.masters]

    assert all(spread), spread
    assert sorted(board for boards in spread for board in boards) == sorted(BOARDS)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["{b0}", "{b2}", DeploymentKeys().numbers])
def test_p1_no_error_reaches_anybody_while_a_slot_moves(
    cluster: Cluster, town: Town, key: str
) -> None:
    home = cluster.master_of(key)
    away = another(cluster, home)
    with town.traffic() as outcomes:
        for target in (away, home, away, home):
            time.sleep(0.5)
            cluster.move(key, target)
        time.sleep(0.5)

    assert outcomes.unexpected == []
    assert outcomes.refused == {}
    assert all(outcomes.done.get(board, 0) > 3 for board in BOARDS), outcomes.done
    town.audit()


def test_a_record_is_found_on_whichever_side_it_is(cluster: Cluster, town: Town) -> None:
    session = town.open("b3")
    home = cluster.master_of("{b3}")
    sessions = town.boards["b3"].store.sessions
    with cluster.moving("{b3}", another(cluster, home)) as move_keys:
        assert sessions.get(session.id) == session  # it has not moved
        move_keys()
        assert sessions.get(session.id) == session  # it has: the old master says ASK
        assert sessions.last_interactions_at([session]) == {}
    assert sessions.get(session.id) == session  # the old master says MOVED
    cluster.move("{b3}", home)


def test_a_pipeline_finds_each_key_on_the_side_where_it_is(cluster: Cluster, town: Town) -> None:
    home = cluster.master_of("{b3}")
    away = another(cluster, home)
    stays, goes = "{b3}:stays", "{b3}:goes"
    town.client.set(stays, "here")
    town.client.set(goes, "there")
    with cluster.moving("{b3}", away):
        home.client.migrate("127.0.0.1", away.port, [goes], 0, 5000)
        with town.client.pipeline(transaction=False) as pipe:
            assert pipe.get(stays).get(goes).get(stays).execute() == ["here", "there", "here"]
    cluster.move("{b3}", home)


def test_a_script_is_refused_whole_until_the_move_has_ended(cluster: Cluster, town: Town) -> None:
    """Every script declares a key that never exists, so neither master can take it half."""
    home = cluster.master_of("{b3}")
    keys = ["{b3}:first", "{b3}:second", BoardKeys("b3").never]
    town.client.set(keys[0], "5")
    town.client.set(keys[1], "5")
    with cluster.moving("{b3}", another(cluster, home)) as move_keys:
        home.client.migrate("127.0.0.1", another(cluster, home).port, [keys[0]], 0, 5000)
        with pytest.raises(Unavailable):
            town.client.eval(COUNT_TWICE, len(keys), *keys)
        move_keys()
        with pytest.raises(Unavailable):
            town.client.eval(COUNT_TWICE, len(keys), *keys)
    assert town.client.mget(keys[:2]) == ["5", "5"]
    assert town.client.eval(COUNT_TWICE, len(keys), *keys) == 6
    cluster.move("{b3}", home)


def test_a_move_that_hangs_is_an_answer_in_time(cluster: Cluster, town: Town) -> None:
    session = town.open("b3")
    home = cluster.master_of("{b3}")
    with cluster.moving("{b3}", another(cluster, home)):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            town.call("b3", session)
        assert time.monotonic() - began < 2
        assert town.call("b0", town.open("b0", 1, 1), 1)
    cluster.move("{b3}", home)
    assert town.call("b3", session)
    town.audit()


def test_the_other_pools_of_a_board_are_no_longer_elsewhere(cluster: Cluster) -> None:
    keys = BoardKeys("b3")

    homes = {cluster.master_of(keys.in_pool(pool).policy) for pool in (POOL, "eu", "apac")}
    assert homes == {cluster.master_of(keys.sessions)}
