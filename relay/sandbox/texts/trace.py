"""How a text went, as its sender tells it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from relay.sandbox.texts.opt_out import Word
from relay.sandbox.webhooks.journal import WebhookDelivery


@dataclass
class SimulatedMessage:
    """A text as its sender's network sees it; `sid` is None if no account logs it: none
    owns the number, or its messaging service drops it."""

    sender: str
    receiver: str
    body: str
    sid: str | None = None
    word: Word | None = None
    delivery: WebhookDelivery | None = None
    errors: list[int] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def wait(self, timeout: float = 10.0) -> SimulatedMessage:
        """Returns once the webhook, retries and fallback included, has been dealt with."""
        if not self.done.wait(timeout):
            raise TimeoutError(f"the webhook for {self.sid} is still under way")
        return self
