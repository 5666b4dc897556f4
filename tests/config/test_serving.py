"""The web server against clients that send half a request, or nothing (real processes)."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.bench.served import free_port, gunicorn
from tests.world import ENVIRONMENT

pytestmark = pytest.mark.slow

HEAD = b"POST /twilio/voice HTTP/1.1\r\nHost: relay\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 400\r\n"
SIGNATURE = b"X-Twilio-Signature: " + b"A" * 27 + b"=\r\n"
HALF_HEADS = [b"", HEAD]
HALF_BODIES = [HEAD + FORM + b"\r\nCallSid=", HEAD + FORM + SIGNATURE + b"\r\nCallSid="]
HEALTHY = b'{"status":"ok"}\n'
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: relay\r\n\r\n"


@contextmanager
def served(directory: Path, *, run_by: Sequence[str] = (), **settings: str) -> Iterator[int]:
    """The port of a server whose store is away."""
    port = free_port()
    environment = {
        **os.environ,
        **ENVIRONMENT,
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        **settings,
    }
    with gunicorn("relay.app:create_app()", environment, directory, run_by=run_by):
        yield port


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(tmp_path_factory.mktemp("web")) as port:
        yield port


def send(port: int, data: bytes, *, from_address: str = "127.0.0.1") -> socket.socket:
    client = socket.create_connection(
        ("127.0.0.1", port), timeout=20, source_address=(from_address, 0)
    )
    client.sendall(data)
    return client


def is_healthy(client: socket.socket) -> bool:
    client.sendall(HEALTH)
    return receive(client, 1).startswith(b"HTTP/1.1 200")


def receive(client: socket.socket, answers: int) -> bytes:
    """That many answers of ``/healthz``."""
    received = b""
    while received.count(HEALTHY) < answers:
        data = client.recv(4096)
        assert data, received
        received += data
    return received


def is_closed(client: socket.socket) -> bool:
    """Once there is something to read: its end, or nothing of interest."""
    try:
        return not client.recv(4096)
    except ConnectionResetError:
        return True


def seconds_until_closed(clients: list[socket.socket], *, drip: bytes = b"") -> list[float]:
    """In the clients' order. Each sends ``drip`` every half second."""
    began, closed = time.monotonic(), dict[socket.socket, float]()
    while len(closed) < len(clients):
        still_open = [client for client in clients if client not in closed]
        for client in select.select(still_open, [], [], 0.5)[0]:
            if is_closed(client):
                closed[client] = time.monotonic() - began
        for client in still_open:
            with suppress(ConnectionError):
                client.send(drip)
    return [closed[client] for client in clients]


def test_half_a_head_is_given_five_seconds_and_half_a_body_ten_but_idleness_more(
    port: int,
) -> None:
    with ExitStack() as stack:
        idle = stack.enter_context(send(port, b""))
        assert is_healthy(idle)
        clients = [stack.enter_context(send(port, data)) for data in (*HALF_HEADS, *HALF_BODIES)]

        seconds = seconds_until_closed(clients)

        assert seconds == pytest.approx([5, 5, 10, 10], abs=1.5)
        assert is_healthy(idle)


def test_a_head_that_drips_has_no_more_time_on_a_new_connection_or_on_an_old_one(
    port: int,
) -> None:
    with send(port, HEAD) as new, send(port, b"") as old:
        assert is_healthy(old)
        old.sendall(HEAD)

        seconds = seconds_until_closed([new, old], drip=b"X")

    assert seconds == pytest.approx([5, 5], abs=1.5)


def test_a_body_that_drips_has_no_more_time(port: int) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(send(port, half)) for half in HALF_BODIES]

        seconds = seconds_until_closed(clients, drip=b"X")

    assert seconds == pytest.approx([10, 10], abs=1.5)


def test_requests_that_come_in_pieces_or_two_at_once_are_answered(port: int) -> None:
    with send(port, HEALTH[:10]) as client:
        for piece in (HEALTH[10:-3], HEALTH[-3:] + HEALTH + HEALTH[:7], HEALTH[7:]):
            time.sleep(0.2)
            client.sendall(piece)

        assert receive(client, 3).count(b"HTTP/1.1 200") == 3


def test_a_body_that_nobody_reads_is_no_part_of_the_next_request(port: int) -> None:
    client = HTTPConnection("127.0.0.1", port, timeout=20)
    for chunked in (False, True):
        body = [HEALTH * 10] if chunked else HEALTH * 10
        client.request("POST", "/twilio/voice", body, encode_chunked=chunked)
        refused = client.getresponse()
        refused.read()
        connection = client.sock

        assert refused.status == 403
        client.request("GET", "/healthz")
        assert client.getresponse().read() == HEALTHY
        assert client.sock is connection
    client.close()


def test_a_body_without_end_ends_the_connection(port: int) -> None:
    endless = HEAD + b"Content-Length: 1000000000\r\n\r\n"
    with send(port, endless) as client, suppress(ConnectionError):
        for _ in range(10_000):
            client.sendall(b"x" * 65_536)
        pytest.fail("it took all of it")


def test_who_is_refused_waits_while_others_are_answered(port: int) -> None:
    began = time.monotonic()
    with send(port, HEAD + b"\r\n") as forger, send(port, b"") as other:
        assert is_healthy(other)
        answered = time.monotonic() - began
        assert forger.recv(4096).startswith(b"HTTP/1.1 403")
        refused = time.monotonic() - began

    assert answered < 0.5 <= refused


def test_client_slots_hold_back_one_address_and_no_other(tmp_path: Path) -> None:
    with served(tmp_path, CLIENT_SLOTS="3") as port, ExitStack() as stack:
        held = [
            stack.enter_context(send(port, HALF_HEADS[1], from_address="127.0.0.2"))
            for _ in range(3)
        ]
        with send(port, b"", from_address="127.0.0.2") as one_more:
            assert one_more.recv(1) == b""
        with send(port, b"") as another:
            assert is_healthy(another)

        held[0].close()
        time.sleep(0.2)
        with send(port, b"", from_address="127.0.0.2") as once_again:
            assert is_healthy(once_again)


def test_when_slots_run_short_half_sent_requests_give_way(tmp_path: Path) -> None:
    few_files = ["sh", "-c", 'ulimit -n 400; exec "$@"', "sh"]  # 300 of them for connections
    with served(tmp_path, run_by=few_files) as port, ExitStack() as stack:
        idle = stack.enter_context(send(port, b""))
        assert is_healthy(idle)
        halves = HALF_HEADS + HALF_BODIES
        for ordinal in range(700):
            stack.enter_context(send(port, halves[ordinal % len(halves)]))

        began = time.monotonic()
        with send(port, b"") as genuine:
            assert is_healthy(genuine)
        assert time.monotonic() - began < 1
        assert is_healthy(idle)
