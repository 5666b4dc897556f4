"""STORE_REPLICAS: what is acknowledged stands on a replica, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
import redis

from relay.domain.api_key import Scope
from relay.domain.errors import Unavailable
from relay.domain.pool import Pool
from relay.domain.texts import NotYet, SendLease, Turn
from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from relay.store.outbox import LEASE, LOOK_AGAIN
from relay.store.store import Store
from tests.board import Board
from tests.e2e.stage import eventually
from tests.key_ring import SIGNER
from tests.replicas import make_replica
from tests.store.test_messages import Texts
from tests.world import NOW, Pair

T = TypeVar("T")

pytestmark = pytest.mark.real_redis


@pytest.fixture
def replica(tmp_path: Path, real_redis_url: str) -> Iterator[redis.Redis]:
    master = redis.Redis.from_url(real_redis_url)
    master.flushall()
    with EmbeddedRedis(tmp_path / "replica") as server:
        # Not the store's client: under load a test may wait longer than a caller.
        client = redis.Redis.from_url(server.url, decode_responses=True)
        make_replica(client, master)
        yield client


@pytest.fixture
def board(real_redis_url: str, replica: redis.Redis) -> Board:
    """Its people are on record; from then on each write waits for the replica."""
    client = connect(real_redis_url)
    board = Board(client, Store(client, SIGNER))
    board.register_recruiter("rita")
    board.register_candidate("carl")
    client.replicas = 1
    return board


def once_acknowledged(act: Callable[[], T]) -> T:
    """On a busy machine the replica may be too late for a write, which is sent again then."""

    def answer() -> T | None:
        with suppress(Unavailable):
            return act()
        return None

    return eventually(answer)


def test_a_claim_that_was_acknowledged_stands_on_the_replica(board, replica):
    session = once_acknowledged(lambda: board.open("rita", "carl"))

    assert replica.hexists("{main}:sessions", session.id)


def test_a_board_a_key_and_a_pool_stand_on_the_replica(board, replica):
    """Those are written by commands, and not by scripts."""
    store = board.store
    key = once_acknowledged(lambda: store.api_keys.create("backend", [Scope.ADMIN], now=1))
    once_acknowledged(lambda: store.pools.put(Pool(name="gb", country="GB")) or True)

    assert replica.hvals(store.keys.api_keys)
    assert "gb" in replica.smembers(store.keys.pools)
    assert once_acknowledged(lambda: store.api_keys.revoke("backend"))
    assert replica.hvals(store.keys.api_keys) == []
    assert store.api_keys.find(key) is None


def test_a_claim_that_no_replica_has_is_not_acknowledged(board, replica):
    pair = board.enter("rita", "carl")
    replica.replicaof("NO", "ONE")

    with pytest.raises(Unavailable):
        board.claim(pair)


@pytest.fixture
def texts(real_redis_url: str) -> Texts:
    """Of a store without a replica."""
    client = connect(real_redis_url)
    client.flushall()
    return Texts(Pair(client, Store(client, SIGNER)))


def test_p4_an_attempt_that_no_replica_has_is_not_made(texts):
    """A fail-over could forget it, and the text would be sent twice. The next one may be made."""
    message = texts.accepted()
    texts.store.client.replicas = 1

    assert texts.outbox.begin(message, token="t1", now=NOW) == NotYet(NOW + LOOK_AGAIN)

    texts.store.client.replicas = 0
    lease = texts.outbox.begin(message, token="t2", now=NOW + LOOK_AGAIN)
    assert isinstance(lease, SendLease)
    assert lease.turn is Turn.SEND


def test_p4_a_restore_that_no_replica_knows_of_is_not_noted(texts):
    """A fail-over could forget it, and what waits would be sent without being looked for."""
    texts.store.client.replicas = 1

    with pytest.raises(Unavailable):
        texts.outbox.note_restored(snapshot_at=NOW - 60, ended_at=NOW)


def test_attempts_that_were_not_made_put_off_no_later_one(texts):
    """A refusal is followed by a pause that doubles with each attempt."""
    message = texts.accepted()
    texts.store.client.replicas = 1
    for times in range(5):
        at = NOW + times * LOOK_AGAIN
        assert isinstance(texts.outbox.begin(message, token=f"t{times}", now=at), NotYet)

    texts.store.client.replicas = 0
    assert texts.begin(message, token="t9", now=NOW + 5 * LOOK_AGAIN).attempts == 1


def test_p4_an_attempt_whose_outcome_is_unknown_is_found_out_about_without_a_replica(texts):
    message = texts.accepted()
    texts.outbox.begin(message, token="t1", now=NOW)
    texts.store.client.replicas = 1

    lease = texts.outbox.begin(message, token="t2", now=NOW + LEASE + 1)

    assert isinstance(lease, SendLease)
    assert lease.turn is Turn.UNSETTLED
