"""How often somebody may do something, counted in the store for all processes together."""

from __future__ import annotations

from limits import RateLimitItem

from relay.store.connection import Client
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.scripts import Scripts


class RateLimits:
    """Fixed windows: one round trip each, and a key's count is gone with its window."""

    def __init__(self, client: Client, keys: BoardKeys | DeploymentKeys) -> None:
        self._keys = keys
        self._scripts = Scripts(client)

    def hit(self, limit: RateLimitItem, *who: str) -> int | None:
        """Counts one. Returns None while it is within ``limit``, else the seconds until it may be
        tried again. Raises Unavailable: when nobody can count, nobody is let through."""
        count, seconds = self._scripts.run(
            "count_in_window",
            self._keys,
            durably=False,
            who=limit.key_for(*who),
            window=limit.get_expiry(),
        )
        return None if count <= limit.amount else max(1, int(seconds))
