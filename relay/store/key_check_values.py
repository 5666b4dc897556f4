"""Key check values: by them another key under an old id of a ring is noticed."""

from __future__ import annotations

from relay.store.connection import Client
from relay.store.keys import DeploymentKeys


def keep_check_value(client: Client, name: str, value: str) -> str:
    """The value that stands under this name, which is the given one if there was none. Raises
    Unavailable."""
    key = DeploymentKeys().key_check_values
    client.hsetnx(key, name, value)
    return str(client.hget(key, name))
