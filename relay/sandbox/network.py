"""Everything the parts of the carrier share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relay.sandbox.account import Account
from relay.sandbox.clock import Clock
from relay.sandbox.faults import Faults
from relay.sandbox.identifiers import Identifiers
from relay.sandbox.phone import Phone
from relay.sandbox.webhooks.dispatch import Dispatch
from relay.sandbox.webhooks.journal import TwimlDocument
from relay.sandbox.workforce import Workforce

if TYPE_CHECKING:
    from relay.sandbox.calls.inbound import InboundCalls
    from relay.sandbox.calls.switchboard import Switchboard
    from relay.sandbox.texts.inbound import Inbox
    from relay.sandbox.texts.sender import Sender


@dataclass
class Network:
    account: Account
    clock: Clock
    identifiers: Identifiers
    faults: Faults
    workforce: Workforce
    dispatch: Dispatch
    message_delay: tuple[float, float]
    twiml_documents: list[TwimlDocument] = field(default_factory=list)
    base_url: str = ""
    sender: Sender = field(init=False)
    inbox: Inbox = field(init=False)
    inbound_calls: InboundCalls = field(init=False)
    switchboard: Switchboard = field(init=False)
    _phones: dict[str, Phone] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def phone(self, number: str) -> Phone:
        with self._lock:
            if number not in self._phones:
                self._phones[number] = Phone(number, self)
            return self._phones[number]

    def message_pause(self) -> float:
        return self.identifiers.between(*self.message_delay)
