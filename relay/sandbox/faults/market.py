"""A market that runs out, or where somebody else is faster."""

from __future__ import annotations

import threading
from datetime import timedelta

TWO_MONTHS = timedelta(days=60)


class MarketFaults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snatches = 0
        self._sold_elsewhere: set[str] = set()
        self._reset_switches()

    def _reset_switches(self) -> None:
        # How many numbers are left to sell, whatever their kind; each sale takes one. None: plenty.
        self.left: int | None = None
        # Kinds that are not sold in a country, as ("GB", "Local"): 404.
        self.not_sold: set[tuple[str, str]] = set()
        # How long a number that was given back is kept from everybody (TW-release).
        self.ageing = TWO_MONTHS
        # Whether the account that gave it back may have it again for ten days: sources disagree.
        self.may_buy_back = False
        # 21714: how many numbers a messaging service holds (Twilio's default; support raises it).
        self.service_limit = 400
        # Real seconds before a number that was bought appears in lists.
        self.list_lag = 0.0

    def snatch(self, times: int = 1) -> None:
        """The next `times` purchases come too late: somebody else has just bought that number."""
        with self._lock:
            self._snatches += times

    def sell_elsewhere(self, *numbers: str) -> None:
        """These belong to other customers from now on."""
        with self._lock:
            self._sold_elsewhere.update(numbers)

    def clear(self) -> None:
        """What was sold stays sold."""
        self._reset_switches()
        with self._lock:
            self._snatches = 0

    def is_sold_elsewhere(self, number: str) -> bool:
        with self._lock:
            return number in self._sold_elsewhere

    def is_snatched(self, number: str) -> bool:
        """Uses up a snatch, if there is one, on a number that is just being bought."""
        with self._lock:
            if self._snatches:
                self._snatches -= 1
                self._sold_elsewhere.add(number)
            return number in self._sold_elsewhere

    @property
    def is_sold_out(self) -> bool:
        return self.left is not None and self.left <= 0

    def take_one(self) -> None:
        if self.left is not None:
            self.left -= 1
