"""A slot moves to another master while its pool is at work."""

from __future__ import annotations

import time

import pytest

from relay.domain.errors import Unavailable
from relay.store import keys
from tests.cluster.servers import POOLS, Cluster
from tests.cluster.traffic import Town


def test_ten_pools_are_spread_over_all_masters(cluster: Cluster) -> None:
    spread = [cluster.pools_of(master) for master in cluster.masters]

    assert all(spread), spread
    assert sorted(pool for pools in spread for pool in pools) == sorted(POOLS)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["{p0}", "{p2}", keys.PHONE_CHANGES, keys.NUMBERS])
def test_p1_no_error_reaches_anybody_while_a_slot_moves(
    cluster: Cluster, town: Town, key: str
) -> None:
    home = cluster.master_of(key)
    away = next(master for master in cluster.masters if master is not home)
    with town.traffic() as outcomes:
        for target in (away, home, away, home):
            time.sleep(0.5)
            cluster.move(key, target)
        time.sleep(0.5)

    assert outcomes.unexpected == []
    assert outcomes.refused == {}
    assert all(outcomes.done.get(pool, 0) > 3 for pool in POOLS), outcomes.done
    town.audit()


def test_a_record_is_found_on_whichever_side_it_is(cluster: Cluster, town: Town) -> None:
    session = town.open("p3")
    home = cluster.master_of("{p3}")
    away = next(master for master in cluster.masters if master is not home)
    sessions = town.services.store.sessions
    with cluster.moving("{p3}", away) as move_keys:
        assert sessions.get(session.id) == session  # it has not moved
        move_keys()
        assert sessions.get(session.id) == session  # it has: the old master says ASK
        assert sessions.last_interactions_at([session]) == {}
    assert sessions.get(session.id) == session  # the old master says MOVED
    cluster.move("{p3}", home)


def test_a_move_that_hangs_is_an_answer_in_time(cluster: Cluster, town: Town) -> None:
    """Scripts name keys that need not be there, and no master of a moving slot knows which of
    these will come: it says TRYAGAIN until the move has ended."""
    session = town.open("p3")
    home = cluster.master_of("{p3}")
    away = next(master for master in cluster.masters if master is not home)
    with cluster.moving("{p3}", away):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            town.call(session)
        assert time.monotonic() - began < 2
        assert town.call(town.open("p0", 1, 1), 1)
    cluster.move("{p3}", home)
    assert town.call(session)
    town.audit()
