"""The client of a cluster does what one Redis's does."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator

import pytest
from redis.exceptions import DataError, NoScriptError, ResponseError

from relay.domain.errors import Unavailable
from relay.store.connection import connect, masters
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.scripts import Scripts
from tests.cluster.servers import BOARDS, Cluster, WholeCluster

KEYS = [f"{{{board}}}:x" for board in BOARDS]


@pytest.fixture
def client(cluster: Cluster) -> Iterator[WholeCluster]:
    whole = cluster.connect()
    whole.flushall()
    yield whole
    whole.close()


def test_it_connects_to_nothing_before_its_first_command() -> None:
    client = connect("redis://127.0.0.1:1/0?cluster=true")
    began = time.monotonic()

    for ask in (lambda: client.get("a"), client.time, lambda: masters(client)):
        with pytest.raises(Unavailable):
            ask()
    with client.pipeline(transaction=False) as pipe, pytest.raises(Unavailable):
        pipe.get("a").execute()
    assert time.monotonic() - began < 2


def test_a_pipeline_spans_slots_and_keeps_the_order(client: WholeCluster) -> None:
    with client.pipeline(transaction=False) as pipe:
        for place, key in enumerate(KEYS):
            pipe.set(key, place)
        for key in reversed(KEYS):
            pipe.get(key)
        assert pipe.execute()[len(KEYS) :] == [str(n) for n in reversed(range(len(KEYS)))]
        assert pipe.execute() == []


def test_a_pipeline_reads_a_boards_keys_and_the_deployments(client: WholeCluster) -> None:
    board, deployment = BoardKeys("b0"), DeploymentKeys()
    client.hset(board.stopped("index"), "number", "stopped")
    client.hset(deployment.stopped("index"), "service", "stopped")
    with client.pipeline(transaction=False) as pipe:
        pipe.hget(board.stopped("index"), "number")
        pipe.hget(deployment.stopped("index"), "service")
        pipe.hget(board.stopped("index"), "another")
        assert pipe.execute() == ["stopped", "stopped", None]


def test_a_pipeline_does_the_rest_before_it_tells_of_a_fault(client: WholeCluster) -> None:
    client.set(KEYS[0], "no hash")
    with client.pipeline(transaction=False) as pipe:
        pipe.hgetall(KEYS[0])
        for key in KEYS[1:]:
            pipe.set(key, "1")
        with pytest.raises(Unavailable) as failed:
            pipe.execute()
    assert isinstance(failed.value.__cause__, ResponseError)
    assert all(client.get(key) == "1" for key in KEYS[1:])


def test_a_pipeline_reaches_the_other_masters_when_one_is_away(
    client: WholeCluster, cluster: Cluster
) -> None:
    lost = cluster.master_of(KEYS[0])
    others = [key for key in KEYS if cluster.master_of(key) is not lost]
    lost.freeze()
    try:
        with client.pipeline(transaction=False) as pipe:
            for key in KEYS:
                pipe.set(key, "1")
            began = time.monotonic()
            with pytest.raises(Unavailable):
                pipe.execute()
            assert time.monotonic() - began < 2
        assert all(client.get(key) == "1" for key in others)
    finally:
        lost.thaw()


def test_a_pipeline_follows_a_slot_that_has_moved(client: WholeCluster, cluster: Cluster) -> None:
    client.set(KEYS[0], "here")
    home = cluster.master_of(KEYS[0])
    cluster.move(KEYS[0], next(master for master in cluster.masters if master is not home))
    with client.pipeline(transaction=False) as pipe:
        assert pipe.get(KEYS[0]).get(KEYS[1]).execute() == ["here", None]
    cluster.move(KEYS[0], home)
    assert client.get(KEYS[0]) == "here"


def test_there_are_no_transactions_and_no_commands_to_nobody(client: WholeCluster) -> None:
    with pytest.raises(DataError):
        client.pipeline(transaction=True)
    for ask in (client.info, client.config_get, client.dbsize):
        with pytest.raises(DataError):
            ask(*(["appendonly"] if ask == client.config_get else []))


COUNT = 'return redis.call("INCR", KEYS[1])'
COUNT_SHA = "f793247de6e1e3c553cd42d39c812df499e679e4"
PUT = 'return redis.call("SET", KEYS[1], "here")'
PUT_SHA = "6c1db2be16ce468681e9df136106bd56bc7474a1"


def test_a_script_that_a_master_has_never_seen_is_brought_to_it(client: WholeCluster) -> None:
    scripts = Scripts(client)
    for master in client.masters():
        master.script_flush()
    with pytest.raises(NoScriptError):
        client.evalsha(COUNT_SHA, 1, KEYS[0])
    for key in KEYS:
        for turn in (1, 2):
            assert scripts.send(COUNT, COUNT_SHA, [key], [], durably=False) == turn


def test_replicas_are_waited_for_where_the_write_was(client: WholeCluster) -> None:
    """This cluster has none, so a write that wants one is not acknowledged; it stands."""
    client.replicas = 1
    scripts = Scripts(client)
    for key in KEYS:
        with pytest.raises(Unavailable):
            scripts.send(PUT, PUT_SHA, [key], [], durably=True)
        assert client.get(key) == "here"


def test_threads_share_it_while_its_connections_are_lost(client: WholeCluster) -> None:
    faults: list[BaseException] = []

    def count() -> None:
        try:
            for turn in range(200):
                client.incr(KEYS[turn % len(KEYS)])
        except BaseException as error:  # noqa: BLE001 - the test is told
            faults.append(error)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for master in client.masters():
        master.client_kill_filter(_type="normal", skipme=True)
    for thread in threads:
        thread.join()

    assert faults == []
    # A command whose reply was lost is sent again: every write of ours is safe to run twice.
    assert sum(int(client.get(key)) for key in KEYS) >= 8 * 200


def _read(client: WholeCluster, outcome: multiprocessing.Queue[object]) -> None:
    outcome.put([client.get(key) for key in KEYS])


def test_a_fork_has_connections_of_its_own(client: WholeCluster) -> None:
    """A worker runs each job in a fork of itself."""
    for place, key in enumerate(KEYS):
        client.set(key, place)
    context = multiprocessing.get_context("fork")
    outcome = context.Queue()
    fork = context.Process(target=_read, args=(client, outcome))
    fork.start()
    for _ in range(200):
        assert [client.get(key) for key in KEYS] == [str(n) for n in range(len(KEYS))]
    assert outcome.get(timeout=10) == [str(n) for n in range(len(KEYS))]
    fork.join()


def test_a_fork_asks_a_master_that_its_parent_has_never_asked(client: WholeCluster) -> None:
    context = multiprocessing.get_context("fork")
    outcome = context.Queue()
    client.set(KEYS[0], "0")
    fork = context.Process(target=_read, args=(client, outcome))
    fork.start()

    assert outcome.get(timeout=10) == ["0", *[None] * (len(KEYS) - 1)]
    fork.join()
