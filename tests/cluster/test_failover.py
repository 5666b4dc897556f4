"""A master has a replica, and dies."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from relay.domain.errors import Unavailable
from relay.store.store import Store
from tests.cluster.servers import Master, running_cluster
from tests.cluster.traffic import Town
from tests.e2e.stage import eventually


@pytest.mark.slow
def test_its_replica_takes_over_and_processes_follow(tmp_path: Path) -> None:
    with running_cluster(tmp_path / "masters") as cluster:
        town = Town(cluster.connect())
        lost = cluster.master_of("{p3}")
        replica = Master(tmp_path / "replica")
        try:
            replica.start()
            replica.cluster("MEET", "127.0.0.1", lost.port, lost.port + 10_000)
            eventually(lambda: lost.id in str(replica.cluster("NODES")))
            # Whoever has not met it cannot vote for it.
            for master in cluster.masters:
                eventually(lambda voter=master: replica.id in str(voter.cluster("NODES")))
            replica.cluster("REPLICATE", lost.id)
            eventually(lambda: replica.client.info("replication").get("master_link_status") == "up")
            town.services.store.sessions._scripts = Store(town.client, replicas=1).people._scripts
            session = town.open("p3")

            lost.kill()
            with pytest.raises(Unavailable):
                town.call(session)
            began = time.monotonic()
            eventually(lambda: _connected(town, session))
            assert time.monotonic() - began < 15
        finally:
            town.client.close()
            replica.kill()


def _connected(town: Town, session: object) -> bool:
    try:
        return town.call(session)  # type: ignore[arg-type]
    except Unavailable:
        return False
