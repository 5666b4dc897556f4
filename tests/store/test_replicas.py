"""STORE_REPLICAS: what is acknowledged stands on a replica, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from relay.domain.errors import Unavailable
from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from relay.store.store import Store
from tests.board import Board
from tests.e2e.stage import eventually
from tests.fake_redis import real_redis
from tests.key_ring import SIGNER

pytestmark = pytest.mark.real_redis


@pytest.fixture
def replica(tmp_path: Path, real_redis_url: str) -> Iterator[redis.Redis]:
    master = redis.Redis.from_url(real_redis_url)
    master.flushall()
    master.config_set("repl-diskless-sync-delay", 0)
    with EmbeddedRedis(tmp_path / "replica") as server:
        client = real_redis(server.url)
        client.replicaof("127.0.0.1", str(master.connection_pool.connection_kwargs["port"]))
        eventually(lambda: client.info("replication")["master_link_status"] == "up")
        # Up for the replica, which its master may still be sending the store to.
        master.set("awaited", 1)
        eventually(lambda: master.wait(1, 100) == 1)
        yield client


@pytest.fixture
def board(real_redis_url: str, replica: redis.Redis) -> Board:
    client = connect(real_redis_url, replicas=1)
    board = Board(client, Store(client, SIGNER))
    board.register_recruiter("rita")
    board.register_candidate("carl")
    return board


def test_a_claim_that_was_acknowledged_stands_on_the_replica(board, replica):
    session = board.open("rita", "carl")

    assert replica.hexists("{main}:sessions", session.id)


def test_a_claim_that_no_replica_has_is_not_acknowledged(board, replica):
    pair = board.enter("rita", "carl")
    replica.replicaof("NO", "ONE")

    with pytest.raises(Unavailable):
        board.claim(pair)
