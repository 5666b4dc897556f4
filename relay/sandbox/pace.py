"""A carrier's rates: what comes too fast waits its turn."""

from __future__ import annotations

import threading
import time


class Pace:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_slot: dict[str, float] = {}

    def seconds_until_slot(self, sender: str, per_second: float | None) -> float:
        """Books the sender's next slot. Without a rate that is now."""
        if not per_second:
            return 0.0
        with self._lock:
            now = time.monotonic()
            slot = max(now, self._next_slot.get(sender, 0.0))
            self._next_slot[sender] = slot + 1 / per_second
            return slot - now
