"""Calls at the carrier."""

from __future__ import annotations

from dataclasses import dataclass

from twilio.rest import Client

from relay.carrier.errors import carrier_errors
from relay.carrier.sids import checked_sid

_UNDER_WAY = {"queued", "initiated", "ringing", "in-progress"}


@dataclass(frozen=True, kw_only=True)
class CallOutcome:
    """What the carrier says of a call on one of our numbers, and of the leg to the counterpart.

    ``status`` and ``leg_status`` are its words. Where no leg was dialled, its sid and status are
    ``""``. ``duration`` is the leg's, ``caller_duration`` the caller's, in seconds; None until the
    carrier names one.
    """

    status: str
    caller_duration: int | None = None
    leg_sid: str = ""
    leg_status: str = ""
    duration: int | None = None

    @property
    def is_over(self) -> bool:
        return not {self.status, self.leg_status} & _UNDER_WAY


class CarrierCalls:
    def __init__(self, client: Client) -> None:
        self._calls = client.calls

    def end(self, call_sid: str) -> None:
        """Ends a call with all its legs, whether they ring or talk. Raises CarrierError, also for
        one that is over."""
        with carrier_errors():
            self._calls(checked_sid(call_sid)).update(status="completed")

    def find_outcome(self, call_sid: str) -> CallOutcome:
        """What the carrier knows of a call and of the leg it dialled. Raises CarrierError."""
        with carrier_errors():
            call = self._calls(checked_sid(call_sid)).fetch()
            leg = next(iter(self._calls.list(parent_call_sid=call_sid, limit=1)), None)
            lasted = int(call.duration) if call.duration else None
            if leg is None:
                return CallOutcome(status=str(call.status), caller_duration=lasted)
            return CallOutcome(
                status=str(call.status),
                caller_duration=lasted,
                leg_sid=str(leg.sid),
                leg_status=str(leg.status),
                duration=int(leg.duration) if leg.duration else None,
            )
