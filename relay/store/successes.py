"""When periodic work last ended well, by the clock of the process that did it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from relay.domain.errors import Unavailable
from relay.store.connection import Client
from relay.store.figures import read_moment
from relay.store.keys import DeploymentKeys


class Successes:
    """Of all boards together."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._key = DeploymentKeys().successes

    def note(self, name: str, *, now: float) -> None:
        """Raises nothing: the work is done all the same."""
        with suppress(Unavailable):
            self._client.hset(self._key, name, f"{now:.3f}")

    def of(self, names: Iterable[str], *, until: float) -> dict[str, float | None]:
        """POSIX seconds by name; None for what never has ended well before ``until``: what is
        later, no clock of ours has said. One round trip. Raises Unavailable."""
        noted = self._client.hgetall(self._key)
        moments = {name: read_moment(noted.get(name, "")) for name in names}
        return {
            name: moment if moment is not None and moment <= until else None
            for name, moment in moments.items()
        }
