"""Where the calls and texts of all phones go: to the account's numbers."""

from __future__ import annotations

from collections.abc import Sequence

from relay.sandbox.calls.inbound import InboundCalls
from relay.sandbox.calls.trace import SimulatedCall
from relay.sandbox.network import Network
from relay.sandbox.phone import Caller
from relay.sandbox.texts.inbound import Inbox
from relay.sandbox.texts.sender import Sender
from relay.sandbox.texts.trace import SimulatedMessage


class AccountExchange:
    def __init__(self, network: Network, sender: Sender) -> None:
        self._calls = InboundCalls(network)
        self._inbox = Inbox(network, sender)

    def place_call(self, caller: Caller, dialled: str) -> SimulatedCall:
        return self._calls.place(caller, dialled)

    def receive_text(
        self, sender: str, receiver: str, body: str, media: Sequence[str]
    ) -> SimulatedMessage:
        return self._inbox.receive(sender, receiver, body, media)
