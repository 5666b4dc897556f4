"""How long the carrier takes to answer, of all processes together.

Each process gathers, and writes what it has gathered once a second at most: no request costs a
round trip of its own.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from relay.domain.errors import Unavailable
from relay.domain.exchange import Exchange, ExchangeEnd, Resource, Verb
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys

#: The histogram's bounds in seconds: a client waits for five to connect, and for five more, or
#: twenty for a long list.
BOUNDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 5.0, 10.0)
_BEYOND = "inf"
_MICROSECONDS = "us"
#: Between two writings of a process, in seconds.
_PAUSE = 1.0


@dataclass(frozen=True, kw_only=True)
class CarrierTime:
    """Requests of one kind that ended alike: ``at_most`` has how many took no longer than each of
    BOUNDS, ``count`` how many there were, and ``seconds`` how long they took together."""

    verb: Verb
    resource: Resource
    end: ExchangeEnd
    at_most: tuple[int, ...]
    count: int
    seconds: float


class CarrierTimes:
    """``note`` and ``flush`` may be called by any thread, and raise nothing."""

    def __init__(self, client: Client, timer: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._key = DeploymentKeys().carrier_times
        self._timer = timer
        self._lock = threading.Lock()
        self._gathered: Counter[str] = Counter()
        self._flushed_at = float("-inf")

    def note(self, exchange: Exchange) -> None:
        kind = f"{exchange.verb} {exchange.resource} {exchange.end}"
        with self._lock:
            self._gathered[f"{kind} {_bound_of(exchange.seconds)}"] += 1
            self._gathered[f"{kind} {_MICROSECONDS}"] += round(exchange.seconds * 1e6)
            is_due = self._timer() - self._flushed_at >= _PAUSE
            if is_due:
                self._flushed_at = self._timer()
        if is_due:
            self.flush()

    def flush(self) -> None:
        """Writes what has been gathered, at the end of a job: its process may be over then. What
        the store does not take is gathered on."""
        with self._lock:
            gathered, self._gathered = self._gathered, Counter()
        if not gathered:
            return
        try:
            with self._client.pipeline(transaction=False) as pipe:
                for field, count in gathered.items():
                    pipe.hincrby(self._key, field, count)
                pipe.execute()
        except Unavailable:
            with self._lock:
                self._gathered += gathered

    def all(self) -> list[CarrierTime]:
        """By kind and end. One round trip. Raises Unavailable."""
        by_kind: dict[tuple[Verb, Resource, ExchangeEnd], dict[str, int]] = defaultdict(dict)
        for field, count in self._client.hgetall(self._key).items():
            # Anything else is somebody else's writing.
            with suppress(ValueError):
                verb, resource, end, bound = field.split(" ")
                kind = Verb(verb), Resource(resource), ExchangeEnd(end)
                by_kind[kind][bound] = int(count)
        return [_time(*kind, counts) for kind, counts in sorted(by_kind.items())]


def _bound_of(seconds: float) -> str:
    return next((str(bound) for bound in BOUNDS if seconds <= bound), _BEYOND)


def _time(
    verb: Verb, resource: Resource, end: ExchangeEnd, counts: Mapping[str, int]
) -> CarrierTime:
    at_most, total = [], 0
    for bound in BOUNDS:
        total += counts.get(str(bound), 0)
        at_most.append(total)
    return CarrierTime(
        verb=verb,
        resource=resource,
        end=end,
        at_most=tuple(at_most),
        count=total + counts.get(_BEYOND, 0),
        seconds=counts.get(_MICROSECONDS, 0) / 1e6,
    )
