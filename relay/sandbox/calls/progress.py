"""The status callbacks of one leg (TW-leg-reports)."""

from __future__ import annotations

from collections.abc import Collection

from relay.sandbox.calls.parameters import ProgressEvent, progress_parameters
from relay.sandbox.network import Network
from relay.sandbox.records import Call
from relay.sandbox.webhooks.journal import Webhook


class Progress:
    def __init__(
        self,
        network: Network,
        record: Call,
        url: str | None,
        method: str,
        events: Collection[str],
    ) -> None:
        self._network = network
        self._record = record
        self._url = url
        self._method = method
        self._events = events
        self._sequence = 0

    def tell(self, event: ProgressEvent, status: str) -> None:
        """Sends the callback if this event was asked for. `completed` stands for every end."""
        if not self._url or event not in self._events:
            return
        parameters = progress_parameters(
            self._record,
            status,
            self._sequence,
            self._network.clock,
            is_final=event == "completed",
        )
        self._sequence += 1
        self._network.dispatch.soon(
            Webhook(
                kind="status",
                url=self._url,
                method=self._method,
                params=parameters,
                subject=self._record.sid,
            )
        )
