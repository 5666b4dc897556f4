"""How many requests an account at the carrier is sent at once: fewer after a refusal for haste
(429), and slowly more again, as TCP does it (RFC 5681: halve, then add one a round)."""

from __future__ import annotations

import threading

#: Seconds that nothing is sent when the carrier does not say for how long.
PAUSE = 1.0
#: The longest pause of all that a carrier can ask for, in seconds.
LONGEST_PAUSE = 60.0


class Throttle:
    """Of one account, for all threads of a process. Times are POSIX seconds."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._allowed = float(most)
        self._paused_until = 0.0

    def is_paused(self, now: float) -> bool:
        """Whether none may begin."""
        return now < self._paused_until

    def admits(self, under_way: int) -> bool:
        """Whether another request may begin beside so many, when there is no pause."""
        return under_way < int(self._allowed)

    def pause(self, until: float) -> None:
        """Nothing begins before then."""
        with self._lock:
            self._paused_until = max(self._paused_until, until)

    def note_refused(self, *, now: float, retry_after: float | None) -> None:
        """The carrier asks for fewer requests, and perhaps for a pause of so many seconds. What
        was under way together is refused together, and counts once."""
        with self._lock:
            if not self.is_paused(now):
                self._allowed = max(1.0, self._allowed / 2)
        self.pause(now + min(PAUSE if retry_after is None else retry_after, LONGEST_PAUSE))

    def note_taken(self) -> None:
        """The carrier has taken one."""
        with self._lock:
            self._allowed = min(float(self.most), self._allowed + 1 / self._allowed)
