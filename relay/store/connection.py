"""One client of the store for a process, with every wait bounded, and how its errors read to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError
from redis.retry import Retry

from config.redis_location import Address, RedisLocation, locate_redis
from relay.domain.errors import Unavailable
from relay.store.cluster import ClusterClient
from relay.store.cluster_nodes import Node

#: A ``redis.Redis`` that decodes. redis-py types every answer as bytes-or-str, whichever a client
#: gives; ours gives str, and each function of the store says in its signature what that means.
Client: TypeAlias = Any

#: A caller waits for the sentence that says "try later" at most two seconds (API.md), so
#: one try and one repeat must end before that.
CONNECT_TIMEOUT = 0.4
READ_TIMEOUT = 0.8
#: In a cluster the same two seconds hold a look at where the slots are now, too.
_NODE_READ_TIMEOUT = 0.6
#: For what any node can say.
_PROBE_TIMEOUT = 0.25


def connect(url: str, *, tls_verify: bool = True, connections: int = 256) -> Client:
    """A client whose commands repeat once after a lost connection. Every mutating script is safe
    to run twice; nothing else writes through it in a way that a repeat could harm."""
    where = locate_redis(url)
    options: dict[str, Any] = {
        "decode_responses": True,
        "health_check_interval": 0,
        "max_connections": connections,
    }
    if where.url.startswith("rediss://") and not tls_verify:
        options["ssl_cert_reqs"] = "none"
    if where.is_cluster:
        return _connect_to_cluster(where, options)
    return redis.Redis(connection_pool=_pool(where.url, READ_TIMEOUT, **options))


def _connect_to_cluster(where: RedisLocation, options: dict[str, Any]) -> ClusterClient:
    def make_node(address: Address) -> Node:
        host, port = address
        at = _at(where.url, host, port)
        return Node(
            address,
            client=redis.Redis(connection_pool=_pool(at, _NODE_READ_TIMEOUT, **options)),
            probe=redis.Redis(connection_pool=_pool(at, _PROBE_TIMEOUT, repeats=0, **options)),
        )

    return ClusterClient(where.nodes, make_node)


def _at(url: str, host: str, port: int) -> str:
    """The URL of another node: the same scheme, user, password and options."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    host = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}:{port}"))


def is_cluster(client: Client) -> bool:
    """Whether the client was told that there is a cluster."""
    return isinstance(client, ClusterClient)


def masters(client: Client) -> list[Client]:
    """Each Redis that holds a part of the store: of a cluster all its masters. Raises Unavailable
    when nobody can say."""
    if not is_cluster(client):
        return [client]
    with unavailable_when_away():
        found = client.masters()
    if not found:
        raise Unavailable("No node of the cluster answers.")
    return [*found]


def _pool(url: str, timeout: float, *, repeats: int = 1, **options: Any) -> LeanPool:
    return LeanPool.from_url(
        url,
        socket_connect_timeout=min(CONNECT_TIMEOUT, timeout),
        socket_timeout=timeout,
        retry=Retry(NoBackoff(), repeats),
        **options,
    )


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
