"""Webhooks twice, late, in another order, later, or never."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Literal

from relay.sandbox.webhooks.kinds import ALL_KINDS, Kind

Release = Callable[[], None]
Kinds = Iterable[Kind]


class WebhookFaults:
    def __init__(self) -> None:
        self.lock = threading.Condition()
        self._copies: dict[Kind, int] = {}
        self._together: set[Kind] = set()
        self._delays: dict[Kind, float] = {}
        self._windows: dict[Kind, float] = {}
        self._held_kinds: set[Kind] = set()
        self._lost: dict[Kind, float] = {}
        #: How many callbacks were lost so far.
        self.lost_count = 0
        self._held: list[Release] = []

    def duplicate(
        self, times: int = 2, kinds: Kinds = ALL_KINDS, *, together: bool = False
    ) -> None:
        """Every webhook is delivered `times` times, one after the other or all at once.

        Of several TwiML answers the last one counts, as after a retry whose first answer was lost.
        """
        with self.lock:
            self._copies.update(dict.fromkeys(kinds, times))
            self._together = {kind for kind in self._copies if together}

    def delay(self, seconds: float, kinds: Kinds = ALL_KINDS) -> None:
        """Real seconds between what happened and the request that tells of it."""
        with self.lock:
            self._delays.update(dict.fromkeys(kinds, seconds))

    def reorder(
        self, kinds: Kinds = ("status", "message-status", "call-ended"), window: float = 0.3
    ) -> None:
        """Callbacks that fall due within `window` real seconds go out last one first."""
        with self.lock:
            self._windows.update(dict.fromkeys(kinds, window))

    def hold(self, kinds: Kinds = ALL_KINDS) -> None:
        """Nothing of these kinds is sent before `release_held`."""
        with self.lock:
            self._held_kinds.update(kinds)

    def lose(self, kinds: Kinds = ALL_KINDS, times: int | None = None) -> None:
        """The next `times` callbacks (or all) are never sent."""
        with self.lock:
            self._lost.update(dict.fromkeys(kinds, float("inf") if times is None else times))

    def release_held(self, order: Literal["as it was", "reversed"] = "as it was") -> int:
        """Sends what is held and holds no more; says how many were held."""
        with self.lock:
            self._held_kinds.clear()
            held, self._held = self._held, []
            self.lock.notify_all()
        for release in held if order == "as it was" else reversed(held):
            release()
        return len(held)

    def clear(self) -> None:
        with self.lock:
            for rules in (self._copies, self._delays, self._windows, self._lost):
                rules.clear()
        self.release_held()

    @property
    def held_count(self) -> int:
        with self.lock:
            return len(self._held)

    def copies(self, kind: Kind) -> int:
        with self.lock:
            return self._copies.get(kind, 1)

    def copies_come_together(self, kind: Kind) -> bool:
        with self.lock:
            return kind in self._together

    def delay_of(self, kind: Kind) -> float:
        with self.lock:
            return self._delays.get(kind, 0.0)

    def window_of(self, kind: Kind) -> float | None:
        with self.lock:
            return self._windows.get(kind)

    def keep_back(self, kind: Kind, release: Release) -> bool:
        """Keeps the webhook if its kind is held."""
        with self.lock:
            if kind not in self._held_kinds:
                return False
            self._held.append(release)
            return True

    def use_up_loss(self, kind: Kind) -> bool:
        with self.lock:
            left = self._lost.get(kind, 0)
            self._lost[kind] = max(0, left - 1)
            self.lost_count += left > 0
            return left > 0
