"""Two Redis behind one address, as rented ones are: after a failover new connections lead to the
new master, while old ones stay with the server that is a replica now.

A process that kept its connections must write again at once, without being started anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from relay.domain.errors import Unavailable
from relay.store.scripts import Scripts
from relay.store.store import Store
from tests.board import Board
from tests.e2e.stage import eventually
from tests.key_ring import SIGNER
from tests.switched import Pair, port_of, running_pair

pytestmark = pytest.mark.real_redis

_SET = 'return redis.call("SET", KEYS[1], ARGV[1])'
#: Gives the error as Redis 6 does, which puts a failing command's own into the script's.
_SET_ON_REDIS_6 = """
local answer = redis.pcall("SET", KEYS[1], ARGV[1])
if answer.err then
  return redis.error_reply("ERR Error running script: @user_script: 1: -" .. answer.err)
end
return answer
"""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with running_pair(tmp_path) as pair:
        yield pair


def write_by_command(client: Any) -> None:
    client.set("key", "value")


def write_by_script(client: Any) -> None:
    Scripts(client).send(_SET, "0" * 40, ["key"], ["value"], durably=False)


def write_by_script_on_redis_6(client: Any) -> None:
    client.eval(_SET_ON_REDIS_6, 1, "key", "value")


def write_in_a_pipeline(client: Any) -> None:
    with client.pipeline(transaction=False) as pipe:
        pipe.get("key")
        pipe.set("key", "value")
        pipe.execute()


def write_in_a_pipeline_that_keeps_errors(client: Any) -> None:
    with client.pipeline(transaction=False) as pipe:
        pipe.set("key", "value")
        assert pipe.execute(raise_on_error=False) == [True]


WRITES = [
    write_by_command,
    write_by_script,
    write_by_script_on_redis_6,
    write_in_a_pipeline,
    write_in_a_pipeline_that_keeps_errors,
]


@pytest.mark.parametrize("write", WRITES)
def test_a_process_writes_again_at_once(pair: Pair, write: Callable[[Any], None]) -> None:
    pair.replicate()
    client = pair.client
    fill_its_pool(client)
    pair.fail_over()

    write(client)

    assert pair.new.get("key") == "value"


def test_all_who_write_at_once_are_served(pair: Pair) -> None:
    """Also by a connection that was in use when another caller found out."""
    pair.replicate()
    client = pair.client
    fill_its_pool(client)
    pair.fail_over()

    with ThreadPoolExecutor(16) as writers:
        done = [writers.submit(client.set, f"key{n}", "value") for n in range(200)]
        assert all(each.result() for each in done)


def test_a_session_is_closed_on_the_new_master(pair: Pair) -> None:
    pair.replicate()
    client = pair.client
    board = Board(client, Store(client, SIGNER))
    board.register_recruiter("rita")
    board.register_candidate("carl")
    session = board.open("rita", "carl")
    fill_its_pool(client)
    pair.old.set("awaited", 1)  # WAIT is for what its own connection has written
    assert pair.old.wait(1, 5000) == 1
    pair.fail_over()

    assert not board.close(session).is_live(board.now)


def test_a_new_master_is_found_while_the_old_one_loads_its_data(pair: Pair) -> None:
    """It says LOADING then, to reads as well."""
    for n in range(1000):
        pair.new.set(f"key{n}", "x" * 100)
    pair.old.config_set("key-load-delay", 5000)  # microseconds a key
    pair.old.config_set("loading-process-events-interval-bytes", 1024)
    client = pair.client
    fill_its_pool(client)
    pair.fail_over()
    eventually(lambda: says(pair.old, redis.exceptions.BusyLoadingError))

    assert client.get("key999") == "x" * 100


def test_a_new_master_is_found_while_the_old_one_has_no_link_to_it(pair: Pair) -> None:
    """It says MASTERDOWN then, to reads as well, where it may not serve what is stale."""
    pair.replicate()
    pair.old.set("key", "value")
    assert pair.old.wait(1, 5000) == 1
    pair.old.config_set("replica-serve-stale-data", "no")
    client = pair.client
    fill_its_pool(client)
    pair.fail_over()
    pair.old.replicaof("127.0.0.1", "1")
    eventually(lambda: says(pair.old, redis.exceptions.MasterDownError))

    assert client.get("key") == "value"


def test_a_replica_that_has_no_successor_is_unavailable(pair: Pair) -> None:
    client = pair.client
    fill_its_pool(client)
    pair.old.replicaof("127.0.0.1", str(port_of(pair.new)))

    for write in WRITES:
        with pytest.raises(Unavailable):
            write(client)


def fill_its_pool(client: Any) -> None:
    """So that many connections lead to the old master."""
    with ThreadPoolExecutor(8) as callers:
        waits = [callers.submit(client.blpop, ["nothing"], 0.2) for _ in range(8)]
        assert [each.result() for each in waits] == [None] * 8


def says(client: redis.Redis, error: type[Exception]) -> bool:
    try:
        client.get("key")
    except redis.RedisError as said:
        return isinstance(said, error)
    return False
