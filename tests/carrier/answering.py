"""Somebody who gives one answer, which the simulated carrier would not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import parse_headers

#: Seconds within which somebody must ask, and have asked.
_PATIENCE = 10.0


@contextmanager
def answering(document: str, *, status: int = 201) -> Iterator[str]:
    """The address at which one request gets this; without one, the test fails."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(_PATIENCE)

    def answer() -> None:
        with listener, listener.accept()[0] as connection:
            connection.settimeout(_PATIENCE)
            with connection.makefile("rb") as request:
                request.readline()
                request.read(int(parse_headers(request).get("Content-Length", "0")))
            connection.sendall(
                f"HTTP/1.1 {status} Done\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(document)}\r\n\r\n{document}".encode()
            )

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
