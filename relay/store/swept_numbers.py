"""When what the carrier keeps about a virtual number was last deleted there."""

from __future__ import annotations

from relay.store.connection import Client
from relay.store.keys import BoardKeys


class SweptNumbers:
    """Times are POSIX seconds; every method raises Unavailable."""

    def __init__(self, client: Client, keys: BoardKeys) -> None:
        self._client = client
        self._keys = keys

    def due(self, pool: str, *, before: float) -> list[str]:
        """The numbers of a pool that were swept before then, the longest ago first."""
        numbers, swept = self._read(pool)
        at = {number: float(swept.get(number, 0)) for number in numbers}
        return sorted((number for number in at if at[number] < before), key=at.__getitem__)

    def departed(self, pool: str) -> list[str]:
        """Those that are in the pool no more."""
        numbers, swept = self._read(pool)
        return sorted(swept.keys() - {*numbers})

    def _read(self, pool: str) -> tuple[list[str], dict[str, str]]:
        keys = self._keys.in_pool(pool)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hkeys(keys.numbers)
            pipe.hgetall(keys.swept)
            numbers, swept = pipe.execute()
        return numbers, swept

    def note(self, pool: str, number: str, *, now: float) -> None:
        self._client.hset(self._keys.in_pool(pool).swept, number, f"{now:.0f}")

    def forget(self, pool: str, number: str) -> None:
        self._client.hdel(self._keys.in_pool(pool).swept, number)
