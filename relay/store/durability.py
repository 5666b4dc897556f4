"""Whether the store would lose acknowledged writes when it crashes."""

from __future__ import annotations

from dataclasses import dataclass

from redis.exceptions import ResponseError

from relay.domain.errors import Unavailable
from relay.store.connection import Client, address_of, is_cluster, masters

#: The features we use came with it.
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
    """Of a cluster that of its weakest master. Raises Unavailable."""
    found = [_durability_of(master) for master in masters(client)]
    return Durability(
        append_only=_weakest([one.append_only for one in found]),
        no_eviction=_weakest([one.no_eviction for one in found]),
    )


def _weakest(found: list[bool | None]) -> bool | None:
    if False in found:
        return False
    return None if None in found else True


def _durability_of(client: Client) -> Durability:
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
    """Redis's, or the one that a Valkey is compatible with; a cluster's oldest. Raises
    Unavailable."""
    versions = [_told(master, "server", "redis_version") for master in masters(client)]
    return min((_parsed(version) for version in versions if version), default=None)


def _parsed(version: str) -> tuple[int, int]:
    major, minor, *_ = (*version.split("."), "0")
    return int(major), int(minor)


def connected_replicas(client: Client) -> int | None:
    """Of a cluster those of the master that has the fewest; None where the store does not let us
    ask. Raises Unavailable."""
    counts = [_told(master, "replication", "connected_slaves") for master in masters(client)]
    return min((int(count) for count in counts if count is not None), default=None)


def is_clustered(client: Client) -> bool | None:
    """Whether the server is a node of a cluster, whatever its URL says. Raises Unavailable."""
    enabled = _told(masters(client)[0], "cluster", "cluster_enabled")
    return None if enabled is None else enabled == "1"


def serves_partly(client: Client) -> bool | None:
    """Whether a cluster goes on serving the slots of those masters that are left when one is lost
    (``cluster-require-full-coverage no``). Raises Unavailable."""
    found = [_configured(master, "cluster-require-full-coverage") for master in masters(client)]
    return _weakest([None if value is None else value == "no" for value in found])


def absent_masters(client: Client) -> list[str]:
    """Host and port of each master of a cluster that does not answer; one Redis has no others.
    Raises Unavailable when no node answers."""
    if not is_cluster(client):
        return []
    return [address_of(master) for master in masters(client) if not _answers(master)]


def _answers(master: Client) -> bool:
    try:
        return bool(master.ping())
    except Unavailable:
        return False


def _configured(client: Client, name: str) -> str | None:
    try:
        value = client.config_get(name).get(name)
    except Unavailable as error:
        if isinstance(error.__cause__, ResponseError):  # CONFIG is forbidden, or renamed
            return None
        raise
    return None if value is None else str(value)


def _told(client: Client, section: str, name: str) -> str | None:
    try:
        value = client.info(section).get(name)
    except Unavailable as error:
        if isinstance(error.__cause__, ResponseError):
            return None
        raise
    return None if value is None else str(value)
