"""The store's client on fakeredis, and on a real server: both watched (privacy.py)."""

from __future__ import annotations

from typing import Any

import fakeredis
import redis

from relay.store.connection import OurErrors, connect
from tests.privacy import WATCH


class _Watched:
    """Of a connection: fails a test that sends a person's number through it, in a key or a value
    (P2)."""

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        WATCH.note_command([command] if isinstance(command, bytes) else command)
        super().send_packed_command(command, check_health)  # type: ignore[misc]


class _WatchedConnection(_Watched, fakeredis.FakeRedisConnection):
    pass


class FakeRedis(OurErrors, fakeredis.FakeRedis):
    """Answers text, as the store's client does, and fails as it does."""

    def __init__(self, server: fakeredis.FakeServer | None = None) -> None:
        fakeredis.FakeRedis.__init__(
            self,
            server=server or fakeredis.FakeServer(),
            connection_class=_WatchedConnection,
            decode_responses=True,
        )


def real_redis(url: str) -> redis.Redis:
    """The store's client on a real server."""
    client: redis.Redis = connect(url)
    pool = client.connection_pool
    pool.connection_class = type("WatchedConnection", (_Watched, pool.connection_class), {})
    return client
