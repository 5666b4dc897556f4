"""The legs that are live, so that REST and the end of the world can reach them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from relay.sandbox.calls.leg import Leg
from relay.sandbox.thread_pool import ThreadPool


class Switchboard:
    def __init__(self, thread_pool: ThreadPool) -> None:
        self._lock = threading.Lock()
        self._legs: dict[str, Leg] = {}
        self._under_way: set[threading.Event] = set()
        self._thread_pool = thread_pool
        self._stopped = False

    def connect(self, leg: Leg) -> None:
        with self._lock:
            self._legs[leg.record.sid] = leg
        if self._stopped:
            leg.end("carrier stopped")

    def disconnect(self, leg: Leg) -> None:
        with self._lock:
            self._legs.pop(leg.record.sid, None)

    def leg(self, sid: str) -> Leg | None:
        with self._lock:
            return self._legs.get(sid)

    def start(self, call: Callable[[], None]) -> None:
        """Runs a call on a thread of its own."""
        ended = threading.Event()
        with self._lock:
            self._under_way.add(ended)

        def run() -> None:
            try:
                call()
            finally:
                ended.set()
                with self._lock:
                    self._under_way.discard(ended)

        self._thread_pool.start_thread(run, "sandbox-call")

    @property
    def is_quiet(self) -> bool:
        with self._lock:
            return not self._under_way

    def stop(self, timeout: float = 2.0) -> None:
        self._stopped = True
        with self._lock:
            legs, calls = list(self._legs.values()), list(self._under_way)
        for leg in legs:
            leg.end("carrier stopped")
        deadline = time.monotonic() + timeout
        for ended in calls:
            ended.wait(max(0.0, deadline - time.monotonic()))
