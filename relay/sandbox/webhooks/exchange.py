"""One HTTP request and its answer, over sockets that can be cut from outside."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from relay.sandbox.webhooks.cookies import Cookies

LARGEST_ANSWER = 64 * 1024


class ConnectFailed(Exception):
    """Nobody took the connection."""


class NoReply(Exception):
    """The connection stood, but no whole answer came."""


@dataclass(frozen=True)
class Outgoing:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    connect_timeout: float
    read_timeout: float
    cookies: Cookies


@dataclass(frozen=True)
class HttpReply:
    status: int
    content_type: str
    body: bytes
    location: str | None


class Exchange:
    def __init__(self) -> None:
        self._open: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._cut = False

    def send(self, request: Outgoing) -> HttpReply:
        connection = _connection_for(request)
        with self._lock:
            if self._cut:
                raise ConnectFailed("the carrier was stopped")
            self._open.add(connection)
        try:
            _connect(connection, request)
            return _ask(connection, request)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def cut_all(self) -> None:
        """Ends every exchange under way and refuses new ones."""
        with self._lock:
            self._cut = True
            for connection in self._open:
                if connection.sock is not None:
                    with contextlib.suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)


def _connection_for(request: Outgoing) -> http.client.HTTPConnection:
    parts = urlsplit(request.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=request.connect_timeout)


def _connect(connection: http.client.HTTPConnection, request: Outgoing) -> None:
    try:
        connection.connect()
    except OSError as problem:
        raise ConnectFailed(str(problem)) from problem
    if connection.sock is not None:
        connection.sock.settimeout(request.read_timeout)


def _ask(connection: http.client.HTTPConnection, request: Outgoing) -> HttpReply:
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    headers = dict(request.headers)
    if cookies := request.cookies.header_for(host):
        headers["Cookie"] = cookies
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(request.method, target, body=request.body or None, headers=headers)
        reply = connection.getresponse()
        body = reply.read(LARGEST_ANSWER + 1)
    except (OSError, ValueError, http.client.HTTPException) as problem:
        raise NoReply(f"{type(problem).__name__}: {problem}") from problem
    request.cookies.keep(host, reply.headers.get_all("Set-Cookie", []))
    content_type = reply.headers.get("Content-Type", "")
    return HttpReply(reply.status, content_type, body, reply.headers.get("Location"))
