"""One client of the store for a process: every wait is bounded, and its errors are ours.

Whatever Redis fails with is ``Unavailable``, the one error that the edges know.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeAlias

import redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,  # noqa: A004 - redis-py's, of which Python's is no kin
    MasterDownError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 - the same
)
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from config.redis_location import RedisLocation, locate_redis
from relay.domain.errors import Unavailable
from relay.store.cluster import ClusterClient
from relay.store.cluster_topology import Topology

#: A ``redis.Redis`` that decodes. redis-py types every answer as bytes-or-str, whichever a client
#: gives; ours gives str, and each function of the store says in its signature what that means.
Client: TypeAlias = Any

#: A caller waits for the sentence that says "try later" at most two seconds (docs/api.md), so
#: one try and one repeat must end before that.
CONNECT_TIMEOUT = 0.4
READ_TIMEOUT = 0.8
#: In a cluster the same two seconds hold a look at where the slots are now, too.
_NODE_TIMEOUT = 0.4
#: What redis-py would else ask on each new connection, and servers refuse: notifications that only
#: Redis's own cloud has, and to note which library this is, which only Redis 7.2 can.
QUIET_START: dict[str, Any] = {
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    "driver_info": None,
}


#: What redis-py and the system fail with when no server answers, or none has the key's slot.
_NOBODY = (ConnectionError, TimeoutError, OSError, ClusterDownError)


def connect(url: str, *, tls_verify: bool = True, connections: int = 256) -> Client:
    """A client whose commands repeat once after a lost connection. Every mutating script is safe
    to run twice (RD-lost-reply); nothing else writes in a way that a repeat could harm."""
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
    if where.is_cluster:
        return _connect_to_cluster(where, options)
    pool = LeanPool.from_url(
        where.url,
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=READ_TIMEOUT,
        retry=Retry(NoBackoff(), 1),
        **options,
    )
    return OurErrors(connection_pool=pool)


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
    where = client.connection_pool.connection_kwargs
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
    return isinstance(cause, _NOBODY) or (isinstance(cause, RedisError) and _is_no_master(cause))


class _Process:
    #: How many forks led to this process.
    forks = 0

    @classmethod
    def note_fork(cls) -> None:
        cls.forks += 1


os.register_at_fork(after_in_child=_Process.note_fork)


class LeanPool(redis.ConnectionPool):
    """Hands out a connection without asking the kernel first whether it is still good.

    redis-py polls each connection it lends; under gevent that is a turn of the event loop, a
    seventh of the time that answering a call takes (``docs/benchmarks.md``). A dead connection
    shows at the first command, which is repeated once on a new one; a connection on which
    anything went wrong half-way has been closed by redis-py itself.
    """

    #: Replaced when all connections are to be given up.
    _era: object = None
    #: The forks that led to the process by which it was last used.
    _forks = -1

    def _checkpid(self) -> None:
        """Without asking the kernel each time: a job is a fork, and must not share its parent's
        sockets."""
        if self._forks != _Process.forks:
            super()._checkpid()
            self._forks = _Process.forks

    def get_connection(self, *_args: Any, **_options: Any) -> Any:
        self._checkpid()
        connection: Any
        try:
            connection = self._available_connections.pop()
        except IndexError:
            connection = self.make_connection()
            connection.era = self._era
        if connection.era is not self._era:
            connection.disconnect()
            connection.era = self._era
        return connection

    def release(self, connection: Any) -> None:
        self._checkpid()
        if self.owns_connection(connection):
            self._available_connections.append(connection)
        else:
            connection.disconnect()

    def renew(self) -> None:
        """From now on whoever is lent a connection gets a new one; some may be in use meanwhile."""
        self._era = object()


class NodePool(LeanPool):
    """Of a node of a cluster."""

    def __init__(self, **options: Any) -> None:
        # A lost connection is repeated at once, a silent node only when it was looked for.
        repeat = Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
        super().__init__(**{**options, "retry": repeat})

    def disconnect_free_connections(self, *_args: Any, **_options: Any) -> None:
        """Keeps them: redis-py would close those of whom it has asked where the slots are."""


def _is_no_master(error: RedisError) -> bool:
    """Whether a server says that it is the master no more, or not yet. Behind one address it may
    have a successor by now, to which only a new connection leads (RD-failover)."""
    if isinstance(error, ReadOnlyError | BusyLoadingError | MasterDownError):
        return True
    # Redis 6 puts it into the error of a script.
    return isinstance(error, ResponseError) and "-READONLY " in str(error)


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
            answers: list[Any] = send(raise_on_error)
            errors = (answer for answer in answers if isinstance(answer, RedisError))
            lost = next((error for error in errors if _is_no_master(error)), None)
            if lost is not None:
                raise lost
            return answers

        answers: list[Any] = _attempt(self.connection_pool, attempt)
        return answers


def _attempt(pool: Any, send: Callable[[], Any]) -> Any:
    """What ``send`` answers; once more on new connections when the master has changed. Raises
    Unavailable for all that Redis fails with; a script that it has not seen is no failure."""
    try:
        try:
            return send()
        except RedisError as error:
            if not _is_no_master(error):
                raise
            pool.renew()
            return send()
    except NoScriptError:
        raise
    except (RedisError, OSError) as error:
        raise Unavailable("The store does not answer.") from error
