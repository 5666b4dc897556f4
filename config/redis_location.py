"""Where a Redis is: what a URL says to redis-py, and to us of a cluster or of sentinels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

#: Host and port.
Address: TypeAlias = tuple[str, int]

_DEFAULT_PORT = 6379
_SENTINELS_PORT = 26379
_SCHEMES = {"redis", "rediss", "unix"}
#: Those of sentinels, and how what they lead to is spoken with.
_SENTINEL_SCHEMES = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
#: What redis-py and Python say of a URL may repeat a part of its password, so they are not quoted.
_FORM = (
    "must look like redis://:password@host:6379/0 (rediss:// for TLS) or"
    " redis+sentinel://host:26379,host:26379/service; a port is a number, ?options are those that"
    " redis-py takes, and in a password # / ? @ are written %23 %2F %3F %40"
)


class BadRedisURL(ValueError):
    """Says why, and nothing of the URL."""


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
    ``redis+sentinel://user:password@host:port,host:port/service?db=0``. Raises BadRedisURL, also
    when redis-py could not connect with the rest."""
    # gunicorn's own process imports the settings, and gevent comes after that: what has been loaded
    # before it keeps the sockets and locks of threads.
    import redis  # noqa: PLC0415 - after gevent

    try:
        where = _read(url)
        redis.ConnectionPool.from_url(where.url).make_connection()
    except BadRedisURL:
        raise
    except (ValueError, TypeError, AttributeError, redis.RedisError):
        raise BadRedisURL(_FORM) from None
    return where


def _read(url: str) -> RedisLocation:
    """Raises ValueError."""
    parts = urlsplit(url)
    if parts.fragment:
        raise BadRedisURL(_FORM)
    if parts.scheme in _SENTINEL_SCHEMES:
        return _behind_sentinels(parts)
    if parts.scheme not in _SCHEMES or not _is_whole(parts):
        raise BadRedisURL(_FORM)
    ours, rest = _take(parts, {"cluster", "nodes"})
    # As it was: urlunsplit would leave the empty host before a socket's path out.
    bare = url.partition("?")[0] + (f"?{rest}" if rest else "")
    if ours.get("cluster", "false") not in {"true", "false"}:
        raise BadRedisURL("cluster must be true or false")
    if ours.get("cluster") != "true":
        return RedisLocation(bare)
    if parts.scheme not in {"redis", "rediss"} or parts.path.strip("/") not in {"", "0"}:
        raise BadRedisURL("a cluster is at redis:// or rediss://, and has no database but 0")
    others = _addresses(ours.get("nodes", ""), _DEFAULT_PORT)
    first = (parts.hostname or "localhost", parts.port or _DEFAULT_PORT)
    return RedisLocation(bare, is_cluster=True, nodes=(first, *others))


def _is_whole(parts: SplitResult) -> bool:
    """False where a / has cut a password in two, of which redis-py takes the one half for a port
    and the other for a database or a path."""
    if parts.scheme == "unix":
        return bool(parts.path) and (not parts.netloc or parts.netloc.endswith("@"))
    database = parts.path.strip("/")
    return not database or database.isdecimal()


def _behind_sentinels(parts: SplitResult) -> RedisLocation:
    """Raises ValueError."""
    user, at, hosts = parts.netloc.rpartition("@")
    service = parts.path.strip("/")
    ours, rest = _take(parts, {"db", "sentinel_username", "sentinel_password"})
    database = ours.get("db", "0")
    addresses = _addresses(hosts, _SENTINELS_PORT)
    is_service = bool(service) and not {"/", "@"} & set(service)
    if not is_service or not addresses or not database.isdecimal():
        raise BadRedisURL("must look like redis+sentinel://host:26379,host:26379/service?db=0")
    # Put together here, as urlunsplit would leave an empty host out.
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
    """What a URL says under these names, and the rest of its query. Raises BadRedisURL for an
    option of no value, which is what a ? in a password leaves."""
    query = parse_qsl(parts.query, keep_blank_values=True)
    if not all(value for name, value in query if name not in names):
        raise BadRedisURL(_FORM)
    ours = {name: value for name, value in query if name in names}
    return ours, urlencode([pair for pair in query if pair[0] not in ours])


def _addresses(given: str, default_port: int) -> tuple[Address, ...]:
    """Raises ValueError."""
    return tuple(_address(one, default_port) for one in given.split(",") if one)


def _address(given: str, default_port: int) -> Address:
    """Raises ValueError."""
    parts = urlsplit(f"//{given}")
    if not parts.hostname:
        raise BadRedisURL("must name its servers as host:port,host:port")
    return parts.hostname, parts.port or default_port
