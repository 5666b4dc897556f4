"""A Redis or Valkey Cluster behind the commands of one client.

Each command goes straight to the master that has its key. Who that is, redis-py's ``RedisCluster``
knows (``cluster_topology.py``). What a moving slot or a lost master has held up is sent again here,
and in time: redis-py's own repetition gives up too soon on the one and too late on the other
(ADR 0017).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from redis.commands.core import CoreCommands
from redis.crc import key_slot
from redis.event import EventDispatcher
from redis.exceptions import (
    AskError,
    ClusterDownError,
    ConnectionError,  # noqa: A004 - redis-py's, of which Python's is no kin
    DataError,
    MaxConnectionsError,
    MovedError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    TimeoutError,  # noqa: A004
    TryAgainError,
)

from config.redis_location import Address
from relay.domain.errors import Unavailable
from relay.store.cluster_topology import Client, Topology

#: A command and redis-py's options for reading its answer.
Command: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]

#: How long, in seconds, a command follows a slot that is being moved. A caller has
#: two (docs/api.md).
PATIENCE = 1.2
_PAUSE = 0.01

#: A master that is away or demoted. The present one is looked up and asked once.
_LOST = (ConnectionError, TimeoutError, ClusterDownError, ReadOnlyError)

#: Any master may answer these.
_ASK_ANYBODY = frozenset({"TIME", "PING"})
#: Each master answers these for itself alone.
_ASK_EACH = frozenset(
    {"ACL", "CLIENT", "CLUSTER", "CONFIG", "DBSIZE", "FLUSHALL", "INFO", "KEYS", "SCAN", "SCRIPT"}
)
_SCRIPTS = frozenset({"EVAL", "EVALSHA"})
#: Lets the next command into a slot that is on its way to the node asked.
_ASKING = "ASKING"


@dataclass
class Unit:
    """Commands that belong on one connection: one with a key, and the WAIT that may follow."""

    slot: int
    commands: list[Command]
    answers: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    #: The node that already has the key while its slot moves.
    detour: Address | None = None
    was_lost: bool = False

    def is_to_be_sent_again(self) -> bool:
        """Whether it failed for a reason that passes. A lost master is looked for only once."""
        match self.error:
            case MaxConnectionsError():  # we have too many ourselves
                return False
            case AskError() | TryAgainError():  # MovedError is an AskError
                return True
            case _:
                repeats = isinstance(self.error, _LOST) and not self.was_lost
                self.was_lost = self.was_lost or repeats
                return repeats


class ClusterClient(CoreCommands):
    """Connects to nothing before its first command. Threads and forks may share it. All that Redis
    fails with is Unavailable, within two seconds; a script that it has not seen is no failure."""

    #: CoreCommands asks for one; only publish and subscribe use it.
    _event_dispatcher = EventDispatcher()

    #: As of one Redis's client (``connection.py``).
    replicas = 0

    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    def has_moved(self) -> bool:
        """A cluster's nodes tell of a new master themselves, by MOVED."""
        return False

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if args[0] in _ASK_ANYBODY:
            return self._ask_anybody(args, options)
        slot = slot_of(args)
        try:
            return self._topology.client_of(slot).execute_command(*args, **options)
        except Unavailable as failed:
            unit = Unit(slot, [(args, options)], error=failed.__cause__)
            if not unit.is_to_be_sent_again():
                raise
        return self.send([unit])[0].answers[0]

    def pipeline(self, *, transaction: bool) -> ClusterPipeline:
        """Several commands of any slots at once; no transaction, which could not span nodes."""
        if transaction:
            raise DataError("A cluster has no transactions: write a script.")
        return ClusterPipeline(self)

    def masters(self) -> list[Client]:
        """A client of each master. Raises Unavailable when nobody knows them."""
        return self._topology.masters()

    def learn_masters(self) -> None:
        """Asks for them; quietly keeps those that are known when nobody says so in time."""
        self._topology.refresh()

    def master_of(self, key: str) -> Client:
        """A client of the master that has the key. Raises Unavailable."""
        return self._topology.client_of(key_slot(key.encode()))

    def close(self) -> None:
        self._topology.close()

    def send(self, units: Sequence[Unit]) -> Sequence[Unit]:
        """Sends all and waits for what is held up. Raises the first error when that is done."""
        deadline = time.monotonic() + PATIENCE
        waiting = units
        while waiting:
            self._make_way(waiting)
            self._send_once(waiting)
            if time.monotonic() > deadline:
                break
            waiting = [unit for unit in waiting if unit.is_to_be_sent_again()]
        for unit in units:
            if isinstance(unit.error, NoScriptError):
                raise unit.error
            if unit.error is not None:
                raise Unavailable("The store does not answer.") from unit.error
        return units

    def _make_way(self, units: Sequence[Unit]) -> None:
        """Learns from what they failed with, if anything, where each goes next."""
        for unit in units:
            unit.detour = None
            if isinstance(unit.error, MovedError):
                self._topology.note_move(unit.error)
            elif isinstance(unit.error, AskError):
                unit.detour = self._topology.address_in(unit.error)
        lost = next((unit for unit in units if isinstance(unit.error, _LOST)), None)
        if lost is not None:
            self._topology.refresh(lost.slot)
        elif any(isinstance(unit.error, TryAgainError) for unit in units):
            # Some keys of the slot are here, some there: until the move has ended.
            time.sleep(_PAUSE)

    def _send_once(self, units: Sequence[Unit]) -> None:
        by_master: dict[Client, list[Unit]] = {}
        for unit in units:
            try:
                client = self._topology.client_of(unit.slot, unit.detour)
            except Unavailable as nobody:
                unit.error = nobody.__cause__
            else:
                by_master.setdefault(client, []).append(unit)
        for client, those in by_master.items():
            _send_together(client, those)

    def _ask_anybody(self, args: Sequence[Any], options: dict[str, Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        masters = self._topology.masters()
        for nth, master in enumerate(masters, 1):
            try:
                return master.execute_command(*args, **options)
            except Unavailable:
                self._topology.ask_last(master)
                if nth == len(masters) or time.monotonic() > deadline:
                    raise
        nobody = ClusterDownError("No node of the cluster answers.")
        raise Unavailable("No node of the cluster answers.") from nobody


class ClusterPipeline(CoreCommands):
    """Collects commands and sends those of each master together; safe to repeat as each of them is.
    An error of one is raised when the others have been sent."""

    _event_dispatcher = EventDispatcher()

    def __init__(self, cluster: ClusterClient) -> None:
        self._cluster = cluster
        self._units: list[Unit] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._units = []

    def execute_command(self, *args: Any, **options: Any) -> Self:
        if args[0] == "WAIT" and self._units:
            self._units[-1].commands.append((args, options))
        else:
            self._units.append(Unit(slot_of(args), [(args, options)]))
        return self

    def execute(self) -> list[Any]:
        """The answers in the order of the commands. Raises Unavailable."""
        units, self._units = self._units, []
        return [answer for unit in self._cluster.send(units) for answer in unit.answers]


def slot_of(args: Sequence[Any]) -> int:
    """The slot of a command's first key. Raises DataError for a command that has none."""
    name = args[0]
    if name.partition(" ")[0] in _ASK_EACH:
        raise DataError(f"{name} is no command to a cluster: ask each of its masters.")
    key = args[3] if name in _SCRIPTS else args[1]
    return key_slot(key.encode() if isinstance(key, str) else key)


def _send_together(client: Client, units: Sequence[Unit]) -> None:
    """Gives each unit its answers, or its error."""
    with client.pipeline(transaction=False) as pipe:
        for unit in units:
            if unit.detour:
                pipe.execute_command(_ASKING)
            for args, options in unit.commands:
                pipe.execute_command(*args, **options)
        try:
            found = iter(pipe.execute(raise_on_error=False))
        except Unavailable as away:
            for unit in units:
                unit.error = away.__cause__
            return
    for unit in units:
        if unit.detour:
            next(found)
        unit.answers = [next(found) for _ in unit.commands]
        unit.error = next((one for one in unit.answers if isinstance(one, RedisError)), None)
