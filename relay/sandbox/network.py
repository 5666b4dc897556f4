"""Everything the parts of the carrier share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from relay.sandbox.account import Account
from relay.sandbox.calls.switchboard import Switchboard
from relay.sandbox.clock import Clock
from relay.sandbox.faults import Faults
from relay.sandbox.identifiers import Identifiers
from relay.sandbox.phone import Exchange, Phone
from relay.sandbox.thread_pool import ThreadPool
from relay.sandbox.webhooks.dispatch import Dispatch
from relay.sandbox.webhooks.journal import TwimlDocument


@dataclass
class Network:
    account: Account
    clock: Clock
    identifiers: Identifiers
    faults: Faults
    thread_pool: ThreadPool
    dispatch: Dispatch
    switchboard: Switchboard
    message_delay: tuple[float, float]
    twiml_documents: list[TwimlDocument] = field(default_factory=list)
    base_url: str = ""
    #: Set once, by the carrier that builds it on this network.
    exchange: Exchange = field(init=False)
    _phones: dict[str, Phone] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def phone(self, number: str) -> Phone:
        with self._lock:
            if number not in self._phones:
                self._phones[number] = Phone(number, self.exchange)
            return self._phones[number]

    @property
    def phones(self) -> list[Phone]:
        with self._lock:
            return list(self._phones.values())

    def message_pause(self) -> float:
        return self.identifiers.between(*self.message_delay)
