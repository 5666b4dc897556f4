"""The REST API on a loopback socket, with its share of faults."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from relay.sandbox.faults.rest import RestFault, RestFaults
from relay.sandbox.rest.api import Api
from relay.sandbox.rest.request import ApiError, RestAnswer, RestCall, RestRequest

REASONS = {429: (20429, "Too Many Requests"), 401: (20003, "Authenticate")}
# How soon the server notices that it is to stop.
POLL_SECONDS = 0.01
PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True)
class _Reaction:
    """`answer` is None if the connection is closed instead; `wait` comes first."""

    answer: RestAnswer | None
    wait: float = 0.0
    fault: str | None = None


class RestServer:
    def __init__(
        self, api: Api, faults: RestFaults, crashes: list[BaseException], port: int = 0
    ) -> None:
        self.log: list[RestRequest] = []
        self._api = api
        self._faults = faults
        self._crashes = crashes
        self._stopped = threading.Event()
        self._http = _HttpServer(port, self)
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(POLL_SECONDS,), name="sandbox-rest", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join(2)
        self._http.server_close()
        self._http.cut_connections()

    def answer(self, call: RestCall) -> RestAnswer | None:
        reaction = self._react(call)
        answer = reaction.answer
        self.log.append(
            RestRequest(
                method=call.method,
                path=call.path,
                params=call.params,
                status=answer.status if answer else None,
                response=answer.body if answer else None,
                host=call.host,
                query_string=call.query_string,
                fault=reaction.fault,
            )
        )
        self._stopped.wait(reaction.wait)
        return answer

    def _react(self, call: RestCall) -> _Reaction:
        fault = self._faults.take(call)
        if fault is None:
            return _Reaction(self._handle(call))
        if fault.timeout is not None:
            return _Reaction(None, fault.timeout, "timeout")
        if fault.status is not None:
            return _Reaction(_refusal(fault, fault.status), fault.slow or 0.0, "refused")
        answer = self._handle(call)
        if fault.lost_reply:
            return _Reaction(None, fault.hang, "lost reply")
        return _Reaction(answer, fault.slow or 0.0, "slow")

    def _handle(self, call: RestCall) -> RestAnswer:
        try:
            return self._api.handle(call)
        except Exception as crash:  # noqa: BLE001 - outermost of its thread
            self._crashes.append(crash)
            return ApiError(500, 20500, "An internal server error has occurred").answer()


def _refusal(fault: RestFault, status: int) -> RestAnswer:
    if fault.html:
        text = "Service Unavailable" if status == 503 else "Internal Server Error"
        return RestAnswer(status, html=PAGE.format(f"{status} {text}"))
    code, message = REASONS.get(status, (20500 if status >= 500 else 20001, "An error occurred"))
    return ApiError(status, fault.code or code, message).answer(fault.retry_after)


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, rest: RestServer) -> None:
        self.rest = rest
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; nothing is printed."""

    def cut_connections(self) -> None:
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HttpServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_args: Any) -> None:
        """The carrier keeps its own log."""

    def _serve(self) -> None:
        answer = self.server.rest.answer(self._read())
        if answer is None:
            self.close_connection = True
            return
        payload = _payload(answer)
        self.send_response(answer.status)
        if answer.status != 204:
            kind = "text/html" if answer.html else "application/json; charset=utf-8"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(payload)))
        if answer.retry_after is not None:
            self.send_header("Retry-After", str(answer.retry_after))
        if answer.location is not None:
            self.send_header("Location", answer.location)
        self.end_headers()
        self.wfile.write(payload)

    def _read(self) -> RestCall:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        source = body.decode("utf-8", "replace") if self.command == "POST" else parts.query
        return RestCall(
            method=self.command,
            path=parts.path,
            host=self.headers.get("X-Relay-Original-Host") or self.headers.get("Host") or "",
            params=parse_qs(source, keep_blank_values=True),
            query_string=parts.query,
            credentials=_credentials(self.headers.get("Authorization") or ""),
        )


def _payload(answer: RestAnswer) -> bytes:
    if answer.html is not None:
        return answer.html.encode()
    return b"" if answer.body is None else json.dumps(answer.body).encode()


def _credentials(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if colon else None
