"""Somebody who gives one answer, which the simulated carrier would not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def answering(document: str, *, status: int = 201) -> Iterator[str]:
    """The address at which one request gets this."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65536)
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
