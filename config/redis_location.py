"""Where a Redis is: what a URL says to redis-py, and to us of a cluster or of sentinels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

#: Host and port.
Address: TypeAlias = tuple[str, int]

_DEFAULT_PORT = 6379
_SENTINELS_PORT = 26379
_SCHEMES = {"redis", "rediss", "unix"}
#: Those of sentinels, and how what they lead to is spoken with.
_SENTINEL_SCHEMES = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}


@dataclass(frozen=True)
class Sentinels:
    """Some of those that know who is the master of ``service``. They may ask who we are, too."""

    service: str
    addresses: tuple[Address, ...]
    username: str | None
    password: str | None


@dataclass(frozen=True)
class RedisLocation:
    """``url`` is redis-py's part of what was given, without a host where ``sentinels`` know it;
    ``nodes`` are some of a cluster's."""

    url: str
    is_cluster: bool = False
    nodes: tuple[Address, ...] = ()
    sentinels: Sentinels | None = None


def locate_redis(url: str) -> RedisLocation:
    """Reads out of a URL what is not redis-py's: ``?cluster=true`` and ``nodes=host:port,…``, or
    ``redis+sentinel://user:password@host:port,host:port/service?db=0``. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme in _SENTINEL_SCHEMES:
        return _behind_sentinels(parts)
    if parts.scheme not in _SCHEMES:
        raise ValueError(
            "must look like redis://host:6379/0 (rediss:// for TLS) or"
            " redis+sentinel://host:26379,host:26379/service"
        )
    ours, rest = _take(parts, {"cluster", "nodes"})
    bare = urlunsplit(parts._replace(query=rest))
    if ours.get("cluster", "false") not in {"true", "false"}:
        raise ValueError("cluster must be true or false")
    if ours.get("cluster") != "true":
        return RedisLocation(bare)
    if parts.scheme not in {"redis", "rediss"} or parts.path.strip("/") not in {"", "0"}:
        raise ValueError("a cluster is at redis:// or rediss://, and has no database but 0")
    others = _addresses(ours.get("nodes", ""), _DEFAULT_PORT)
    first = (parts.hostname or "localhost", parts.port or _DEFAULT_PORT)
    return RedisLocation(bare, is_cluster=True, nodes=(first, *others))


def _behind_sentinels(parts: SplitResult) -> RedisLocation:
    """Raises ValueError."""
    user, at, hosts = parts.netloc.rpartition("@")
    service = parts.path.strip("/")
    ours, rest = _take(parts, {"db", "sentinel_username", "sentinel_password"})
    database = ours.get("db", "0")
    addresses = _addresses(hosts, _SENTINELS_PORT)
    if not service or "/" in service or not addresses or not database.isdecimal():
        raise ValueError("must look like redis+sentinel://host:26379,host:26379/service?db=0")
    # Put together here: urlunsplit would leave an empty host out.
    server = f"{_SENTINEL_SCHEMES[parts.scheme]}://{user}{at}/{database}"
    return RedisLocation(
        f"{server}?{rest}" if rest else server,
        sentinels=Sentinels(
            service,
            addresses,
            username=ours.get("sentinel_username"),
            password=ours.get("sentinel_password"),
        ),
    )


def _take(parts: SplitResult, names: set[str]) -> tuple[dict[str, str], str]:
    """What a URL says under these names, and the rest of its query."""
    query = parse_qsl(parts.query, keep_blank_values=True)
    ours = {name: value for name, value in query if name in names}
    return ours, urlencode([pair for pair in query if pair[0] not in ours])


def _addresses(given: str, default_port: int) -> tuple[Address, ...]:
    """Raises ValueError."""
    return tuple(_address(one, default_port) for one in given.split(",") if one)


def _address(given: str, default_port: int) -> Address:
    """Raises ValueError."""
    parts = urlsplit(f"//{given}")
    if not parts.hostname:
        raise ValueError("must name its servers as host:port,host:port")
    return parts.hostname, parts.port or default_port
