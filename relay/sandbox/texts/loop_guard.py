"""14107: two numbers that keep answering each other are cut off (TW-loops)."""

from __future__ import annotations

import threading
import time

MOST_IN_A_ROW = 30
GAP = 30.0


class LoopGuard:
    """Counts messages from one number to another that follow each other within 30 real seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[tuple[str, str], tuple[int, float]] = {}
        self._blocked_until: dict[tuple[str, str], float] = {}

    def trips(self, sender: str, receiver: str) -> bool:
        """Counts one message; True if it must fail."""
        pair, now = (sender, receiver), time.monotonic()
        with self._lock:
            if self._blocked_until.get(pair, 0.0) > now:
                return True
            length, last = self._runs.get(pair, (0, 0.0))
            length = length + 1 if now - last < GAP else 1
            self._runs[pair] = (length, now)
            if length > MOST_IN_A_ROW:
                self._blocked_until[pair] = now + GAP
                self._runs[pair] = (0, now)
                return True
            return False
