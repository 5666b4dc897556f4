"""One client of the store for a process: every wait is bounded, and its errors are ours.

Whatever Redis fails with is ``Unavailable``, the one error that the edges know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import BusyLoadingError, NoScriptError, ReadOnlyError, RedisError
from redis.maint_notifications import MaintNotificationsConfig
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
    return OurErrors(connection_pool=_pool(where.url, READ_TIMEOUT, **options))


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
        # Only Redis's own cloud has them; every other server is asked in vain for each connection.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
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


#: What a server says that is the master no more, or not yet. Behind one address it may have a
#: successor by now, to which only a new connection leads.
_NO_MASTER = (ReadOnlyError, BusyLoadingError)


class OurErrors(redis.Redis):
    """A client whose commands and pipelines fail with our errors: all raise Unavailable."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        send = super().execute_command
        return _attempt(self.connection_pool, lambda: send(*args, **options))  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002
        return StorePipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class StorePipeline(Pipeline):
    def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002
        commands, send = list(self.command_stack), super().execute

        def attempt() -> list[Any]:
            self.command_stack = list(commands)
            return send(raise_on_error)

        answers: list[Any] = _attempt(self.connection_pool, attempt)
        return answers


def _attempt(pool: Any, send: Callable[[], Any]) -> Any:
    """What ``send`` answers; once more on new connections when the master has changed. Raises
    Unavailable for all that Redis fails with; a script that it has not seen is no failure."""
    try:
        try:
            return send()
        except _NO_MASTER:
            pool.disconnect(inuse_connections=False)
            return send()
    except NoScriptError:
        raise
    except (RedisError, OSError) as error:
        raise Unavailable("The store does not answer.") from error
