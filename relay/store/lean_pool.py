"""Connections that cost little to lend, and are given up together when they lead to no master.

Behind one address there may be another server at any moment: a rented Redis after a fail-over. So
what was lost, or answered that it is the master no more, is looked for again on a new connection,
which resolves the address anew (RD-failover).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,  # noqa: A004 - redis-py's, of which Python's is no kin
    MasterDownError,
    MaxConnectionsError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 - the same
)
from redis.retry import Retry

T = TypeVar("T")

#: How the answer of a server begins that is the master no more, not yet, or not of its replicas.
#: To who waits on it for something to come, it says UNBLOCKED in that moment (RD-unblocked).
_NO_MASTER = ("READONLY ", "NOREPLICAS ", "UNBLOCKED ")


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

    #: Replaced when all connections are given up: each belongs to the era in which it was made.
    era: object = None
    #: The forks that led to the process by which it was last used.
    _forks = -1

    #: Whoever sends repeats (`attempt`). redis-py's own repetition stays with one connection.
    _REPEAT = Retry(NoBackoff(), 0)

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "retry": self._REPEAT})

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
            connection.era = self.era
        if connection.era is not self.era:
            connection.disconnect()
            connection.era = self.era
        return connection

    def release(self, connection: Any) -> None:
        self._checkpid()
        if self.owns_connection(connection):
            self._available_connections.append(connection)
        else:
            connection.disconnect()

    def leads_astray(self, error: BaseException) -> bool:
        """Whether a new connection may lead to another server than the one that failed so."""
        return is_lost(error) or is_no_master(error)

    def leave(self, era: object) -> None:
        """From now on whoever is lent a connection gets a new one, unless that is so already since
        ``era``; some may be in use meanwhile."""
        if self.era is era:
            self.era = object()

    def has_moved(self) -> bool:
        """Whether there is another master by now, as far as somebody else can say: here, nobody."""
        return False


class NodePool(LeanPool):
    """Of a node of a cluster. A lost connection is repeated at once, by redis-py, which asks for
    the slots on it, too; a silent node only when it was looked for."""

    _REPEAT = Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))

    def leads_astray(self, error: BaseException) -> bool:
        return is_no_master(error)

    def disconnect_free_connections(self, *_args: Any, **_options: Any) -> None:
        """Keeps them: redis-py would close those of whom it has asked where the slots are."""


def attempt(pool: redis.ConnectionPool, send: Callable[[], T]) -> T:
    """What ``send`` answers; once more on new connections when the first led to no master. So it
    may be done twice, where only its answer was lost (RD-lost-reply)."""
    if not isinstance(pool, LeanPool):
        return send()
    era = pool.era
    try:
        return send()
    except (RedisError, OSError) as error:
        if not pool.leads_astray(error):
            raise
    pool.leave(era)
    return send()


def is_lost(error: BaseException) -> bool:
    """Whether no server has answered."""
    return isinstance(error, ConnectionError | TimeoutError | OSError) and not isinstance(
        error, MaxConnectionsError
    )


def is_no_master(error: BaseException) -> bool:
    """Whether a server says that it is the master no more, or not yet."""
    if isinstance(error, ReadOnlyError | BusyLoadingError | MasterDownError):
        return True
    said = str(error)
    # Redis 6 puts it into the error of a script.
    return isinstance(error, ResponseError) and (
        said.startswith(_NO_MASTER) or any(f"-{word}" in said for word in _NO_MASTER)
    )
