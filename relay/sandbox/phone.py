"""A subscriber's phone, everything it has experienced, and where its calls and texts go."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from relay.sandbox.behaviour import Answer, Behaviour
from relay.sandbox.calls.dial_string import SentKey, read_dialled
from relay.sandbox.calls.trace import SimulatedCall
from relay.sandbox.texts.trace import SimulatedMessage


class Exchange(Protocol):
    """Where the calls and texts of all phones go."""

    def place_call(self, caller: Caller, dialled: str) -> SimulatedCall:
        """Starts the call and returns at once."""

    def receive_text(
        self, sender: str, receiver: str, body: str, media: Sequence[str]
    ) -> SimulatedMessage:
        """Records the text and returns at once."""


class Ring(NamedTuple):
    """The phone rang. `shown_number` is all its owner learns of who calls."""

    shown_number: str
    at: datetime


@dataclass(frozen=True)
class ReceivedText:
    sender: str
    body: str
    at: datetime
    sid: str
    media: tuple[str, ...] = ()


class Phone:
    """`on_ring` says what happens when it rings; assign another behaviour at any time."""

    def __init__(self, number: str, exchange: Exchange) -> None:
        self.number = number
        self.on_ring: Behaviour = Answer()
        #: What it answers every text with, by itself; "" for nothing.
        self.auto_reply = ""
        self.rings: list[Ring] = []
        self.heard: list[str] = []
        self.texts: list[ReceivedText] = []
        self.voicemails: list[list[str]] = []
        self.transcripts: list[str] = []
        self.digits_received: list[str] = []
        self._exchange = exchange
        self._changed = threading.Condition()

    def __repr__(self) -> str:
        return f"<Phone {self.number}>"

    def call(
        self,
        number: str,
        *,
        talk_seconds: float | None = 1.0,
        withheld: str | None = None,
        digits: str = "",
        hang_up_after: float | None = None,
        star_after: float | None = None,
        says: str = "",
        forwarded_from: str | None = None,
        verstat: str | None = "TN-Validation-Passed-A",
    ) -> SimulatedCall:
        """Dials a number and returns at once; `wait()` on the result for the whole call.

        With pauses and keys after it, or as a link (`tel:+14155550192,,482913`), the phone sends
        the keys by itself once the call is answered: two seconds a comma. Who does not listen then
        has missed them. Raises ValueError for a link that an iPhone would not dial.

        All seconds are simulated. The caller hangs up `talk_seconds` after being connected (None:
        never) or `hang_up_after` seconds after dialling; types `digits` into Gathers, several
        bursts parted by commas; presses the star key `star_after` seconds into the talk.
        `withheld` is shown instead of the caller's number. `verstat` is what the networks say of
        that number (StirVerstat; None: nothing).
        """
        number, sent_keys = read_dialled(number)
        caller = Caller(
            phone=self,
            sent_keys=sent_keys,
            shown=self.number if withheld is None else withheld,
            digits=digits,
            talk_seconds=talk_seconds,
            hang_up_after=hang_up_after,
            star_after=star_after,
            says=says,
            forwarded_from=forwarded_from,
            verstat=verstat,
        )
        return self._exchange.place_call(caller, number)

    def text(
        self,
        number: str,
        body: str,
        media: Sequence[str] = (),
        *,
        shown: str | None = None,
    ) -> SimulatedMessage:
        """Sends a text and returns at once. `shown` is the sender if it is not this number."""
        return self._exchange.receive_text(shown or self.number, number, body, media)

    def wait_for_text(self, count: int = 1, timeout: float = 10.0) -> list[ReceivedText]:
        """All texts, as soon as there are `count`; TimeoutError if that does not come true."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.texts) >= count, timeout):
                raise TimeoutError(f"{self.number} has {len(self.texts)} of {count} texts")
            return list(self.texts)

    def wait_for_ring(self, count: int = 1, timeout: float = 10.0) -> list[Ring]:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.rings) >= count, timeout):
                raise TimeoutError(f"{self.number} rang {len(self.rings)} of {count} times")
            return list(self.rings)

    def stays_silent(self, seconds: float) -> bool:
        """Whether for that many real seconds nothing rings and no text comes."""
        before = (len(self.rings), len(self.texts))
        deadline = time.monotonic() + seconds
        with self._changed:
            while (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
                if (len(self.rings), len(self.texts)) != before:
                    return False
        return True

    def ring(self, shown_number: str, at: datetime) -> Behaviour:
        with self._changed:
            self.rings.append(Ring(shown_number, at))
            self._changed.notify_all()
            return self.on_ring

    def receive(self, text: ReceivedText) -> None:
        with self._changed:
            self.texts.append(text)
            self._changed.notify_all()
        if self.auto_reply:
            self.text(text.sender, self.auto_reply)


@dataclass(frozen=True)
class Caller:
    """The person at the parent end of a call, and what they mean to do."""

    phone: Phone
    shown: str
    sent_keys: tuple[SentKey, ...] = ()
    digits: str = ""
    talk_seconds: float | None = None
    hang_up_after: float | None = None
    star_after: float | None = None
    says: str = ""
    forwarded_from: str | None = None
    verstat: str | None = None
