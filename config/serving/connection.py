"""A client's connection, with a deadline for each thing that it has to do."""

from __future__ import annotations

import errno
import socket as plain_socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from gevent import socket
from gevent.event import Event

from config.serving.slots import Slots, Wait

#: Seconds for the head of a request from its first byte, or from the beginning of the connection.
HEAD_PATIENCE = 5
#: Seconds for the body, from the end of the head.
BODY_PATIENCE = 10
#: Seconds in which what we send has to be taken.
ANSWER_PATIENCE = 10


class Connection(socket.socket):  # type: ignore[misc]  # gevent has no types
    """Takes over an accepted socket, and what has been read from it. Who misses a deadline counts
    as gone: then nothing more can be read."""

    def __init__(self, accepted: Any, received: bytes, slots: Slots) -> None:
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        self.is_gone = False
        self._received = received
        self._slots = slots
        #: What is held back of an answer; None while nothing is.
        self._held: list[bytes] | None = None
        self._expect(Wait.FOR_REST, HEAD_PATIENCE)

    def expect_body(self) -> None:
        self._expect(Wait.FOR_REST, BODY_PATIENCE)

    def expect_request(self, patience: float) -> None:
        """Within ``patience`` seconds its first byte; then its head has a deadline of its own."""
        self._expect(Wait.FOR_REQUEST, patience)

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = self._take_received(size) or self._recv_in_time(size, flags)
        self.is_gone = not data
        if self._awaited is Wait.FOR_REQUEST:
            self._expect(Wait.FOR_REST, HEAD_PATIENCE)
        return data

    @contextmanager
    def answering_at_once(self) -> Iterator[None]:
        """Sends at the end what is sent meanwhile: gunicorn sends head and body apart, and to send
        is what an answer costs most."""
        held: list[bytes] = []
        self._held = held
        try:
            yield
        finally:
            self._held = None
            if held and self.fileno() >= 0:
                self.sendall(b"".join(held))

    def sendall(self, data: bytes, flags: int = 0) -> None:
        if self._held is not None:
            self._held.append(data)
            return
        sent = self._send_now(data, flags)
        if sent == len(data):
            return
        try:
            with self._until(monotonic() + ANSWER_PATIENCE, Wait.FOR_REST):
                super().sendall(data[sent:], flags)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the client takes too long") from None

    def pause(self, seconds: float) -> None:
        """Lets the client wait, unless slots run short."""
        cut_short = Event()

        def end() -> None:
            cut_short.set()
            self._hang_up()

        self._slots.begin_wait(Wait.FOR_REFUSAL, self, end)
        cut_short.wait(seconds)
        self._slots.end_wait(Wait.FOR_REFUSAL, self)

    def _expect(self, wait: Wait, patience: float) -> None:
        self._awaited = wait
        self._deadline = monotonic() + patience

    def _take_received(self, size: int) -> bytes:
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def _send_now(self, data: bytes, flags: int) -> int:
        """Sends what the kernel takes without waiting. Returns how much."""
        try:
            return int(self._sock.send(data, flags))
        except BlockingIOError:
            return 0

    def _recv_in_time(self, size: int, flags: int) -> bytes:
        with suppress(TimeoutError, BlockingIOError), self._until(self._deadline, self._awaited):
            return bytes(super().recv(size, flags))
        return b""

    @contextmanager
    def _until(self, deadline: float, wait: Wait) -> Iterator[None]:
        self.settimeout(max(deadline - monotonic(), 0.0))
        self._slots.begin_wait(wait, self, self._hang_up)
        try:
            yield
        finally:
            self._slots.end_wait(wait, self)
            self.settimeout(None)

    def _hang_up(self) -> None:
        """Who reads from it or writes to it wakes up, and finds its end."""
        with suppress(OSError):
            self.shutdown(plain_socket.SHUT_RDWR)
