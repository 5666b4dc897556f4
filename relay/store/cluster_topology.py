"""Which master of a cluster has which slot, and a client of each: redis-py's ``RedisCluster``.

Asking where the slots are takes as long as its nodes take to answer. So it happens in a thread of
its own, once for all who wait, and nobody waits longer for it than a caller can.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    RedisClusterException,
    RedisError,
)

from config.redis_location import Address
from relay.domain.errors import Unavailable

#: The store's client of one master.
Client: TypeAlias = Any

#: Seconds that a command waits for an answer of where the slots are.
_PATIENCE = 0.5
#: What asking fails with; of no node at all, or of none that has slots, with a LookupError.
_NOT_TOLD = (RedisError, RedisClusterException, OSError, LookupError)


class Topology:
    def __init__(
        self,
        connect: Callable[[], RedisCluster],
        client_of_pool: Callable[[Any], Client],
        seeds: Sequence[Address],
    ) -> None:
        self._connect = connect
        self._client_of_pool = client_of_pool
        self._seeds = list(seeds)
        self._cluster: RedisCluster | None = None
        self._clients: dict[str, Client] = {}
        self._silent_at: dict[str, float] = {}
        self._asking: threading.Thread | None = None
        self._starting = threading.Lock()

    def client_of(self, slot: int, instead: Address | None = None) -> Client:
        """Of the master that has the slot, or of the node ``instead``. Raises Unavailable."""
        cluster = self._cluster or self._first()
        if instead is not None:
            return self._client(cluster, ClusterNode(*instead))  # type: ignore[no-untyped-call]
        found = cluster.nodes_manager.slots_cache.get(slot)
        if not found:
            unknown = ClusterDownError("No master of the cluster is known for this key.")
            raise Unavailable("The store does not answer.") from unknown
        return self._clients.get(found[0].name) or self._client(cluster, found[0])

    def masters(self) -> list[Client]:
        """The likeliest to answer first. Raises Unavailable when nobody knows them."""
        cluster = self._cluster or self._first()
        nodes = cluster.get_primaries()  # type: ignore[no-untyped-call]
        nodes.sort(key=lambda node: (self._silent_at.get(node.name, 0.0), node.host, node.port))
        return [self._client(cluster, node) for node in nodes]

    def ask_last(self, master: Client) -> None:
        """Notes that it does not answer what any master can say."""
        name = next(name for name, client in self._clients.items() if client is master)
        self._silent_at[name] = time.monotonic()

    def address_in(self, redirection: AskError) -> Address:
        """Its host is empty where a cluster does not tell: then it is the host that was asked."""
        host = redirection.host
        if not host and self._cluster is not None:
            host = self._cluster.nodes_manager.slots_cache[redirection.slot_id][0].host
        return host, redirection.port

    def note_move(self, moved: MovedError) -> None:
        if self._cluster is not None:
            with suppress(KeyError):  # the slot had no master when we last asked
                moved.host, _ = moved.node_addr = self.address_in(moved)
                self._cluster.nodes_manager.move_slot(moved)

    def refresh(self, slot: int | None = None) -> None:
        """Asks where the slots are; quietly keeps what is known when nobody says so in time.

        The master of ``slot`` did not answer, and is asked last.
        """
        with self._starting:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, args=(slot,), daemon=True)
                self._asking.start()
            asking = self._asking
        asking.join(_PATIENCE)

    def close(self) -> None:
        for client in self._clients.values():
            client.connection_pool.disconnect()

    def _first(self) -> RedisCluster:
        """Raises Unavailable."""
        self.refresh()
        if self._cluster is None:
            nobody = ClusterDownError("No node of the cluster answers.")
            raise Unavailable("No node of the cluster answers.") from nobody
        return self._cluster

    def _ask(self, lost: int | None) -> None:
        with suppress(*_NOT_TOLD):
            if self._cluster is None:
                self._cluster = self._connect()
                return
            nodes = self._cluster.nodes_manager
            silent = nodes.slots_cache.get(lost) if lost is not None else None
            # The seeds, too: all nodes may have got new addresses since.
            nodes.initialize(self._seeds, last_failed_node_name=silent[0].name if silent else None)

    def _client(self, cluster: RedisCluster, node: ClusterNode) -> Client:
        found = self._clients.get(node.name)
        if found is None:
            pool = cluster.get_redis_connection(node).connection_pool
            found = self._clients.setdefault(node.name, self._client_of_pool(pool))
        return found
