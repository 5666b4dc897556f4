"""How often somebody may do something, counted in the store for all processes together."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from relay.store import keys as names
from relay.store.connection import Client, unavailable_when_away


class RateLimits:
    """Fixed windows: one round trip each, and a key's count is gone with its window."""

    def __init__(self, client: Client) -> None:
        # The storage wants a URL to tell Redis from Valkey; it connects by our own pool.
        storage = RedisStorage(
            "redis://", connection_pool=client.connection_pool, key_prefix=names.RATES
        )
        self._limiter = FixedWindowRateLimiter(storage)

    def hit(self, limit: RateLimitItem, *who: str) -> int | None:
        """Counts one; None while it is within ``limit``, else the seconds until it may be tried
        again. Raises Unavailable: when nobody can count, nobody is let through."""
        with unavailable_when_away():
            if self._limiter.hit(limit, *who):
                return None
            reset_at = self._limiter.get_window_stats(limit, *who).reset_time
        return max(1, math.ceil(reset_at - time.time()))
