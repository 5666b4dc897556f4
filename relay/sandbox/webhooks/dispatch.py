"""When a webhook goes out: at once, or as the faults have it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

from relay.sandbox.faults.webhooks import WebhookFaults
from relay.sandbox.thread_pool import ThreadPool
from relay.sandbox.webhooks.delivery import Postman
from relay.sandbox.webhooks.journal import Webhook, WebhookDelivery
from relay.sandbox.webhooks.kinds import Kind

LONGEST_HOLD = 60.0
Then = Callable[[WebhookDelivery], None]


class Dispatch:
    def __init__(self, postman: Postman, thread_pool: ThreadPool, faults: WebhookFaults) -> None:
        self._postman = postman
        self._thread_pool = thread_pool
        self._faults = faults
        self._waiting: dict[Kind, list[Callable[[], None]]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def now(self, webhook: Webhook) -> WebhookDelivery:
        """Delivers while somebody waits on the line; returns the answer that counts."""
        let_go = threading.Event()
        if self._faults.keep_back(webhook.kind, let_go.set):
            self._wait(let_go)
        self._stopped.wait(self._faults.delay_of(webhook.kind))
        return self._deliver_copies(webhook)

    def soon(self, webhook: Webhook, then: Then | None = None) -> bool:
        """Delivers in the background, then hands the delivery to `then`; False if it is lost."""
        if self._faults.use_up_loss(webhook.kind):
            return False
        send = partial(self._thread_pool.soon, partial(self._send, webhook, then))
        delay = self._faults.delay_of(webhook.kind)
        if delay:
            send = partial(self._thread_pool.later, delay, partial(self._send, webhook, then))
        window = self._faults.window_of(webhook.kind)
        if window is not None:
            self._collect(webhook.kind, window, send)
        elif not self._faults.keep_back(webhook.kind, send):
            send()
        return True

    def stop(self) -> None:
        self._stopped.set()
        self._postman.stop()

    def _send(self, webhook: Webhook, then: Then | None) -> None:
        delivery = self._deliver_copies(webhook)
        if then is not None:
            then(delivery)

    def _deliver_copies(self, webhook: Webhook) -> WebhookDelivery:
        copies = self._faults.copies(webhook.kind)
        if copies > 1 and self._faults.copies_come_together(webhook.kind):
            return self._deliver_together(webhook, copies)
        delivery = self._postman.deliver(webhook)
        for _ in range(copies - 1):
            delivery = self._postman.deliver(webhook, delivery.token)
        return delivery

    def _deliver_together(self, webhook: Webhook, copies: int) -> WebhookDelivery:
        token = self._postman.new_token()
        done: list[WebhookDelivery] = []

        def deliver() -> None:
            done.append(self._postman.deliver(webhook, token))

        start = self._thread_pool.start_thread
        for thread in [start(deliver, "sandbox-copy") for _ in range(copies)]:
            thread.join()
        return done[-1]

    def _collect(self, kind: Kind, window: float, send: Callable[[], None]) -> None:
        with self._lock:
            waiting = self._waiting.setdefault(kind, [])
            waiting.append(send)
            is_first = len(waiting) == 1
        if is_first:
            self._thread_pool.later(window, partial(self._send_last_first, kind))

    def _send_last_first(self, kind: Kind) -> None:
        with self._lock:
            waiting = self._waiting.pop(kind, [])
        for send in reversed(waiting):
            send()
            time.sleep(0.01)

    def _wait(self, let_go: threading.Event) -> None:
        deadline = time.monotonic() + LONGEST_HOLD
        while not self._stopped.is_set() and time.monotonic() < deadline:
            if let_go.wait(0.05):
                return
