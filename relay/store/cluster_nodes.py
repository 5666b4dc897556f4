"""The nodes of a cluster, which slot a command is for, and what is sent to a node together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from redis.crc import key_slot
from redis.exceptions import (
    ConnectionError,  # noqa: A004 - redis-py's, of which Python's is no kin
    DataError,
    RedisError,
    TimeoutError,  # noqa: A004
)

from config.redis_location import Address

#: A command and redis-py's options for reading its answer.
Command: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]

#: What a node that is away raises.
AWAY = (ConnectionError, TimeoutError)
#: A master that did not answer is not asked again for so many seconds: who needs it hears so at
#: once.
AWAY_FOR = 1.0

#: Lets the next command into a slot that is on its way here.
_ASKING = "ASKING"
_SCRIPTS = frozenset({"EVAL", "EVALSHA"})
#: Each master answers these for itself alone.
_ASK_EACH = frozenset(
    {"ACL", "CLIENT", "CLUSTER", "CONFIG", "DBSIZE", "FLUSHALL", "INFO", "KEYS", "SCAN", "SCRIPT"}
)


@dataclass(eq=False)
class Node:
    """``client`` is for work; ``probe`` gives up sooner, for what another node can say as well."""

    address: Address
    client: Any
    probe: Any
    away_until: float = 0.0

    @property
    def is_away(self) -> bool:
        return time.monotonic() < self.away_until

    def refuse_while_away(self) -> None:
        """Raises ConnectionError."""
        if self.is_away:
            raise ConnectionError("The master of this key does not answer.")

    def mark_away(self) -> None:
        self.away_until = time.monotonic() + AWAY_FOR


@dataclass
class Unit:
    """Commands that belong on one connection: one with a key, and the WAIT that may follow."""

    slot: int
    commands: list[Command]
    places: list[int] = field(default_factory=list)

    def send(self, client: Any, *, asking: bool) -> list[Any]:
        """The answers. Raises the first error among them."""
        with client.pipeline(transaction=False) as pipe:
            if asking:
                pipe.execute_command(_ASKING)
            for args, options in self.commands:
                pipe.execute_command(*args, **options)
            answers: list[Any] = pipe.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer
        return answers[-len(self.commands) :]


def slot_of(args: Sequence[Any]) -> int:
    """The slot of a command's first key. Raises DataError for a command that has none."""
    name = args[0]
    if name.split(" ")[0] in _ASK_EACH:
        raise DataError(f"{name} is no command to a cluster: ask each of its masters.")
    key = args[3] if name in _SCRIPTS else args[1]
    return key_slot(key.encode() if isinstance(key, str) else key)


def send_together(node: Node, units: Sequence[Unit]) -> list[list[Any] | RedisError]:
    """Of each unit its answers, or its first error."""
    try:
        node.refuse_while_away()
        with node.client.pipeline(transaction=False) as pipe:
            for unit in units:
                for args, options in unit.commands:
                    pipe.execute_command(*args, **options)
            answers = iter(pipe.execute(raise_on_error=False))
    except AWAY as error:
        return [error for _ in units]
    found = [[next(answers) for _ in unit.commands] for unit in units]
    return [_first_error(of_unit) or of_unit for of_unit in found]


def _first_error(answers: Iterable[Any]) -> RedisError | None:
    return next((answer for answer in answers if isinstance(answer, RedisError)), None)
