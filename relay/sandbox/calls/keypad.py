"""The keys a person is going to press, and those the phone sends by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from relay.sandbox.calls.dial_string import SentKey


class Keypad:
    """Bursts of keys, one burst for each time somebody listens for keys. Those that were dialled
    with the number have times of their own: nobody may listen then."""

    def __init__(self, bursts: list[str], sent: Iterable[SentKey] = ()) -> None:
        self._bursts = bursts
        self._sent = deque(sent)

    @classmethod
    def dialled(cls, digits: str, sent: Iterable[SentKey] = ()) -> Keypad:
        """Typed after the number: one burst, or several parted by commas ("111111,482913")."""
        return cls([burst for burst in digits.split(",") if burst], sent)

    @classmethod
    def pressed(cls, keys: str) -> Keypad:
        """One key each time; with commas, a burst each time. A space lets one time pass."""
        return cls.dialled(keys) if "," in keys else cls(list(keys))

    def lose_sent(self, before: float) -> None:
        """Nobody has listened until so many seconds after the answer."""
        while self._sent and self._sent[0].after < before:
            self._sent.popleft()

    def next_sent(self) -> float | None:
        """So many seconds after the answer the phone sends its next key."""
        return self._sent[0].after if self._sent else None

    def take_sent(self) -> str:
        return self._sent.popleft().key

    @property
    def is_ready(self) -> bool:
        """Whether somebody presses a key as soon as they are listened to."""
        return bool(self._bursts and self._bursts[0].strip())

    def take(self, most: int | None, finish_on: str) -> tuple[str, str]:
        """What is pressed this time: the digits, and the finishing key if that ended it."""
        if not self._bursts:
            return "", ""
        burst = self._bursts.pop(0)
        if not burst.strip():
            return "", ""
        digits, finished, rest = _cut(burst, most, finish_on)
        if rest:
            self._bursts.insert(0, rest)
        return digits, finished


def _cut(burst: str, most: int | None, finish_on: str) -> tuple[str, str, str]:
    for position, key in enumerate(burst):
        if key in finish_on:
            return burst[:position], key, burst[position + 1 :]
        if most is not None and position + 1 == most:
            return burst[: position + 1], "", burst[position + 1 :]
    return burst, "", ""
