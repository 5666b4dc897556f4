"""Where connections arrive: one that has not sent a request's head costs next to nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any

from gevent import get_hub
from gevent.server import StreamServer

from config.serving.connection import HEAD_PATIENCE, Connection
from config.serving.slots import Slots, Wait

_END_OF_HEAD = b"\r\n\r\n"
#: Of a longer head gunicorn judges.
_LONGEST_HEAD = 16 * 1024
#: Seconds between two looks at who is late, and how many are let go at each: thousands at once
#: would hold up a call.
_LOOK_EVERY = 0.05
_ENDED_AT_ONCE = 200


class _Arrival:
    """A connection of which no whole head has arrived yet."""

    def __init__(self, socket: Any, address: tuple[str, int], watcher: Any) -> None:
        self.socket = socket
        self.address = address
        self.watcher = watcher
        self.received = b""
        self.deadline = monotonic() + HEAD_PATIENCE


class Reception(StreamServer):  # type: ignore[misc]  # gevent has no types
    """Gives a connection a greenlet, and gunicorn's parser, once the head of its first request is
    there; ends it when the head takes too long, or when slots run short.

    All but ``handle`` runs in gevent's hub, so it never waits.
    """

    def __init__(self, listener: Any, handle: Callable[..., None], *, spawn: Any, slots: Slots):
        self._slots = slots
        self._arrivals: OrderedDict[_Arrival, None] = OrderedDict()
        self._clock = get_hub().loop.timer(_LOOK_EVERY, _LOOK_EVERY)
        super().__init__(listener, handle=handle, spawn=spawn)

    def start(self) -> None:
        super().start()
        self._clock.start(self._end_late_ones)

    def close(self) -> None:
        super().close()
        self._clock.stop()
        for arrival in list(self._arrivals):
            self._end(arrival)

    def do_handle(self, accepted: Any, address: tuple[str, int]) -> None:
        """gevent's hook for a connection that was accepted."""
        if not self._slots.take(address[0]):
            accepted.close()
            return
        accepted.settimeout(0.0)
        arrival = _Arrival(accepted, address, self.loop.io(accepted.fileno(), 1))
        self._arrivals[arrival] = None
        self._slots.begin_wait(Wait.FOR_REST, arrival, lambda: self._end(arrival))
        arrival.watcher.start(self._read, arrival)
        self._read(arrival)

    def _read(self, arrival: _Arrival) -> None:
        try:
            data = arrival.socket.recv(_LONGEST_HEAD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        arrival.received += data
        if not data:
            self._end(arrival)
        elif _END_OF_HEAD in arrival.received or len(arrival.received) >= _LONGEST_HEAD:
            self._hand_on(arrival)

    def _hand_on(self, arrival: _Arrival) -> None:
        self._forget(arrival)
        connection = Connection(arrival.socket, arrival.received, self._slots)
        super().do_handle(connection, arrival.address)

    def _end_late_ones(self) -> None:
        now = monotonic()
        for _ in range(min(_ENDED_AT_ONCE, len(self._arrivals))):
            arrival = next(iter(self._arrivals))
            if arrival.deadline > now:
                return
            self._end(arrival)

    def _end(self, arrival: _Arrival) -> None:
        self._forget(arrival)
        arrival.socket.close()
        self._slots.give_back(arrival.address[0])

    def _forget(self, arrival: _Arrival) -> None:
        arrival.watcher.stop()
        arrival.watcher.close()
        del self._arrivals[arrival]
        self._slots.end_wait(Wait.FOR_REST, arrival)
