"""What numbers carried lately, and counts of a pool's numbers for metrics.

The traffic itself is counted by the scripts that move a call's or a text's record
(``lua/shared/traffic.lua``), so that a report that comes twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relay.domain.reputation import HOUR, WINDOW, Traffic
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

_MINUTE = 60
#: Numbers read in one round trip.
_BATCH = 500
#: A pool's number stats are forgotten when nobody has looked for so long, in seconds.
_STATS_LIFE = 600
#: As in ``lua/shared/traffic.lua``; a test compares the two.
TRAFFIC_FIELDS = ("calls", "ended", "answered", "short", "texts", "filtered")


class Reputation:
    """Every method raises Unavailable when Redis is away. Times are POSIX seconds."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def traffic(self, numbers: Sequence[str], *, now: float) -> list[Traffic]:
        """Of the sliding window, in the order of the numbers."""
        found: list[Traffic] = []
        for first in range(0, len(numbers), _BATCH):
            with self._client.pipeline(transaction=False) as pipe:
                for number in numbers[first : first + _BATCH]:
                    pipe.hgetall(self._keys.traffic(number))
                found.extend(_in_window(record, now) for record in pipe.execute())
        return found

    def note_number_stats(self, pool: str, stats: Mapping[str, int]) -> None:
        """Leaves counts of all the pool's numbers for whoever asks; they hold ten minutes."""
        counts = [part for count in stats.items() for part in count]
        self._scripts.run(
            "note_number_stats",
            self._keys.in_pool(pool),
            durably=False,
            life=_STATS_LIFE,
            counts=counts,
        )

    def number_stats(self, pool: str) -> dict[str, int]:
        """What was noted last; empty when that is too long ago."""
        noted = self._client.hgetall(self._keys.in_pool(pool).number_stats)
        return {name: int(count) for name, count in noted.items()}


def _in_window(record: Mapping[str, str], now: float) -> Traffic:
    first_hour = int(now) // HOUR - WINDOW // HOUR + 1
    first_minute = int(now) // _MINUTE - HOUR // _MINUTE + 1
    total = Traffic()
    for field, text in record.items():
        if field.startswith("m"):
            if int(field[1:]) >= first_minute:
                total += Traffic(busiest_minute=int(text))
        elif int(field) >= first_hour:
            counts = map(int, text.split())
            total += Traffic(**dict(zip(TRAFFIC_FIELDS, counts, strict=True)))
    return total
