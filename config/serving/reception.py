"""Where connections arrive: one that has sent half a request, or nothing, costs next to nothing."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any

from gevent import get_hub
from gevent.server import StreamServer

from config.serving.connection import BODY_PATIENCE, HEAD_PATIENCE, Connection
from config.serving.slots import Slots, Wait

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
#: Who says so sends no body before it has been asked to.
_ASKS_FIRST = re.compile(rb"\r\nexpect:", re.IGNORECASE)
#: Of a longer head gunicorn judges; a longer body the application refuses unread.
_LONGEST_HEAD = 16 * 1024
_LONGEST_BODY = 64 * 1024
#: Seconds between two looks at who is late, and how many are let go at each: thousands at once
#: would hold up a call.
_LOOK_EVERY = 0.05
_ENDED_AT_ONCE = 200


class _Arrival:
    """A connection whose first request has not arrived yet."""

    __slots__ = ("address", "deadline", "patience", "received", "socket", "watcher")

    def __init__(self, socket: Any, address: tuple[str, int], watcher: Any) -> None:
        self.socket = socket
        self.address = address
        self.watcher = watcher
        self.received = b""
        self.patience = HEAD_PATIENCE
        self.deadline = 0.0

    def has_head(self) -> bool:
        return _END_OF_HEAD in self.received

    def has_request(self) -> bool:
        """As far as can be told at a glance; gunicorn's parser says what it really is."""
        head, end, body = self.received.partition(_END_OF_HEAD)
        if not end:
            return len(head) >= _LONGEST_HEAD
        length = _LENGTH.search(head + b"\r\n")
        if length is None or _ASKS_FIRST.search(head):
            return True
        return len(body) >= int(length[1]) or int(length[1]) > _LONGEST_BODY


class Reception(StreamServer):  # type: ignore[misc]  # gevent has no types
    """Gives a connection a greenlet, and to gunicorn, once its first request is there; ends it when
    that takes too long, or when slots run short.

    All but ``handle`` runs in gevent's hub, so it never waits.
    """

    def __init__(self, listener: Any, handle: Callable[..., None], *, spawn: Any, slots: Slots):
        self._slots = slots
        #: Those with the same patience, the first deadline first.
        self._arrivals: dict[int, OrderedDict[_Arrival, None]] = {
            HEAD_PATIENCE: OrderedDict(),
            BODY_PATIENCE: OrderedDict(),
        }
        self._clock = get_hub().loop.timer(_LOOK_EVERY, _LOOK_EVERY)
        super().__init__(listener, handle=handle, spawn=spawn)

    def start(self) -> None:
        super().start()
        self._clock.start(self._end_late_ones)

    def close(self) -> None:
        super().close()
        self._clock.stop()
        for arrivals in self._arrivals.values():
            for arrival in list(arrivals):
                self._end(arrival)

    def do_handle(self, accepted: Any, address: tuple[str, int]) -> None:
        """gevent's hook for a connection that was accepted."""
        if not self._slots.take(address[0]):
            accepted.close()
            return
        accepted.settimeout(0.0)
        arrival = _Arrival(accepted, address, self.loop.io(accepted.fileno(), 1))
        self._slots.begin_wait(Wait.FOR_REST, arrival, lambda: self._end(arrival))
        self._expect(arrival, HEAD_PATIENCE)
        arrival.watcher.start(self._read, arrival)
        self._read(arrival)

    def _read(self, arrival: _Arrival) -> None:
        try:
            data = arrival.socket.recv(_LONGEST_BODY)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        arrival.received += data
        if not data:
            self._end(arrival)
        elif arrival.has_request():
            self._hand_on(arrival)
        elif arrival.patience == HEAD_PATIENCE and arrival.has_head():
            self._expect(arrival, BODY_PATIENCE)

    def _hand_on(self, arrival: _Arrival) -> None:
        self._forget(arrival)
        connection = Connection(arrival.socket, arrival.received, self._slots)
        super().do_handle(connection, arrival.address)

    def _expect(self, arrival: _Arrival, patience: int) -> None:
        self._arrivals[arrival.patience].pop(arrival, None)
        arrival.patience = patience
        arrival.deadline = monotonic() + patience
        self._arrivals[patience][arrival] = None

    def _end_late_ones(self) -> None:
        now = monotonic()
        for arrivals in self._arrivals.values():
            for _ in range(min(_ENDED_AT_ONCE, len(arrivals))):
                arrival = next(iter(arrivals))
                if arrival.deadline > now:
                    break
                self._end(arrival)

    def _end(self, arrival: _Arrival) -> None:
        self._forget(arrival)
        arrival.socket.close()
        self._slots.give_back(arrival.address[0])

    def _forget(self, arrival: _Arrival) -> None:
        arrival.watcher.stop()
        arrival.watcher.close()
        del self._arrivals[arrival.patience][arrival]
        self._slots.end_wait(Wait.FOR_REST, arrival)
