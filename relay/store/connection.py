"""One Redis client for a process, with every wait bounded, and how its errors read to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError
from redis.retry import Retry

from relay.domain.errors import Unavailable

#: A ``redis.Redis`` that decodes. redis-py types every answer as bytes-or-str, whichever a client
#: gives; ours gives str, and each function of the store says in its signature what that means.
Client: TypeAlias = Any

#: A caller waits for the sentence that says "try later" at most two seconds (API.md), so
#: one try and one repeat must end before that.
CONNECT_TIMEOUT = 0.4
READ_TIMEOUT = 0.8


def connect(url: str, *, tls_verify: bool = True, connections: int = 256) -> Client:
    """A client whose commands repeat once after a lost connection. Every mutating script is safe
    to run twice; nothing else writes through it in a way that a repeat could harm."""
    options: dict[str, Any] = {}
    if url.startswith("rediss://") and not tls_verify:
        options["ssl_cert_reqs"] = "none"
    pool = LeanPool.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=READ_TIMEOUT,
        health_check_interval=0,
        retry=Retry(NoBackoff(), 1),
        max_connections=connections,
        **options,
    )
    return redis.Redis(connection_pool=pool)


class LeanPool(redis.ConnectionPool):
    """Hands out a connection without asking the kernel first whether it is still good.

    redis-py polls each connection it lends; under gevent that is a turn of the event loop, a
    seventh of the time that answering a call takes (``docs/benchmarks.md``). A dead connection
    shows at the first command, which is repeated once on a new one; a connection on which
    anything went wrong half-way has been closed by redis-py itself.
    """

    def get_connection(self, *_args: Any, **_options: Any) -> Any:
        self._checkpid()  # A worker's job is a fork: it must not share its parent's sockets.
        try:
            return self._available_connections.pop()
        except IndexError:
            return self.make_connection()

    def release(self, connection: Any) -> None:
        self._checkpid()
        if self.owns_connection(connection):
            self._available_connections.append(connection)
        else:
            connection.disconnect()


@contextmanager
def unavailable_when_away() -> Iterator[None]:
    """Turns every failure of Redis into the one error the edges know."""
    try:
        yield
    except (RedisError, BusyLoadingError, ReadOnlyError, OSError) as error:
        raise Unavailable("The store does not answer.") from error
