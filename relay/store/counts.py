"""Counts of all processes together: a worker's metrics are read by nobody."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from relay.domain.errors import Unavailable
from relay.store.connection import Client


class Counts:
    """How often each of several things has happened, in the hash ``key``."""

    def __init__(self, client: Client, key: str) -> None:
        self._client = client
        self._key = key

    def count(self, name: str) -> None:
        """Raises nothing: whoever counts has logged it, too."""
        with suppress(Unavailable):
            self._client.hincrby(self._key, name, 1)

    def of(self, names: Iterable[str]) -> dict[str, int]:
        """How often, by name. Raises Unavailable."""
        counted = self._client.hgetall(self._key)
        return {name: _whole(counted.get(name, "")) for name in names}

    def all(self) -> dict[str, int]:
        """How often each has happened that has. Raises Unavailable."""
        return {name: _whole(count) for name, count in self._client.hgetall(self._key).items()}


def _whole(count: str) -> int:
    """What somebody else may have written there must not take the metrics away."""
    return int(count) if count.isdecimal() else 0
