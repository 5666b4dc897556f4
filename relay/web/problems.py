"""Every error becomes ``application/problem+json`` here (RFC 9457), and nowhere else.

Nothing that came in is said back: a rejected value may be somebody's phone number.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response
from werkzeug.exceptions import HTTPException

from relay.domain.errors import (
    CarrierError,
    Conflict,
    Fault,
    PoolExhausted,
    RelayError,
    Unauthenticated,
    Unavailable,
)
from relay.web.validation import NotJson

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

#: The errors that have no RelayError: status → code and title.
_HTTP_PROBLEMS = {
    400: ("bad_request", "The request is not JSON that can be read"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "Method not allowed here"),
    413: ("too_large", "The body is larger than 64 KiB"),
    415: ("unsupported_media_type", "The body must be application/json"),
    500: ("internal", "Something went wrong here"),
}
#: What helps whoever gets one of them.
_HINTS = {
    400: "Names and texts stand in double quotes, and nothing follows the last bracket.",
    404: "Nothing is at this address: /docs lists what there is.",
    405: "Allow says which methods this address has.",
    415: "Send the header Content-Type: application/json.",
}

_KEPT_HEADERS = {"Allow", "Retry-After"}


def register_problems(app: APIFlask) -> None:
    """Makes the app answer every error as a problem, unexpected ones without a detail."""
    app.register_error_handler(RelayError, relay_problem)
    app.register_error_handler(CarrierError, _carrier_problem)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(HTTPError, http_problem)
    app.register_error_handler(Exception, _unexpected_problem)


def relay_problem(error: RelayError) -> Response:
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return _problem(
        error.status,
        error.code,
        error.title,
        detail=error.detail,
        faults=error.faults,
        more=_members_of(error),
        headers=headers,
    )


def _members_of(error: RelayError) -> Mapping[str, Any]:
    """What a problem of this kind tells beyond the members that all have."""
    match error:
        case PoolExhausted():
            return {"reason": error.reason, "free_for_new_pairs": error.free_for_new_pairs}
        case Conflict(sessions=sessions) if sessions:
            return {"sessions": list(sessions)}
        case Conflict(reason=reason) if reason:
            return {"reason": reason}
        case _:
            return {}


def _carrier_problem(error: CarrierError) -> Response:
    """What the carrier refused of ours is no fault of the client's."""
    log.warning("carrier refused", carrier_error=error.code, retryable=error.retryable)
    return relay_problem(
        Unavailable("The carrier could not do that now.", retry_after=int(error.retry_after or 2))
    )


def http_problem(error: HTTPException | HTTPError) -> Response:
    """What Flask and Werkzeug refuse by themselves."""
    if isinstance(error, HTTPException):
        status, given = error.code or 500, dict(error.get_headers())
    else:
        status, given = error.status_code, dict[str, str]()
    code, title = _HTTP_PROBLEMS.get(status) or (
        HTTPStatus(status).name.lower(),
        HTTPStatus(status).phrase,
    )
    headers = {name: value for name, value in given.items() if name in _KEPT_HEADERS}
    detail = _HINTS.get(status, "")
    if isinstance(error, NotJson) and error.where:
        detail = f"It cannot be read at {error.where}. {detail}"
    return _problem(status, code, title, detail=detail, headers=headers)


def _unexpected_problem(error: Exception) -> Response:
    """A mistake of ours. The log says what and where; not the message, which may hold a number."""
    log.error(
        "unexpected error",
        error=type(error).__qualname__,
        where=[
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ],
    )
    code, title = _HTTP_PROBLEMS[500]
    return _problem(500, code, title)


def _problem(
    status: int,
    code: str,
    title: str,
    *,
    detail: str = "",
    faults: Sequence[Fault] = (),
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "status": status, "title": title, "code": code}
    if detail:
        body["detail"] = detail
    if faults:
        body["errors"] = [{"pointer": f.pointer, "detail": f.detail} for f in faults]
    body.update(more or {})
    return Response(
        json.dumps(body, ensure_ascii=False) + "\n",
        status,
        headers=dict(headers or {}),
        mimetype=MEDIA_TYPE,
    )
