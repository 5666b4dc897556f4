"""A master has a replica: it is waited for, and takes over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.domain.errors import Unavailable
from relay.domain.session import Session
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.store import Store
from tests.board import Board
from tests.cluster.servers import BOARDS, Cluster, Master, WholeCluster, running_cluster
from tests.cluster.traffic import Town
from tests.e2e.stage import eventually
from tests.key_ring import SIGNER
from tests.replicas import count_replicas

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of this module's own: one of its masters is lost for good."""
    with running_cluster(tmp_path_factory.mktemp("failover")) as masters:
        yield masters


@pytest.fixture(scope="module")
def board(cluster: Cluster) -> str:
    """One that is not on the master that is asked for what belongs to no board."""
    default = cluster.master_of(DeploymentKeys.PREFIX)
    first = cluster.masters[0]
    return next(b for b in BOARDS if cluster.master_of(f"{{{b}}}") not in (default, first))


@pytest.fixture(scope="module")
def replica(
    cluster: Cluster, board: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Master]:
    """Of the board's master; the other masters have none."""
    master, replica = cluster.master_of(f"{{{board}}}"), _start(tmp_path_factory.mktemp("replica"))
    try:
        replica.cluster("MEET", "127.0.0.1", master.port, master.port + 10_000)
        eventually(lambda: master.id in str(replica.cluster("NODES")))
        # Whoever has not met it cannot vote for it.
        for one in cluster.masters:
            eventually(lambda voter=one: replica.id in str(voter.cluster("NODES")))
        replica.cluster("REPLICATE", master.id)
        eventually(lambda: count_replicas(master.client) == 1)
        yield replica
    finally:
        replica.kill()


def _start(directory: Path) -> Master:
    replica = Master(directory / "0")
    replica.start()
    return replica


def test_a_write_waits_for_the_replica_of_its_boards_own_master(
    cluster: Cluster, board: str, replica: Master
) -> None:
    """On any other master nobody would answer: a WAIT that went there would refuse it."""
    client, home = cluster.connect(), cluster.master_of(f"{{{board}}}")
    elsewhere = next(other for other in BOARDS if other not in cluster.boards_of(home))

    session = open_and_close(client, board)

    with replica.client.client() as copy:  # one connection
        copy.execute_command("READONLY")
        assert copy.hexists(BoardKeys(board).sessions, session.id)
    with pytest.raises(Unavailable, match="replicas"):
        open_and_close(client, elsewhere)
    client.close()


def open_and_close(client: WholeCluster, name: str) -> Session:
    """Closes with STORE_REPLICAS=1 what was opened without."""
    client.replicas = 0
    client.flushall()
    board = Board(client, Store(client, SIGNER, name))
    board.register_recruiter("rita")
    board.register_candidate("carl")
    session = board.open("rita", "carl")
    client.replicas = 1
    return board.close(session)


def test_its_replica_takes_over_and_processes_follow(
    cluster: Cluster, board: str, replica: Master
) -> None:
    client = cluster.connect()
    client.flushall()
    town = Town(client)
    session = town.open(board)
    assert cluster.master_of(f"{{{board}}}").client.wait(1, 5000) == 1

    cluster.master_of(f"{{{board}}}").kill()
    with pytest.raises(Unavailable):
        town.call(board, session)
    began = time.monotonic()
    eventually(lambda: _connected(town, board, session))
    assert time.monotonic() - began < 15
    town.client.close()


def _connected(town: Town, board: str, session: Session) -> bool:
    try:
        return town.call(board, session)
    except Unavailable:
        return False
