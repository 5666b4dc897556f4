"""One client of the store for a process: every wait is bounded, and its errors are ours.

Whatever Redis fails with is ``Unavailable``, the one error that the edges know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import redis
from redis.client import Pipeline
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import (
    ClusterDownError,
    ConnectionError,  # noqa: A004 - redis-py's, of which Python's is no kin
    NoScriptError,
    RedisError,
    TimeoutError,  # noqa: A004 - the same
)
from redis.maint_notifications import MaintNotificationsConfig

from config.redis_location import RedisLocation, locate_redis
from relay.domain.errors import Unavailable
from relay.store.cluster import ClusterClient
from relay.store.cluster_topology import Topology
from relay.store.following import FollowingPipeline, FollowingRedis
from relay.store.lean_pool import LeanPool, NodePool, is_no_master
from relay.store.sentinels import MasterWatch, SentinelPool, connect_to_sentinels

T = TypeVar("T")

#: A ``redis.Redis`` that decodes. redis-py types every answer as bytes-or-str, whichever a client
#: gives; ours gives str, and each function of the store says in its signature what that means.
Client: TypeAlias = Any

#: A caller waits for the sentence that says "try later" at most two seconds (docs/api.md), so
#: one try and one repeat must end before that.
CONNECT_TIMEOUT = 0.4
READ_TIMEOUT = 0.8
#: In a cluster, and behind sentinels, the same two seconds hold a look at where the master is now.
_NODE_TIMEOUT = 0.4
_MASTER_TIMEOUT = 0.6
#: What redis-py would else ask on each new connection, and servers refuse: notifications that only
#: Redis's own cloud has, and to note which library this is, which only Redis 7.2 can.
QUIET_START: dict[str, Any] = {
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    "driver_info": None,
}


#: What redis-py and the system fail with when no server answers, or none has the key's slot.
_NOBODY = (ConnectionError, TimeoutError, OSError, ClusterDownError)


def connect(
    url: str, *, tls_verify: bool = True, connections: int = 256, replicas: int = 0
) -> Client:
    """A client whose commands repeat once after a lost connection. Every mutating script is safe
    to run twice (RD-lost-reply); nothing else writes in a way that a repeat could harm. So many
    ``replicas`` must have what is written by scripts (``scripts.py``)."""
    where = locate_redis(url)
    options: dict[str, Any] = {
        "decode_responses": True,
        # A planted value that is no text must fail its own check, and nothing else.
        "encoding_errors": "replace",
        "health_check_interval": 0,
        "max_connections": connections,
        **QUIET_START,
    }
    if where.url.startswith("rediss://") and not tls_verify:
        options["ssl_cert_reqs"] = "none"
    client: Client = (
        _connect_to_cluster(where, options)
        if where.is_cluster
        else OurErrors(connection_pool=open_pool(where, options))
    )
    client.replicas = replicas
    return client


def open_pool(where: RedisLocation, options: Mapping[str, Any]) -> LeanPool:
    """Connections to one Redis, or to whoever is the master of those behind sentinels."""
    if where.sentinels is None:
        pool: LeanPool = LeanPool.from_url(
            where.url,
            socket_connect_timeout=CONNECT_TIMEOUT,
            socket_timeout=READ_TIMEOUT,
            **options,
        )
        return pool
    to_server: SentinelPool = SentinelPool.from_url(
        where.url,
        watch=MasterWatch(where.sentinels.service, connect_to_sentinels(where, options)),
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=_MASTER_TIMEOUT,
        **options,
    )
    return to_server


def _connect_to_cluster(where: RedisLocation, options: dict[str, Any]) -> ClusterClient:
    def connect_now() -> RedisCluster:
        return RedisCluster(
            url=where.url,
            startup_nodes=[ClusterNode(*address) for address in where.nodes],  # type: ignore[no-untyped-call]
            require_full_coverage=False,
            connection_pool_class=NodePool,
            socket_connect_timeout=_NODE_TIMEOUT,
            socket_timeout=_NODE_TIMEOUT,
            **options,
        )

    def client_of_pool(pool: LeanPool) -> Client:
        return OurErrors(connection_pool=pool)

    return ClusterClient(Topology(connect_now, client_of_pool, where.nodes))


def is_cluster(client: Client) -> bool:
    """Whether the client was told that there is a cluster."""
    return isinstance(client, ClusterClient)


def masters(client: Client) -> list[Client]:
    """Each Redis that holds a part of the store: of a cluster all its masters. Raises Unavailable
    when nobody can say."""
    if not is_cluster(client):
        return [client]
    found: list[Client] = client.masters()
    return found


def masters_now(client: Client) -> list[Client]:
    """The same, asked for anew: a replica may have taken a master's place unseen."""
    if is_cluster(client):
        client.learn_masters()
    return masters(client)


def address_of(client: Client) -> str:
    """Where a client's server listens: host and port, or a socket's path."""
    pool = client.connection_pool
    if isinstance(pool, SentinelPool):
        return pool.address
    where = pool.connection_kwargs
    return str(where.get("path") or f"{where.get('host')}:{where.get('port')}")


def client_at(client: Client, host: str, port: int) -> Client:
    """A client like another one, of a server beside it."""
    pool = client.connection_pool
    where = {name: value for name, value in pool.connection_kwargs.items() if name != "path"}
    by_path = "path" in pool.connection_kwargs
    return OurErrors(
        connection_pool=LeanPool(
            connection_class=redis.Connection if by_path else pool.connection_class,
            **{**where, "host": host, "port": port},
        )
    )


def master_of(client: Client, key: str) -> Client:
    """Which Redis has a key: the same object for all keys on it. Raises Unavailable."""
    return client.master_of(key) if is_cluster(client) else client


def is_away(error: Unavailable) -> bool:
    """Whether no master has answered, so that it would not answer other commands either. False for
    a master's answer that is an error, as where what is stored is damaged, and for what is
    Unavailable for a reason of ours."""
    cause = error.__cause__
    return isinstance(cause, _NOBODY) or (isinstance(cause, RedisError) and is_no_master(cause))


class OurErrors(FollowingRedis):
    """A client whose commands and pipelines fail with our errors: all raise Unavailable."""

    #: Without so many replicas that have it, what scripts write is not acknowledged.
    replicas = 0

    def has_moved(self) -> bool:
        """Whether there is another master than the one that was last asked. Raises Unavailable."""
        pool = self.connection_pool
        return isinstance(pool, LeanPool) and _in_our_words(pool.has_moved)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        send = super().execute_command
        return _in_our_words(lambda: send(*args, **options))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002
        return StorePipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class StorePipeline(FollowingPipeline):
    def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002
        send = super().execute
        return _in_our_words(lambda: send(raise_on_error))


def _in_our_words(send: Callable[[], T]) -> T:
    """Raises Unavailable for all that Redis fails with; a script that it has not seen is no
    failure."""
    try:
        return send()
    except NoScriptError:
        raise
    except (RedisError, OSError) as error:
        raise Unavailable("The store does not answer.") from error
