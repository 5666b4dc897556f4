"""Twilio's identifiers: two letters and 32 hexadecimal digits."""

from __future__ import annotations

import random
import threading
import uuid


class Identifiers:
    """Makes SIDs. With a seed they repeat from run to run: right only with a fresh store."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def new(self, prefix: str) -> str:
        return f"{prefix}{self._bits():032x}"

    def idempotency_token(self) -> str:
        return str(uuid.UUID(int=self._bits(), version=4))

    def between(self, low: float, high: float) -> float:
        with self._lock:
            return self._random.uniform(low, high)

    def _bits(self) -> int:
        with self._lock:
            return self._random.getrandbits(128)
