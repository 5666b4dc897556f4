"""Calls at the carrier."""

from __future__ import annotations

from twilio.rest import Client

from relay.carrier.errors import carrier_errors
from relay.carrier.sids import checked_sid


class CarrierCalls:
    def __init__(self, client: Client) -> None:
        self._calls = client.calls

    def end(self, call_sid: str) -> None:
        """Ends a call with all its legs, whether they ring or talk. Raises CarrierError, also for
        one that is over."""
        with carrier_errors():
            self._calls(checked_sid(call_sid)).update(status="completed")
