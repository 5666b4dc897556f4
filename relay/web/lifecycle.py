"""What happens around every request: its id, the largest body, who may, and one line in the log."""

from __future__ import annotations

import random
import re
import time

import structlog
from apiflask import APIFlask
from flask import Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from relay.metrics import API_SECONDS, WEBHOOK_ERRORS, WebhookError
from relay.web import auth, idempotency

log = structlog.get_logger()

LARGEST_BODY = 64 * 1024
REQUEST_ID = "X-Request-Id"
_FAILED, _UNAVAILABLE = 500, 503
_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
#: A router's own id is taken over when it cannot be anything else, such as a phone number.
_ROUTERS_ID = re.compile(r"(?=.*[a-f])[0-9a-f-]{32,36}")


def register_lifecycle(app: APIFlask) -> None:
    app.before_request(_begin)
    app.before_request(_refuse_large_bodies)
    app.before_request(auth.guard)
    app.before_request(idempotency.begin)
    # The last one registered runs first.
    app.after_request(_end)
    app.after_request(idempotency.finish)


def count_errors_from_zero(app: APIFlask) -> None:
    """Once, when all views are registered. A count that begins with its first error has not
    increased, as Prometheus sees it, and no alert would fire."""
    for webhook in auth.webhooks_of(app):
        for error in WebhookError:
            WEBHOOK_ERRORS.labels(webhook, error)


def _begin() -> None:
    g.began_at = time.perf_counter()
    given = request.headers.get(REQUEST_ID, "")
    g.request_id = given if _ROUTERS_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _refuse_large_bodies() -> None:
    """Also where the view would not read the body, and where nobody said how long it is: a body
    in chunks is cut off at the largest, and not refused."""
    length = request.content_length
    if length is None and "Transfer-Encoding" in request.headers:
        length = len(request.get_data())
    if length is not None and length > LARGEST_BODY:
        raise RequestEntityTooLarge


def _end(response: Response) -> Response:
    response.headers[REQUEST_ID] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.path.startswith("/v1/"):
        response.headers["Cache-Control"] = "no-store"
        _record(response.status_code)
    elif response.status_code >= _FAILED and request.blueprint == "messages":
        is_away = response.status_code == _UNAVAILABLE
        error = WebhookError.UNAVAILABLE if is_away else WebhookError.MISTAKE
        WEBHOOK_ERRORS.labels(request.endpoint, error).inc()
    structlog.contextvars.clear_contextvars()
    return response


def _record(status: int) -> None:
    """One line in the log, one count; with the route and not the path, into which a mistaken
    client may have put anything. The carrier's webhooks have lines and counts of their own."""
    seconds = time.perf_counter() - g.began_at
    route = request.url_rule.rule if request.url_rule else ""
    # Of the methods only those we know: a client may make up one.
    method = request.method if request.method in _METHODS else "other"
    API_SECONDS.labels(method, route, str(status)).observe(seconds)
    log.info(
        "request",
        method=method,
        route=route,
        status=status,
        client=g.api_key.id if "api_key" in g else "",
        milliseconds=round(seconds * 1000, 1),
    )
