"""What a container's healthcheck calls well."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from config.serving.healthcheck import answers

STATUSES = {200: True, 404: False, 503: False}


class Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 400)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", STATUSES)
def test_only_a_200_is_well(
    server: HTTPServer, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answering, "status", status)

    assert answers(server.server_port) is STATUSES[status]


def test_who_does_not_listen_is_not_well() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert answers(held.getsockname()[1]) is False


def test_who_speaks_something_else_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example.com\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        assert answers(listener.getsockname()[1]) is False
        thread.join()
