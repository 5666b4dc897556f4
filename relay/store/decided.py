"""Which calls and texts were ever decided on: their answers must never get better later.

A CallSid or MessageSid is remembered for 30 days at least, as eight bytes of a keyed hash, in a set
of integers for each period and shard. While such a set has 512 members at most, Redis keeps it as a
sorted array of eight bytes each. So is it remembered that something without a record was charged
(``charges.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from relay.store.connection import Client
from relay.store.keys import BoardKeys

#: Seconds that one set is written to, and sets that are looked into: this period's and the last
#: one's. Days in place of these would be thirty look-ups a call.
_PERIOD = 30 * 24 * 3600
_PERIODS = 2
#: Enough for a million marks a day: a call leaves one, a text that comes in two, as it is decided
#: on and charged, and a third where it is answered.
_SHARDS = 65_536


class Decided:
    """For what is decided on without a script of its own. Every method raises Unavailable.
    ``marks`` as in ``decided_by``, ``now`` in POSIX seconds."""

    def __init__(self, client: Client, keys: BoardKeys) -> None:
        self._client = client
        self._keys = keys

    def note(self, marks: Iterable[int], *, now: float) -> None:
        place = decided_by(marks, now=now)["known"][0]
        with self._client.pipeline(transaction=False) as pipe:
            pipe.sadd(self._keys.decided(place["bucket"]), place["mark"])
            pipe.expire(self._keys.decided(place["bucket"]), _PERIODS * _PERIOD)
            pipe.execute()

    def has(self, marks: Iterable[int], *, now: float) -> bool:
        with self._client.pipeline(transaction=False) as pipe:
            for place in decided_by(marks, now=now)["known"]:
                pipe.sismember(self._keys.decided(place["bucket"]), place["mark"])
            return any(pipe.execute())


def decided_by(marks: Iterable[int], *, now: float) -> dict[str, Any]:
    """The arguments of the scripts that decide (``lua/shared/deciding.lua``). ``marks`` are eight
    bytes of the sid's keyed hash under each index key, the writing key's first."""
    period = int(now // _PERIOD)
    return {
        "known": [
            {"bucket": f"{period - age}:{mark % _SHARDS}", "mark": str(mark)}
            for mark in marks
            for age in range(_PERIODS)
        ],
        "known_for": _PERIODS * _PERIOD,
    }
