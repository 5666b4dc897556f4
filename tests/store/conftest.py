"""The store suite runs on a server and a cluster of its own, marked real_redis; in `make quick` on
fakeredis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from relay.embedded_redis import EmbeddedRedis
from relay.store.store import Store
from tests.board import Board
from tests.cluster.servers import Cluster, running_cluster
from tests.fake_redis import FakeRedis, real_redis
from tests.key_ring import SIGNER


@pytest.fixture(scope="session")
def real_redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three masters, for tests that leave every one of them at work and each slot where it was."""
    with running_cluster(tmp_path_factory.mktemp("cluster") / "masters") as masters:
        yield masters


@pytest.fixture(
    params=[
        pytest.param("fakeredis", marks=pytest.mark.on_fakeredis),
        pytest.param("redis", marks=pytest.mark.real_redis),
        pytest.param("cluster", marks=pytest.mark.real_redis),
    ]
)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An empty Redis, or an empty cluster, that answers text."""
    if request.param == "fakeredis":
        yield FakeRedis()
        return
    if request.param == "cluster":
        whole = request.getfixturevalue("cluster").connect()
        whole.flushall()
        yield whole
        whole.close()
        return
    url = request.getfixturevalue("real_redis_url")
    with real_redis(url) as real:
        real.flushall()
        yield real


@pytest.fixture
def store(client: redis.Redis) -> Store:
    return Store(client, SIGNER)


@pytest.fixture
def board(client: redis.Redis, store: Store) -> Board:
    """A pool of three numbers; cooldowns of 100 (candidate) and 50 (recruiter) seconds."""
    return Board(client, store)
