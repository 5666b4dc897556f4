"""Counts of all processes together: a worker's metrics are read by nobody."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from relay.domain.errors import Unavailable
from relay.store.connection import Client
from relay.store.figures import read_count


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
        return {name: read_count(counted.get(name, "")) for name in names}

    def all(self) -> dict[str, int]:
        """How often each has happened that has. Raises Unavailable."""
        return {name: read_count(count) for name, count in self._client.hgetall(self._key).items()}
