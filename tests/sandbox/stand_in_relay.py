"""A small web server in the relay's place: answers as a test tells it, remembers everything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from flask import Flask, Response, request
from twilio.request_validator import RequestValidator
from werkzeug.serving import WSGIRequestHandler, make_server

Answer = str | Response | Callable[["Received"], "str | Response"]


@dataclass(frozen=True)
class Received:
    path: str
    url: str
    method: str
    form: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    is_genuine: bool

    @property
    def token(self) -> str:
        return self.headers["I-Twilio-Idempotency-Token"]


class StandInRelay:
    """Answers `<Response/>` on every path that has no answer of its own."""

    def __init__(self, auth_token: str, port: int = 0) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[Received] = []
        self._validator = RequestValidator(auth_token)
        self._changed = threading.Condition()
        app = Flask(__name__)
        app.add_url_rule("/<path:_path>", view_func=self._serve, methods=["GET", "POST"])
        self._server = make_server(
            "127.0.0.1", port, app, threaded=True, request_handler=_QuietHandler
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def __enter__(self) -> StandInRelay:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.port

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def to(self, path: str) -> list[Received]:
        return [received for received in self.requests if received.path == path]

    def wait_for(self, path: str, count: int = 1, timeout: float = 5.0) -> list[Received]:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.to(path)) >= count, timeout):
                raise TimeoutError(f"{path} was called {len(self.to(path))} of {count} times")
            return self.to(path)

    def _serve(self, _path: str) -> Response:
        received = Received(
            path=request.path,
            url=request.url,
            method=request.method,
            form=request.form.to_dict(),
            query=request.args.to_dict(),
            headers=dict(request.headers),
            is_genuine=self._is_genuine(),
        )
        with self._changed:
            self.requests.append(received)
            self._changed.notify_all()
        answer = self.answers.get(request.path, "")
        if callable(answer) and not isinstance(answer, Response):
            answer = answer(received)
        return answer if isinstance(answer, Response) else twiml(answer)

    def _is_genuine(self) -> bool:
        signature = request.headers.get("X-Twilio-Signature", "")
        return bool(self._validator.validate(request.url, request.form, signature))


class _QuietHandler(WSGIRequestHandler):
    def log(self, *_args: object) -> None:
        """Nothing is printed."""


def twiml(verbs: str) -> Response:
    return Response(f"<Response>{verbs}</Response>", content_type="text/xml")


def plain(text: str, status: int = 200, content_type: str = "text/plain") -> Response:
    return Response(text, status=status, content_type=content_type)


def status(code: int) -> Response:
    return Response(status=code)


def slowly(seconds: float, answer: str | Response) -> Callable[[Received], str | Response]:
    def wait(_received: Received) -> str | Response:
        time.sleep(seconds)
        return answer

    return wait


def in_turn(*answers: str | Response) -> Callable[[Received], str | Response]:
    """One answer after the other; the last one stays."""
    left = list(answers)
    return lambda _received: left.pop(0) if len(left) > 1 else left[0]
