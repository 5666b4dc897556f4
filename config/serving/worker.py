"""gunicorn's gevent worker, whose clients have deadlines and a fair share of its connections."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from gevent.pool import Pool
from gunicorn.workers.ggevent import GeventWorker

from config.serving.connection import Connection
from config.serving.reception import Reception
from config.serving.slots import Slots

#: Of a body that nobody has read, so much is read for the next request's sake: then we hang up.
_STEP = 64 * 1024
_MOST_STEPS = 4
#: Seconds that somebody who is refused waits for the answer; not the same, or those who came
#: together would come back together.
_PAUSES = (0.5, 1.5)
_REFUSALS = ("401", "403")


App = Callable[..., Iterable[bytes]]


class WebWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    #: Connections of one address, at most; 0: as many as there are (config/server.py).
    client_slots = 0
    wsgi: App

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = _pause_refusals(self.wsgi)
        # What the start has made stays: to look through it again for garbage stops every call.
        gc.collect()
        gc.freeze()

    def server_class(self, listener: Any, **_: Any) -> Reception:
        """gunicorn's hook for what accepts connections. The slots bound how many there are: the
        pool, which could not make room, has space for those that are just ending, too."""
        slots = Slots(self.worker_connections, for_one_client=self.client_slots)
        handle = partial(self._handle_in_slot, slots, listener)
        return Reception(listener, handle, spawn=Pool(2 * self.worker_connections), slots=slots)

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """gunicorn's one deadline for idleness and head: the connection has its own."""
        return nullcontext()

    def handle_request(
        self, listener_name: Any, req: Any, sock: Connection, addr: tuple[str, int]
    ) -> None:
        """Raises StopIteration where the connection cannot serve another request."""
        sock.expect_body()
        with sock.answering_at_once():
            super().handle_request(listener_name, req, sock, addr)
        if not _can_discard(req.body) or sock.is_gone:
            raise StopIteration
        sock.expect_request(self.cfg.keepalive)

    def _handle_in_slot(
        self, slots: Slots, listener: Any, client: Connection, addr: tuple[str, int]
    ) -> None:
        try:
            self.handle(listener, client, addr)
        finally:
            slots.give_back(addr[0])


def _can_discard(body: Any) -> bool:
    """Reads what the application has left of the body. False when that is too much."""
    return not body.failed and any(not body.read(_STEP) for _ in range(_MOST_STEPS))


def _pause_refusals(app: App) -> App:
    """Who is refused waits a little for the answer, so that a flood of forged requests on a few
    connections leaves time for genuine ones."""

    def paused(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, *more: Any) -> Any:
            if status.startswith(_REFUSALS):
                environ["gunicorn.socket"].pause(random.uniform(*_PAUSES))
            return start_response(status, *more)

        return app(environ, start)

    return paused
