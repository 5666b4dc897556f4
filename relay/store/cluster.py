"""A Redis or Valkey Cluster behind the commands of one client.

Each command goes to the master of its key's slot, and is bounded in time as with one Redis: a
master that is away keeps nobody waiting for the others. Why not redis-py's own client: ADR 0010.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self, TypeAlias

from redis.commands.core import CoreCommands
from redis.event import EventDispatcher
from redis.exceptions import (
    AskError,
    ClusterDownError,
    DataError,
    MaxConnectionsError,
    MovedError,
    RedisError,
    TryAgainError,
)

from config.redis_location import Address
from relay.store.cluster_nodes import AWAY, Node, Unit, send_together, slot_of

MakeNode: TypeAlias = Callable[[Address], Node]

#: How long, in seconds, a command follows a slot that is being moved. A caller has two (API.md).
PATIENCE = 1.2
_PAUSE = 0.01
#: All that is spent on finding out where the slots are.
_REFRESH_PATIENCE = 0.5

#: Any master may answer these.
_ASK_ANYBODY = frozenset({"TIME", "PING"})
_REDIRECTIONS = (MovedError, AskError, TryAgainError)


class ClusterClient(CoreCommands):
    """Connects to nothing before its first command. Threads and forks may share it."""

    #: CoreCommands asks for one; only publish and subscribe use it.
    _event_dispatcher = EventDispatcher()

    def __init__(self, seeds: Sequence[Address], make_node: MakeNode) -> None:
        self._seeds = seeds
        self._make_node = make_node
        self._nodes: dict[Address, Node] = {}
        self._owners: dict[int, Node] = {}
        self._refreshing = threading.Lock()

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Raises RedisError: within two seconds also when nobody answers."""
        if args[0] in _ASK_ANYBODY:
            return self._ask_anybody(args, options)
        slot = slot_of(args)
        node = self.owner(slot)
        try:
            node.refuse_while_away()
            return node.client.execute_command(*args, **options)
        except (*_REDIRECTIONS, *AWAY) as error:
            return self.follow(Unit(slot, [(args, options)]), node, error)[0]

    def pipeline(self, *, transaction: bool) -> ClusterPipeline:
        """Several commands of any slots at once; no transaction, which could not span nodes."""
        if transaction:
            raise DataError("A cluster has no transactions: write a script.")
        return ClusterPipeline(self)

    def masters(self) -> list[Any]:
        """A client of each master that has slots. Raises RedisError when nobody knows them."""
        if not self._owners:
            self._refresh()
        nodes = dict.fromkeys(self._owners.values())
        return [node.client for node in sorted(nodes, key=lambda node: node.address)]

    def close(self) -> None:
        for node in self._nodes.values():
            node.client.close()
            node.probe.close()

    def owner(self, slot: int) -> Node:
        """Raises ClusterDownError when no master has the slot, or nobody knows."""
        node = self._owners.get(slot)
        if node is None:
            self._refresh()
            node = self._owners.get(slot)
        if node is None:
            raise ClusterDownError("No master of the cluster is known for this key.")
        return node

    def follow(self, unit: Unit, node: Node, error: Exception) -> list[Any]:
        """Sends again what ``node`` has answered with ``error``: where that says, after a moment
        when the slot is being moved, or to the master's successor."""
        deadline = time.monotonic() + PATIENCE
        while True:
            node, asking = self._next(unit.slot, node, error)
            try:
                node.refuse_while_away()
                return unit.send(node.client, asking=asking)
            except _REDIRECTIONS as again:
                if time.monotonic() > deadline:
                    raise
                error = again
            except AWAY:
                node.mark_away()
                raise

    def _next(self, slot: int, asked: Node, error: Exception) -> tuple[Node, bool]:
        """Whom to send it to now, and whether as an exception while the slot is on its way."""
        match error:
            case AskError():
                return self._node_named(error, asked), True
            case MovedError():
                node = self._owners[slot] = self._node_named(error, asked)
                return node, False
            case TryAgainError():
                # Some keys of the slot are here, some there: the owner knows how far it is.
                time.sleep(_PAUSE)
                return self.owner(slot), False
            case MaxConnectionsError():
                raise error  # we have too many ourselves
            case _:
                return self._successor(slot, asked, error), False

    def _successor(self, slot: int, lost: Node, error: Exception) -> Node:
        """Who has the slot since its master was lost. Raises ``error`` when nobody has."""
        if not lost.is_away:
            lost.mark_away()
            self._refresh()
        node = self.owner(slot)
        if node is lost:
            raise error
        return node

    def _node_named(self, error: AskError, asked: Node) -> Node:
        return self._node((error.host or asked.address[0], error.port))

    def _node(self, address: Address) -> Node:
        node = self._nodes.get(address)
        if node is None:
            node = self._nodes.setdefault(address, self._make_node(address))
        return node

    def _ask_anybody(self, args: Sequence[Any], options: dict[str, Any]) -> Any:
        error: Exception = ClusterDownError("No node of the cluster answers.")
        for node in self._likeliest_first():
            try:
                return node.probe.execute_command(*args, **options)
            except AWAY as away:
                node.mark_away()
                error = away
        raise error

    def _likeliest_first(self) -> list[Node]:
        """All nodes we have heard of, in random order, those that are away last."""
        known = list({*self._owners.values(), *map(self._node, self._seeds)})
        random.shuffle(known)
        return sorted(known, key=lambda node: node.away_until if node.is_away else 0.0)

    def _refresh(self) -> None:
        """Asks where the slots are, unless another thread has just done so; quietly keeps what is
        known when nobody answers."""
        known = self._owners
        if not self._refreshing.acquire(timeout=_REFRESH_PATIENCE):
            return
        try:
            if self._owners is known:
                self._owners = self._learn() or known
        finally:
            self._refreshing.release()

    def _learn(self) -> dict[int, Node]:
        deadline = time.monotonic() + _REFRESH_PATIENCE
        for node in self._likeliest_first():
            if time.monotonic() > deadline:
                break
            try:
                ranges = node.probe.execute_command("CLUSTER SLOTS")
            except AWAY:
                node.mark_away()
                continue
            return {
                slot: self._node((host or node.address[0], int(port)))
                for first, last, (host, port, *_), *_ in ranges
                for slot in range(int(first), int(last) + 1)
            }
        return {}


