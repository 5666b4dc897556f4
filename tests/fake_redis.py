"""The store's client on fakeredis."""

from __future__ import annotations

import fakeredis
import redis

from relay.store.connection import OurErrors, connect


class FakeRedis(OurErrors, fakeredis.FakeRedis):
    """Answers text, as the store's client does, and fails as it does."""

    def __init__(self, server: fakeredis.FakeServer | None = None) -> None:
        fakeredis.FakeRedis.__init__(
            self, server=server or fakeredis.FakeServer(), decode_responses=True
        )


def real_redis(url: str) -> redis.Redis:
    """The store's client on a real server."""
    client: redis.Redis = connect(url)
    return client
