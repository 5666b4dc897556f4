"""What the doctor finds on a cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relay.store.connection import connect
from relay.workflows.check_readiness import Check, Verdict, check_readiness
from relay.workflows.examine import examine
from tests.cluster.servers import Cluster, WholeCluster
from tests.web.api import FakeCarrier
from tests.world import make_world

pytestmark = pytest.mark.traced


@pytest.fixture
def client(cluster: Cluster) -> Iterator[WholeCluster]:
    whole = cluster.connect()
    whole.flushall()
    yield whole
    whole.config_set("cluster-require-full-coverage", "no")
    whole.close()


def find(client: object, cluster: Cluster) -> dict[str, Check]:
    world = make_world(client, carrier=FakeCarrier())
    world.deployment.queues = connect(f"redis://127.0.0.1:{cluster.masters[0].port}")
    return {check.name: check for check in examine(world.deployment)}


def test_a_cluster_that_serves_partly_is_well(client: WholeCluster, cluster: Cluster) -> None:
    found = find(client, cluster)

    assert found["cluster"].verdict is Verdict.OK
    assert found["durability"].verdict is Verdict.OK
    assert found["store"].verdict is Verdict.OK


def test_one_master_that_would_stop_all_is_found(client: WholeCluster, cluster: Cluster) -> None:
    cluster.masters[2].client.config_set("cluster-require-full-coverage", "yes")

    found = find(client, cluster)["cluster"]

    assert found.verdict is Verdict.FAILED
    assert "cluster-require-full-coverage no" in found.detail


def test_one_master_that_forgets_is_found(client: WholeCluster, cluster: Cluster) -> None:
    cluster.masters[2].client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert "noeviction" in find(client, cluster)["durability"].detail
    finally:
        client.config_set("maxmemory-policy", "noeviction")


def test_one_master_of_a_board_that_takes_no_writes_is_found(
    client: WholeCluster, cluster: Cluster
) -> None:
    deployment = make_world(client, carrier=FakeCarrier()).deployment
    refusing = cluster.master_of("{main}:tried-write")
    assert check_readiness(deployment).is_ready
    refusing.client.config_set("min-replicas-to-write", "1")
    try:
        found = next(c for c in check_readiness(deployment).checks if c.name == "writes")
    finally:
        refusing.client.config_set("min-replicas-to-write", "0")

    assert found.verdict is Verdict.FAILED
    assert "NOREPLICAS" in found.detail


def test_what_cannot_be_seen_is_said(client: WholeCluster, cluster: Cluster) -> None:
    for master in cluster.masters:
        master.client.acl_setuser(
            "tenant",
            enabled=True,
            passwords=["+secret"],
            commands=["+@all", "-config"],
            keys=["*"],
        )
    tenant = connect(cluster.url.replace("redis://", "redis://tenant:secret@"))

    found = find(tenant, cluster)

    assert found["cluster"].verdict is Verdict.WARNING
    assert found["durability"].verdict is Verdict.OK
    tenant.close()


def test_rq_on_a_node_of_a_cluster_is_refused(client: WholeCluster, cluster: Cluster) -> None:
    found = find(client, cluster)["queue-cluster"]

    assert found.verdict is Verdict.FAILED
    assert "QUEUE_REDIS_URL" in found.detail


def test_a_url_that_does_not_tell_of_the_cluster_is_found(
    client: WholeCluster, cluster: Cluster
) -> None:
    deployment = make_world(client, carrier=FakeCarrier()).deployment
    plain = connect(f"redis://127.0.0.1:{cluster.masters[0].port}")
    deployment.client = deployment.queues = plain

    found = next(c for c in examine(deployment) if c.name == "store")

    assert found.verdict is Verdict.FAILED
    assert "?cluster=true" in found.detail


def test_a_master_that_is_away_is_named(client: WholeCluster, cluster: Cluster) -> None:
    deployment = make_world(client, carrier=FakeCarrier()).deployment
    lost = cluster.masters[0]
    lost.freeze()
    try:
        checks = list(examine(deployment))
        found = next(check for check in checks if check.name == "store")
    finally:
        lost.thaw()

    assert found.verdict is Verdict.FAILED
    assert f":{lost.port}" in found.detail
