"""Looks for real numbers where none may be (P2): in Redis, in its files, in the logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis


def everything_in_redis(url: str) -> bytes:
    """Every key of the database with all that it holds."""
    return b"\n".join(_parts(redis.Redis.from_url(url)))


def everything_in_files(directory: Path, pattern: str) -> bytes:
    return b"\n".join(
        path.read_bytes() for path in sorted(directory.glob(pattern)) if path.is_file()
    )


def holds_number(data: bytes, number: str) -> bool:
    """Whether the number is in there, however it is spaced, with its country code or without."""
    national = number[-10:].encode()
    spaced = rb"[\s().-]{0,2}".join(bytes([digit]) for digit in national)
    return re.search(spaced, data) is not None


def _parts(store: Any) -> Iterator[bytes]:
    for key in store.scan_iter(count=1000):
        yield key
        match store.type(key):
            case b"string":
                yield store.get(key) or b""
            case b"hash":
                yield from (part for pair in store.hgetall(key).items() for part in pair)
            case b"list":
                yield from store.lrange(key, 0, -1)
            case b"set":
                yield from store.smembers(key)
            case b"zset":
                yield from store.zrange(key, 0, -1)
            case b"stream":
                yield repr(store.xrange(key)).encode()
