"""How many numbers of a pool are free: at all, and for the person who has the fewest."""

from __future__ import annotations

from dataclasses import dataclass

from relay.store.connection import Client
from relay.store.keys import BoardKeys, PoolKeys
from relay.store.scripts import Scripts

#: People whose numbers are counted at a time, the busiest first. The first few are nearly always
#: enough; 256 keep Redis for a millisecond in a pool of 5,000 numbers.
_FIRST_STEP, _STEP = 16, 256


@dataclass(frozen=True)
class FreeNumbers:
    """``usable`` can be given to a new session, ``for_new_pairs`` to two new people now, with every
    channel. ``fewest`` are free for whoever has the fewest."""

    usable: int
    for_new_pairs: int
    fewest: int


class FreeNumberCount:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def of_pool(self, pool: str, *, access_codes: bool) -> FreeNumbers:
        """With access codes a recruiter shares, so that only candidates count. Raises Unavailable.

        Somebody with d bindings has at least ``usable`` - d numbers free, and more where some of
        these are on numbers that are not usable any more. So people are counted one by one, the
        busiest first, until nobody who is left can have fewer.
        """
        keys = self._keys.in_pool(pool)
        as_recruiter, as_candidate, as_both = (
            keys.recruiter_degrees,
            keys.candidate_degrees,
            keys.both_degrees,
        )
        if access_codes:
            return self._fewest(keys, as_candidate)
        counts = [self._fewest(keys, degrees) for degrees in (as_recruiter, as_candidate, as_both)]
        return min(counts, key=lambda count: count.fewest)

    def _fewest(self, keys: PoolKeys, degrees: str) -> FreeNumbers:
        counted, step, fewest = 0, _FIRST_STEP, None
        while True:
            busiest = self._client.zrange(
                degrees, counted, counted + step - 1, desc=True, withscores=True
            )
            indexes = [index for index, _ in busiest]
            usable, for_new_pairs, *free = self._scripts.run(
                "count_free", keys, durably=False, indexes=indexes
            )
            fewest = min([usable if fewest is None else fewest, *free])
            # Nobody behind these is on more numbers than the last of them.
            if len(busiest) < step or fewest <= usable - int(busiest[-1][1]):
                return FreeNumbers(usable, for_new_pairs, fewest)
            counted, step = counted + step, _STEP
