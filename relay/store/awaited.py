"""Texts and calls whose end has not been reported yet, by when the carrier is to be asked (P4)."""

from __future__ import annotations

from relay.store.connection import Client


class Awaited:
    """In the sorted set ``key``, which scripts fill. Times are POSIX seconds; every method raises
    Unavailable."""

    def __init__(self, client: Client, key: str) -> None:
        self._client = client
        self._key = key

    def due(self, *, now: float, most: int) -> list[str]:
        """The ids of those to ask about, the longest awaited first."""
        due: list[str] = self._client.zrange(
            self._key, "-inf", f"{now}", byscore=True, offset=0, num=most
        )
        return due

    def ask_again(self, interaction_id: str, at: float) -> None:
        """Does nothing where a report has come meanwhile."""
        self._client.zadd(self._key, {interaction_id: at}, xx=True)

    def forget(self, interaction_id: str) -> None:
        self._client.zrem(self._key, interaction_id)