class ClusterPipeline(CoreCommands):
    """Collects commands and sends those of each master together, all at once; safe to repeat as
    each of them is. An error of one is raised when the others have been sent."""

    _event_dispatcher = EventDispatcher()

    def __init__(self, cluster: ClusterClient) -> None:
        self._cluster = cluster
        self._units: list[Unit] = []
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._units = []

    def execute_command(self, *args: Any, **options: Any) -> Self:
        if args[0] == "WAIT" and self._units:
            unit = self._units[-1]
            unit.commands.append((args, options))
        else:
            unit = Unit(slot_of(args), [(args, options)])
            self._units.append(unit)
        unit.places.append(self._count)
        self._count += 1
        return self

    def execute(self) -> list[Any]:
        """The answers in the order of the commands. Raises RedisError."""
        units, self._units, count, self._count = self._units, [], self._count, 0
        answers: list[Any] = [None] * count
        failed: Exception | None = None
        for node, those in self._by_node(units):
            for unit, outcome in zip(those, send_together(node, those), strict=True):
                try:
                    found = self._settle(unit, node, outcome)
                except RedisError as error:
                    failed = failed or error
                    continue
                for place, answer in zip(unit.places, found, strict=True):
                    answers[place] = answer
        if failed is not None:
            raise failed
        return answers

    def _by_node(self, units: Iterable[Unit]) -> Iterator[tuple[Node, list[Unit]]]:
        grouped: dict[Node, list[Unit]] = {}
        for unit in units:
            grouped.setdefault(self._cluster.owner(unit.slot), []).append(unit)
        yield from grouped.items()

    def _settle(self, unit: Unit, node: Node, outcome: list[Any] | RedisError) -> list[Any]:
        if not isinstance(outcome, RedisError):
            return outcome
        if isinstance(outcome, (*_REDIRECTIONS, *AWAY)):
            return self._cluster.follow(unit, node, outcome)
        raise outcome
