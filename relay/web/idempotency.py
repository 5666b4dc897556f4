"""``Idempotency-Key`` on POST (``docs/api.md``): the same request is answered the same.

A crash leaves a record that holds for 30 seconds; the repeat after that runs the request again,
and every workflow behind a POST ends what it finds begun.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import assert_never

import structlog
from flask import Response, g, request

from relay.domain.errors import Conflict, Fault, Invalid, Unavailable
from relay.store.idempotency import Answered, Begun, Reused, Running
from relay.web.current import board, client, now, services

log = structlog.get_logger()

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location")


@dataclass(frozen=True)
class _Attempt:
    request_hash: str
    body_hash: str
    token: str


def begin() -> Response | None:
    """Before a POST behind an API key: the kept answer of an earlier one, or None to go on.

    Raises Invalid, Conflict, Unavailable.
    """
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None or "board" not in g or "api_key" not in g:
        return None
    if not _KEY.fullmatch(key):
        fault = Fault(f"/{HEADER}", "1 to 255 visible ASCII characters")
        raise Invalid(f"The header {HEADER} is not valid.", (fault,))
    vault = services().vault
    request_hash = vault.keyed_hash(f"{client().id} POST {request.path} {key}".encode())
    body_hash = vault.keyed_hash(request.get_data())
    match board().idempotency.begin(request_hash, body_hash, now=now()):
        case Begun(token):
            g.attempt = _Attempt(request_hash, body_hash, token)
            return None
        case Running(seconds):
            raise Conflict(
                "A request with this key is still running.",
                code="request_in_progress",
                title="The first request is still running",
                retry_after=seconds,
            )
        case Reused():
            raise Invalid(
                "This key was used with another body.",
                (Fault(f"/{HEADER}", "was used with another body"),),
                code="idempotency_key_reused",
                title="The idempotency key was used before",
            )
        case Answered(status, body, headers):
            return Response(body, status, headers={**headers, REPLAYED: "true"})
        case outcome:
            assert_never(outcome)


def request_id() -> str:
    """Of this request and each repeat of it, one id; "" without a key. Work that is done later is
    begun once by it."""
    attempt: _Attempt | None = g.get("attempt")
    return attempt.request_hash if attempt else ""


def finish(response: Response) -> Response:
    """After it: keeps the answer for a day, unless another attempt may get a better one."""
    attempt: _Attempt | None = g.pop("attempt", None)
    if attempt is None:
        return response
    records = board().idempotency
    try:
        if response.status_code >= 500 or "Retry-After" in response.headers:
            records.let_go(attempt.request_hash, attempt.token)
        else:
            answer = _kept(response)
            records.keep(attempt.request_hash, attempt.body_hash, attempt.token, answer)
    except Unavailable:
        # What was done is done, and its repeat will find it so.
        log.warning("answer not kept for its repeat")
    return response


def _kept(response: Response) -> Answered:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answered(response.status_code, response.get_data(as_text=True), headers)
