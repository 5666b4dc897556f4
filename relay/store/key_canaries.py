"""A trace of each key of the rings, by which another key under the same id is noticed."""

from __future__ import annotations

from relay.store import keys as names
from relay.store.connection import Client, unavailable_when_away


def keep_canary(client: Client, name: str, canary: str) -> str:
    """Writes the canary unless there is one; answers the one that stands. Raises Unavailable."""
    with unavailable_when_away():
        client.hsetnx(names.KEY_CANARIES, name, canary)
        return str(client.hget(names.KEY_CANARIES, name))
