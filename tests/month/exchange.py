"""Where the carrier's webhooks arrive: the workflows that ``web/messages.py`` and ``web/voice.py``
call, at the month's moment instead of the machine's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from relay.carrier.replies import CONTENT_TYPE, text_reply
from relay.carrier.webhooks import read_inbound_text, read_message_status
from relay.workflows.record_message_status import record_message_status
from relay.workflows.relay_text import relay_text
from relay.workflows.services import Services
from relay.workflows.word_answer import word_answer
from tests.month.voice import answer_call


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


class Exchange:
    """A server on loopback; ``services`` and ``clock`` are set once its address is known."""

    services: Services
    clock: Callable[[], float]

    def __init__(self) -> None:
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.crashes: list[Exception] = []

    def __enter__(self) -> Exchange:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            answer = self._take(request.path.strip("/").split("/")[1:], request.form)
        except Exception as crash:  # noqa: BLE001 - outermost; the month ends with it
            self.crashes.append(crash)
            return Response(status=500)(environ, start_response)
        return answer(environ, start_response)

    def _take(self, path: list[str], fields: Any) -> Response:
        now = self.clock()
        match path:
            case ["messages"]:
                text = read_inbound_text(fields)
                answer = relay_text(self.services, text, now=now)
                words = word_answer(self.services, answer, number=text.virtual_number, now=now)
                return _text(words)
            case [_, "messages", message, attempt, "status"]:
                report = read_message_status(fields)
                record_message_status(self.services, message, attempt, report, now=now)
                return _text("")
            case _:
                document = answer_call(self.services, path, fields, now=now)
                return Response(document, mimetype="text/xml")


def _text(words: str) -> Response:
    return Response(text_reply(words), content_type=CONTENT_TYPE)
