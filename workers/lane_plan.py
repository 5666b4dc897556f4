"""Which of the hints that a worker holds is worked on next.

A lane is worked on by one thread at a time, a virtual number by a quarter of them at most: where
the carrier hangs for one number, the others have the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

#: Hints for one number that wait here. What comes beyond waits in the outbox, for the sweeper.
MOST_WAITING = 1000
_SHARE = 4


@dataclass(frozen=True)
class Hint:
    """That ``function`` of ``jobs.py`` is to be done for something of a board's."""

    function: str
    board: str
    id: str


@dataclass(frozen=True)
class Lane:
    """Where a hint's work is done: a virtual number of ``account``, to one receiver there. What
    sends no text has the account in the place of a number."""

    account: str
    number: str
    receiver: str


class LanePlan:
    """Hints that wait, by number, and the lanes that are worked on. ``threads`` is how many are
    worked on at once."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._share = max(1, threads // _SHARE)
        #: The number that had its turn longest ago comes first.
        self._waiting: dict[str, dict[Hint, Lane]] = {}
        self._running: set[Lane] = set()
        self._by_number: Counter[str] = Counter()
        self._by_account: Counter[str] = Counter()

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return sum(len(hints) for hints in self._waiting.values())

    def running_of(self, account: str) -> int:
        return self._by_account[account]

    def add(self, lane: Lane, hint: Hint) -> None:
        """It waits, once. Of a number with too many, the hint is dropped."""
        hints = self._waiting.setdefault(lane.number, {})
        if len(hints) < MOST_WAITING:
            hints[hint] = lane

    def room(self, is_held: Callable[[str], bool]) -> int:
        """How many hints more are of use now: what waits for its number, its lane or its account
        does not count. ``is_held``: whether nothing of this account may start."""
        startable = sum(
            min(
                len({lane for lane in hints.values() if not is_held(lane.account)} - self._running),
                self._share - self._by_number[number],
            )
            for number, hints in self._waiting.items()
        )
        return self._threads - startable

    def start(self, may_start: Callable[[Lane], bool]) -> tuple[Lane, Hint] | None:
        """The next one, by turns among the numbers, or None while none may be started."""
        if len(self._running) >= self._threads:
            return None
        for number, hints in self._waiting.items():
            if self._by_number[number] >= self._share:
                continue
            hint = next((one for one, lane in hints.items() if lane not in self._running), None)
            if hint is not None and may_start(hints[hint]):
                return self._take(number, hint), hint
        return None

    def _take(self, number: str, hint: Hint) -> Lane:
        hints = self._waiting.pop(number)
        lane = hints.pop(hint)
        if hints:
            self._waiting[number] = hints
        self._running.add(lane)
        self._by_number[lane.number] += 1
        self._by_account[lane.account] += 1
        return lane

    def end(self, lane: Lane) -> None:
        self._running.remove(lane)
        for counter, name in ((self._by_number, lane.number), (self._by_account, lane.account)):
            counter[name] -= 1
            if not counter[name]:
                del counter[name]
