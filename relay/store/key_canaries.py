"""A trace of each key of the rings, by which another key under the same id is noticed."""

from __future__ import annotations

from relay.store.connection import Client
from relay.store.keys import DeploymentKeys


def keep_canary(client: Client, name: str, canary: str) -> str:
    """Writes the canary unless there is one; answers the one that stands. Raises Unavailable."""
    client.hsetnx(DeploymentKeys().key_check_values, name, canary)
    return str(client.hget(DeploymentKeys().key_check_values, name))
