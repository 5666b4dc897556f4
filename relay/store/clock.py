"""Whether this process's clock and the store's agree.

Expiry is decided by the process that looks (P3): one whose clock is wrong would connect an expired
session, or refuse a live one. It refuses to serve instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from relay.domain.errors import Unavailable
from relay.store.connection import Client, masters

#: Seconds. Beyond it a process refuses to serve.
MOST_DIFFERENCE = 1.0
#: A right clock is measured again after this many seconds, a wrong one sooner, to be back early.
_RIGHT_FOR = 10.0
_WRONG_FOR = 1.0


class ClockGuard:
    """Measures now and then and remembers the finding in between."""

    def __init__(self, client: Client, timer: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._timer = timer
        self._measure_at = float("-inf")
        self._is_right = False

    def check(self) -> None:
        """Raises Unavailable when the clock is wrong, or when the store does not say."""
        now = self._timer()
        if now >= self._measure_at:
            self._is_right = clock_difference(self._client) <= MOST_DIFFERENCE
            self._measure_at = now + (_RIGHT_FOR if self._is_right else _WRONG_FOR)
        if not self._is_right:
            raise Unavailable("The clocks of this process and of the store differ.")


def clock_difference(client: Client) -> float:
    """Seconds by which the clocks certainly differ: what the answer's way took is in our favour.

    Of a cluster the clock of any master that answers. Raises Unavailable.
    """
    asked_at = time.time()
    seconds, microseconds = client.time()
    answered_at = time.time()
    theirs = int(seconds) + int(microseconds) / 1_000_000
    return max(asked_at - theirs, theirs - answered_at, 0.0)


def largest_clock_difference(client: Client) -> float:
    """The same, to that master of a cluster whose clock differs most. Raises Unavailable."""
    return max(clock_difference(master) for master in masters(client))
