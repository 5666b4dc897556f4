"""Virtual numbers on which nothing has been for a while: since when, and draining them."""

from __future__ import annotations

from collections.abc import Sequence

from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: Numbers in one script call.
_BATCH = 500


class IdleNumbers:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def note(self, pool: str, numbers: Sequence[str], *, now: float) -> None:
        """Remembers since when nothing has been on each of these, as far as anybody looked. A
        session that comes, and a new status, make it forget that: nothing is missed in between."""
        keys = self._keys.in_pool(pool)
        for first in range(0, len(numbers), _BATCH):
            batch = numbers[first : first + _BATCH]
            self._scripts.run("note_idle", keys, durably=False, now=now, numbers=batch)

    def since(self, pool: str, *, before: float) -> list[str]:
        """Numbers idle since before then, the longest first. Raises Unavailable."""
        idle: list[str] = self._client.zrange(
            self._keys.in_pool(pool).idle, "-inf", f"{before}", byscore=True
        )
        return idle

    def drain(self, number: str, pool: str, *, before: float, allocatable: int) -> str:
        """Sets it to draining if it still is idle and allocatable, and one of so many that are:
        ``drained``, ``stays``, or ``changed``, look again. Raises Unavailable."""
        outcome: str = self._scripts.run(
            "drain_idle_number",
            self._keys.in_pool(pool),
            number=number,
            before=before,
            allocatable=allocatable,
        )
        return outcome
