"""Which server is the master now, as sentinels say; and a pool whose connections lead there.

redis-py's own pool for sentinels asks at each new connection alone, believes the first that
answers, and waits for the silent ones one by one. An old master that is cut off from its sentinels
and not from us would be kept for as long as its connections last (ADR 0032).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError

from config.redis_location import Address, RedisLocation
from relay.store.lean_pool import LeanPool

#: Seconds after which they are asked again, while what they said counts.
_EVERY = 1.0
#: A process that has been idle for so many seconds asks before it believes what it knows.
_STALE = 3.0
#: Seconds for which a command waits for their answer, and we for that of each.
_PATIENCE = 0.4
_TIMEOUT = 0.3
#: What connections to them have in common with those to the master.
_SHARED = frozenset({"driver_info", "maint_notifications_config", "ssl_cert_reqs"})


def connect_to_sentinels(where: RedisLocation, options: Mapping[str, Any]) -> list[redis.Redis]:
    """A client of each that a URL names."""
    named = where.sentinels
    if named is None:
        return []
    return [
        redis.Redis(
            host,
            port,
            username=named.username,
            password=named.password,
            ssl=where.url.startswith("rediss://"),
            decode_responses=True,
            socket_connect_timeout=_TIMEOUT,
            socket_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            **{name: value for name, value in options.items() if name in _SHARED},
        )
        for host, port in named.addresses
    ]


class MasterWatch:
    """Asks the sentinels every second while somebody wants to know, in a thread of its own: some
    may be silent. Of what they say, the latest fail-over counts (RD-sentinel-epoch). Threads and
    forks may share it."""

    def __init__(self, service: str, sentinels: Sequence[redis.Redis]) -> None:
        self._service = service
        self._sentinels = list(sentinels)
        self._epoch = -1
        self._address: Address | None = None
        self._asked_at = float("-inf")
        self._asking: threading.Thread | None = None

    def master(self) -> Address:
        """Raises MasterNotFoundError, which is a ConnectionError."""
        age = time.monotonic() - self._asked_at
        if age > _STALE:
            self.ask()
        elif age > _EVERY:
            self._start_asking()
        if self._address is None:
            raise MasterNotFoundError("No sentinel knows a master of the service.")
        return self._address

    def ask(self) -> None:
        """Waits for an answer, though not for long; what is known stays when there is none."""
        self._start_asking().join(_PATIENCE)

    def _start_asking(self) -> threading.Thread:
        # Two at once do no harm; a lock could be held by a thread that a fork leaves behind.
        asking = self._asking
        if asking is None or not asking.is_alive():
            asking = self._asking = threading.Thread(target=self._ask_all, daemon=True)
            asking.start()
        return asking

    def _ask_all(self) -> None:
        silent: list[redis.Redis] = []
        for sentinel in list(self._sentinels):
            try:
                self._note(sentinel.sentinel_master(self._service, return_responses=True))
            except (RedisError, OSError, KeyError):
                silent.append(sentinel)
        # Whoever does not answer is asked last.
        self._sentinels = sorted(self._sentinels, key=lambda sentinel: sentinel in silent)
        self._asked_at = time.monotonic()

    def _note(self, told: Any) -> None:
        epoch = int(told["config-epoch"])
        if epoch >= self._epoch:
            self._epoch, self._address = epoch, (str(told["ip"]), int(told["port"]))


class SentinelPool(LeanPool):
    """Leads to the master. Connections to an old one are given up when it is known to be that."""

    def __init__(self, watch: MasterWatch, **options: Any) -> None:
        super().__init__(**options)
        self._watch = watch
        self._master: Address | None = None

    @property
    def address(self) -> str:
        """Host and port of the master."""
        with suppress(MasterNotFoundError):
            return "{}:{}".format(*self._watch.master())
        return "unknown"

    def get_connection(self, *_args: Any, **_options: Any) -> Any:
        """Raises MasterNotFoundError."""
        master = self._watch.master()
        if master != self._master:
            self._master, self.era = master, object()
        connection = super().get_connection()
        if not connection.is_connected:
            connection.host, connection.port = master
        return connection

    def leave(self, era: object) -> None:
        self._watch.ask()
        super().leave(era)

    def has_moved(self) -> bool:
        known = self._master
        self._watch.ask()
        return self._watch.master() != known
