"""What the carrier charges a pool's traffic by, and how many sessions were opened, by the day.

The scripts that move the records of calls and texts count it, each once (``lua/shared/charging``);
what has no record of its own is counted here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from relay.domain.charges import Charges, DayOfTraffic, Unit
from relay.domain.errors import Unavailable
from relay.store.connection import Client
from relay.store.decided import decided_by
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

_SESSIONS = "sessions"
_FIELD = re.compile(r"(?:(?P<day>\d+):)?(?P<unit>[a-z_]+)", re.ASCII)
_UNITS = frozenset(Unit)


class PoolCharges:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def count_once(self, pool: str, charges: Charges, *, marks: Iterable[int], now: float) -> None:
        """Counts what has no record of its own; ``marks`` tell it from others (``decided.py``).
        Raises nothing: an estimate holds nothing up."""
        if charges:
            with suppress(Unavailable):
                self._scripts.run(
                    "charge_once",
                    self._keys.in_pool(pool),
                    now=now,
                    charges=as_records(charges),
                    **decided_by(marks, now=now),
                )

    def total(self, pool: str) -> Charges:
        """All there ever was. Raises Unavailable."""
        return {
            Unit(unit): count
            for day, unit, count in self._read(pool)
            if day is None and unit in _UNITS
        }

    def began_at(self, pool: str) -> int | None:
        """When the first was counted, in POSIX seconds. Raises Unavailable."""
        since = self._client.hget(self._keys.in_pool(pool).charges, "since")
        return int(since) if since and since.isdecimal() else None

    def days(self, pool: str) -> list[DayOfTraffic]:
        """The last days, as far as they are kept, in no order. Raises Unavailable."""
        charges: defaultdict[int, dict[Unit, int]] = defaultdict(dict)
        sessions: defaultdict[int, int] = defaultdict(int)
        for day, unit, count in self._read(pool):
            if day is not None and unit in _UNITS:
                charges[day][Unit(unit)] = count
            elif day is not None:
                sessions[day] = count
        return [
            DayOfTraffic(day=day, sessions=sessions[day], charges=charges[day])
            for day in charges.keys() | sessions.keys()
        ]

    def _read(self, pool: str) -> Iterable[tuple[int | None, str, int]]:
        """Day, unit and count; what somebody else may have written there is left out."""
        for name, count in self._client.hgetall(self._keys.in_pool(pool).charges).items():
            field = _FIELD.fullmatch(name)
            if field and count.isdecimal() and field["unit"] in {*_UNITS, _SESSIONS}:
                yield int(field["day"]) if field["day"] else None, field["unit"], int(count)


def as_records(charges: Charges) -> list[dict[str, str | int]]:
    """As the scripts take them."""
    return [{"unit": str(unit), "count": count} for unit, count in charges.items()]
