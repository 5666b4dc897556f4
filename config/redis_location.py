"""Where a Redis is: what a URL says to redis-py, and what it says to us of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

#: Host and port.
Address: TypeAlias = tuple[str, int]

_DEFAULT_PORT = 6379
_SCHEMES = {"redis", "rediss", "unix"}


@dataclass(frozen=True)
class RedisLocation:
    """``url`` is redis-py's part of what was given; ``nodes`` are some of a cluster's."""

    url: str
    is_cluster: bool
    nodes: tuple[Address, ...]


def locate_redis(url: str) -> RedisLocation:
    """Reads ``?cluster=true`` and ``nodes=host:port,…`` out of a URL, as neither is redis-py's.
    Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError("must look like redis://host:6379/0 (rediss:// for TLS)")
    query = parse_qsl(parts.query, keep_blank_values=True)
    ours = {name: value for name, value in query if name in {"cluster", "nodes"}}
    rest = urlencode([pair for pair in query if pair[0] not in ours])
    bare = urlunsplit(parts._replace(query=rest))
    if ours.get("cluster", "false") not in {"true", "false"}:
        raise ValueError("cluster must be true or false")
    if ours.get("cluster") != "true":
        return RedisLocation(bare, is_cluster=False, nodes=())
    if parts.scheme not in {"redis", "rediss"} or parts.path.strip("/") not in {"", "0"}:
        raise ValueError("a cluster is at redis:// or rediss://, and has no database but 0")
    others = (_address(given) for given in ours.get("nodes", "").split(",") if given)
    first = (parts.hostname or "localhost", parts.port or _DEFAULT_PORT)
    return RedisLocation(bare, is_cluster=True, nodes=(first, *others))


def _address(given: str) -> Address:
    """Raises ValueError."""
    parts = urlsplit(f"//{given}")
    if not parts.hostname:
        raise ValueError("nodes must look like host:port,host:port")
    return parts.hostname, parts.port or _DEFAULT_PORT
