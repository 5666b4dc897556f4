"""Countries that the carrier refused texts to, since the account is not permitted to send there."""

from __future__ import annotations

from relay.domain.policy import DAY
from relay.store.connection import Client
from relay.store.keys import BoardKeys

#: A country that nobody was refused for so many seconds may be open again.
_KNOWN_FOR = DAY


class ClosedCountries:
    """By their ISO 3166 codes. Times are POSIX seconds; every method raises Unavailable."""

    def __init__(self, client: Client, keys: BoardKeys) -> None:
        self._client = client
        self._key = keys.closed_countries

    def note(self, country: str, *, now: float) -> None:
        self._client.hset(self._key, country, int(now))

    def lately(self, *, now: float) -> list[str]:
        """Those of the last day, in the order of their codes."""
        noted = self._client.hgetall(self._key)
        since = now - _KNOWN_FOR
        return sorted(each for each, at in noted.items() if at.isdecimal() and int(at) > since)
