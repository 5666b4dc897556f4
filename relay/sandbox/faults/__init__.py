"""Faults on request. Each stays until it is used up, cleared or switched off."""

from __future__ import annotations

from typing import Literal

from relay.sandbox.faults.calls import CallFaults
from relay.sandbox.faults.market import MarketFaults
from relay.sandbox.faults.messages import MessageFaults
from relay.sandbox.faults.rest import RestFaults
from relay.sandbox.faults.signing import SigningFaults
from relay.sandbox.faults.webhooks import WebhookFaults

__all__ = ["Faults"]


class Faults(SigningFaults, CallFaults):
    """All the switches. Those of signing and of calls are plain attributes of this object."""

    def __init__(self) -> None:
        self.rest = RestFaults()
        self.webhooks = WebhookFaults()
        self.messages = MessageFaults()
        self.market = MarketFaults()
        self._reset_switches()

    def never_deliver_status(self, to: str | None = None, *, arrives: bool = True) -> None:
        """Messages to that number (or to all) stay `sent` for ever."""
        self.messages.never_deliver_status(to, arrives=arrives)

    def clear(self) -> None:
        """Ends all faults; what is held is let go."""
        self.rest.clear()
        self.webhooks.clear()
        self.messages.clear()
        self.market.clear()
        self._reset_switches()

    def _reset_switches(self) -> None:
        SigningFaults.__init__(self)
        CallFaults.__init__(self)
        # 14107: over 30 messages from one number to another, less than 30 s apart, fail.
        self.loop_guard = True
        # Whether list filters look at the time of day, too: documented is the day (TW-list-dates).
        self.list_dates_by: Literal["second", "day"] = "day"
        # Whether a date filter passes over messages that have no date_sent yet.
        self.lists_hide_unsent = False
        # Real seconds before a new message or call appears in lists.
        self.list_lag = 0.0
