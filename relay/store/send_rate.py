"""How many texts a second a carrier account is handed, counted for all workers together."""

from __future__ import annotations

from relay.store.connection import Client
from relay.store.keys import DeploymentKeys
from relay.store.scripts import Scripts


class SendRate:
    """``per_second``: 0 for as many as there are."""

    def __init__(self, client: Client, per_second: int) -> None:
        self._scripts = Scripts(client)
        self._keys = DeploymentKeys()
        self._per_second = per_second

    def seconds_until_next(self, account: str, *, now: float) -> float:
        """0 when a text may be handed over now, which is counted as done; else how long it is
        until one may. Raises Unavailable."""
        if not self._per_second:
            return 0.0
        answer = self._scripts.run(
            "pass_at_rate",
            self._keys,
            durably=False,
            now=now,
            account=account,
            per_second=self._per_second,
        )
        return float(answer)
