"""Virtual numbers: which pool each is in, and its place and status there."""

from __future__ import annotations

import time

from relay.domain.errors import Conflict
from relay.domain.pool import NumberStatus, VirtualNumber
from relay.store import keys as names
from relay.store.connection import Client, unavailable_when_away
from relay.store.keys import PoolKeys
from relay.store.scripts import Scripts

#: A number nobody knows is looked up again at most this often, in seconds.
_UNKNOWN_FOR = 1.0


class Numbers:
    """Keeps a small map of number → pool in the process. It may be stale: the scripts check that
    the number is in the pool, and ``forget`` makes the next look-up read it again."""

    def __init__(self, client: Client, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts
        self._pools: dict[str, str] = {}
        self._unknown: dict[str, float] = {}

    def pool_of(self, number: str) -> str | None:
        """The pool a virtual number is in; None when it is none of ours. Raises Unavailable."""
        pool = self._pools.get(number)
        if pool is None and self._unknown.get(number, 0.0) < time.monotonic():
            with unavailable_when_away():
                pool = self._client.hget(names.NUMBERS, number)
            if pool:
                self._pools[number] = pool
            else:
                self._unknown = {number: time.monotonic() + _UNKNOWN_FOR}
        return pool

    def forget(self, number: str) -> None:
        self._pools.pop(number, None)
        self._unknown.pop(number, None)

    def add(
        self,
        number: str,
        pool: str,
        *,
        carrier_sid: str,
        capabilities: str,
        now: float,
        status: NumberStatus = NumberStatus.AVAILABLE,
    ) -> bool:
        """Puts a number we own into a pool; False when it was there. ``capabilities`` is some of
        ``vsm``. Raises Conflict when it is in another pool, Unavailable."""
        keys = PoolKeys(pool)
        with unavailable_when_away():
            # The map first: a number in no map is unreachable, one in no pool is only unknown.
            self._client.hsetnx(names.NUMBERS, number, pool)
            if self._client.hget(names.NUMBERS, number) != pool:
                raise Conflict("The number is in another pool.")
            outcome, _ = self._scripts.run_durably(
                "import_number",
                [
                    keys.pool,
                    keys.numbers,
                    keys.ordinals,
                    keys.vacant,
                    keys.blocked,
                    keys.number(number),
                ],
                [
                    number,
                    status,
                    int(not status.is_allocatable),
                    carrier_sid,
                    capabilities,
                    int(now),
                ],
            )
            # The entry may have been that of a removal, which takes it away only now.
            self._keep_on_the_map(number, pool)
        self.forget(number)
        return bool(outcome == "imported")

    def _keep_on_the_map(self, number: str, pool: str) -> None:
        if self._client.hexists(PoolKeys(pool).numbers, number):
            self._client.hsetnx(names.NUMBERS, number, pool)

    def set_status(self, number: str, pool: str, status: NumberStatus) -> bool:
        """False when the number is not in the pool. Raises Unavailable."""
        keys = PoolKeys(pool)
        with unavailable_when_away():
            return bool(
                self._scripts.run(
                    "set_number_status",
                    [keys.number(number), keys.blocked],
                    [status, int(not status.is_allocatable)],
                )
            )

    def remove(self, number: str, pool: str) -> str:
        """Takes a number out of its pool: ``removed``, ``unknown``, or ``bound`` while sessions on
        it are open or cooling. Raises Unavailable."""
        keys = PoolKeys(pool)
        with unavailable_when_away():
            outcome: str = self._scripts.run_durably(
                "remove_number",
                [
                    keys.numbers,
                    keys.ordinals,
                    keys.vacant,
                    keys.blocked,
                    keys.number(number),
                    keys.load,
                ],
                [number],
            )
            if outcome == "removed":
                self._client.hdel(names.NUMBERS, number)
                # Somebody may have put it back in between, and found the entry that has just gone.
                self._keep_on_the_map(number, pool)
        self.forget(number)
        return outcome

    def get(self, number: str) -> VirtualNumber | None:
        pool = self.pool_of(number)
        if pool is None:
            return None
        with unavailable_when_away():
            record = self._client.hgetall(PoolKeys(pool).number(number))
        return _unpack(number, pool, record) if record else None

    def of_pool(self, pool: str) -> list[VirtualNumber]:
        """All numbers of a pool in the order of their ordinals. Raises Unavailable."""
        keys = PoolKeys(pool)
        with unavailable_when_away():
            numbers = self._client.hkeys(keys.numbers)
            with self._client.pipeline(transaction=False) as pipe:
                for number in numbers:
                    pipe.hgetall(keys.number(number))
                records = pipe.execute()
        found = [
            _unpack(number, pool, record)
            for number, record in zip(numbers, records, strict=True)
            if record
        ]
        return sorted(found, key=lambda number: number.ordinal)


def _unpack(number: str, pool: str, record: dict[str, str]) -> VirtualNumber:
    return VirtualNumber(
        number=number,
        pool=pool,
        ordinal=int(record["ordinal"]),
        status=NumberStatus(record["status"]),
        carrier_sid=record["carrier_sid"],
        voice="v" in record["capabilities"],
        sms="s" in record["capabilities"],
        mms="m" in record["capabilities"],
        imported_at=int(record["imported_at"]),
    )
