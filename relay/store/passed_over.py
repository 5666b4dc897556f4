"""How often work for a board has failed and was passed over, for all processes together."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from relay.domain.errors import Unavailable
from relay.store.alarms import whole_count
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys


class PassedOver:
    """A worker's metrics are read by nobody, so they are counted in the store."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._key = DeploymentKeys().passed_over

    def count(self, board: str) -> None:
        """``board`` is "" for what is no single board's. Raises nothing: it is logged, too."""
        with suppress(Unavailable):
            self._client.hincrby(self._key, board, 1)

    def counts(self, boards: Iterable[str]) -> dict[str, int]:
        """Of these boards and of "". Raises Unavailable."""
        counted = self._client.hgetall(self._key)
        return {board: whole_count(counted.get(board, "")) for board in ("", *boards)}
