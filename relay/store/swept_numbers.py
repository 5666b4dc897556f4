"""When what the carrier keeps about a virtual number was last deleted there.

It is stamped: a number that somebody else has written here would have its records deleted (P9).
"""

from __future__ import annotations

from relay.signing import Signer
from relay.store.connection import Client
from relay.store.keys import BoardKeys


class SweptNumbers:
    """Times are POSIX seconds; every method raises Unavailable."""

    def __init__(self, client: Client, keys: BoardKeys, signer: Signer) -> None:
        self._client = client
        self._keys = keys
        self._signer = signer

    def due(self, pool: str, *, before: float) -> list[str]:
        """The numbers of a pool that were swept before then, the longest ago first."""
        numbers, swept = self._read(pool)
        at = {number: self._read_at(pool, number, swept.get(number, "")) or 0 for number in numbers}
        return sorted((number for number in at if at[number] < before), key=at.__getitem__)

    def departed(self, pool: str) -> dict[str, bool]:
        """Those that are in the pool no more, and of each whether it is we who have noted it."""
        numbers, swept = self._read(pool)
        return {
            number: self._read_at(pool, number, swept[number]) is not None
            for number in sorted(swept.keys() - {*numbers})
        }

    def _read_at(self, pool: str, number: str, stamped: str) -> float | None:
        at = self._signer.read(stamped, *self._place(pool, number))
        return None if at is None else float(at)

    def _place(self, pool: str, number: str) -> tuple[str, ...]:
        return ("swept", self._keys.board, pool, number)

    def _read(self, pool: str) -> tuple[list[str], dict[str, str]]:
        keys = self._keys.in_pool(pool)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hkeys(keys.numbers)
            pipe.hgetall(keys.swept)
            numbers, swept = pipe.execute()
        return numbers, swept

    def note(self, pool: str, number: str, *, now: float) -> None:
        stamped = self._signer.stamp(f"{now:.0f}", *self._place(pool, number))
        self._client.hset(self._keys.in_pool(pool).swept, number, stamped)

    def forget(self, pool: str, number: str) -> None:
        self._client.hdel(self._keys.in_pool(pool).swept, number)
