"""Whether the store would lose acknowledged writes when it crashes."""

from __future__ import annotations

from dataclasses import dataclass

from redis.exceptions import ResponseError

from relay.store.connection import Client, unavailable_when_away

#: The features we use came with it (DESIGN.md, store).
LEAST_VERSION = (6, 2)


@dataclass(frozen=True, kw_only=True)
class Durability:
    """What the store says of itself; None where it does not let us ask, as rented ones often do."""

    append_only: bool | None
    no_eviction: bool | None

    @property
    def is_proven(self) -> bool:
        return bool(self.append_only and self.no_eviction)

    @property
    def is_refuted(self) -> bool:
        return self.append_only is False or self.no_eviction is False


def durability(client: Client) -> Durability:
    """Raises Unavailable."""
    append_only = _configured(client, "appendonly")
    policy = _configured(client, "maxmemory-policy")
    if append_only is None:
        append_only = _told(client, "persistence", "aof_enabled")
    if policy is None:
        policy = _told(client, "memory", "maxmemory_policy")
    return Durability(
        append_only=None if append_only is None else append_only in {"yes", "1"},
        no_eviction=None if policy is None else policy == "noeviction",
    )


def server_version(client: Client) -> tuple[int, int] | None:
    """Redis's, or the one that a Valkey is compatible with. Raises Unavailable."""
    version = _told(client, "server", "redis_version")
    if version is None:
        return None
    major, minor, *_ = (*version.split("."), "0")
    return int(major), int(minor)


def connected_replicas(client: Client) -> int | None:
    """None where the store does not let us ask. Raises Unavailable."""
    count = _told(client, "replication", "connected_slaves")
    return None if count is None else int(count)


def _configured(client: Client, name: str) -> str | None:
    with unavailable_when_away():
        try:
            value = client.config_get(name).get(name)
        except ResponseError:  # CONFIG is forbidden, or renamed
            return None
    return None if value is None else str(value)


def _told(client: Client, section: str, name: str) -> str | None:
    with unavailable_when_away():
        try:
            value = client.info(section).get(name)
        except ResponseError:
            return None
    return None if value is None else str(value)
