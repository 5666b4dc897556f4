"""A Redis that answers and takes no writes: ``/readyz`` and ``doctor`` say so. On a real server, to
which each of the faults happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.app import create_app
from relay.embedded_redis import EmbeddedRedis
from relay.store.keys import DeploymentKeys
from relay.workflows.check_readiness import Verdict
from relay.workflows.examine import examine
from tests.e2e.stage import eventually
from tests.fake_redis import FakeRedis, real_redis
from tests.web.api import FakeCarrier
from tests.world import make_world

pytestmark = pytest.mark.real_redis

Fault = Callable[[Any], None]
KEY = DeploymentKeys().tried_write


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("refusing")) as embedded:
        yield embedded


@pytest.fixture
def client(server: EmbeddedRedis) -> Iterator[Any]:
    with real_redis(server.url) as real:
        real.flushall()
        yield real
        real.replicaof("NO", "ONE")
        for name, value in {"maxmemory": "0", "min-replicas-to-write": "0", "save": ""}.items():
            real.config_set(name, value)


def follow_nobody(client: Any) -> None:
    client.replicaof("127.0.0.1", "1")


def fill_memory(client: Any) -> None:
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1mb")


def fail_to_save(client: Any) -> None:
    """Where the snapshot should be is a directory: Redis cannot save, and stops all writes."""
    snapshot = Path(client.config_get("dir")["dir"]) / client.config_get("dbfilename")["dbfilename"]
    if snapshot.is_file():
        snapshot.unlink()
    (snapshot / "in the way").mkdir(parents=True, exist_ok=True)
    client.config_set("save", "3600 1000000")
    client.config_set("stop-writes-on-bgsave-error", "yes")
    client.bgsave()
    eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")


def demand_replicas(client: Any) -> None:
    client.config_set("min-replicas-to-write", "1")


FAULTS = pytest.mark.parametrize(
    ("fault", "code"),
    [
        (follow_nobody, "READONLY"),
        (fail_to_save, "MISCONF"),
        (fill_memory, "OOM"),
        (demand_replicas, "NOREPLICAS"),
    ],
)


def ready(world: Any) -> tuple[int, dict[str, dict[str, str]]]:
    answer = create_app(world.deployment).test_client().get("/readyz")
    return answer.status_code, {check["name"]: check for check in answer.json["checks"]}


@FAULTS
def test_a_store_that_refuses_writes_is_not_ready(client: Any, fault: Fault, code: str) -> None:
    world = make_world(client)
    assert ready(world)[0] == 200
    fault(client)

    status, checks = ready(world)

    assert status == 503
    assert checks["store"]["status"] == "ok", "it answers"
    assert checks["writes"]["status"] == "failed"
    assert code in checks["writes"]["detail"]


@FAULTS
def test_it_refuses_also_while_the_key_that_is_tried_is_there(
    client: Any, fault: Fault, code: str
) -> None:
    world = make_world(client)
    fault(client)
    first, second = ready(world), ready(world)
    assert first[1]["writes"]["detail"] == second[1]["writes"]["detail"]
    assert code in second[1]["writes"]["detail"]


def test_who_asks_again_and_again_writes_once_in_the_keys_lifetime(client: Any) -> None:
    world = make_world(client)
    before = client.info("persistence")["rdb_changes_since_last_save"]
    for _ in range(20):
        assert ready(world)[0] == 200
    assert client.info("persistence")["rdb_changes_since_last_save"] - before == 1
    assert 0 < client.ttl(KEY) <= 60


def test_whoever_may_not_write_is_told_where_to_look(client: Any, server: EmbeddedRedis) -> None:
    client.acl_setuser(
        "reader", enabled=True, passwords=["+secret"], commands=["+@all", "-@write"], keys=["*"]
    )
    with real_redis(server.url.replace("redis://", "redis://reader:secret@")) as reader:
        world = make_world(client)
        world.deployment.client = reader
        status, checks = ready(world)

    assert status == 503
    assert "what its user may do" in checks["writes"]["detail"]


@FAULTS
def test_the_doctor_finds_it_for_the_store_and_for_rqs_redis(
    client: Any, fault: Fault, code: str
) -> None:
    world = make_world(client, carrier=FakeCarrier())
    elsewhere = make_world(FakeRedis(), carrier=FakeCarrier())
    fault(client)

    world.deployment.queues, elsewhere.deployment.queues = FakeRedis(), client

    of_store = {check.name: check for check in examine(world.deployment)}
    of_queues = {check.name: check for check in examine(elsewhere.deployment)}

    assert of_store["writes"].verdict is Verdict.FAILED
    assert code in of_store["writes"].detail
    assert of_store["queue-writes"].verdict is Verdict.OK
    assert of_queues["writes"].verdict is Verdict.OK
    assert of_queues["queue-writes"].verdict is Verdict.FAILED
    assert code in of_queues["queue-writes"].detail
