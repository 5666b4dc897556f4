"""Webhooks: only what the carrier has signed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar, cast

from flask import Blueprint, g, request

from relay.carrier.signature import Form, is_well_formed
from relay.domain.errors import Forbidden, NotFound, NumberMoved, Unavailable
from relay.metrics import FORGED_WEBHOOKS
from relay.web.current import deployment, serve, web_deployment
from relay.workflows.services import Services

Answer = TypeVar("Answer")

SIGNATURE_HEADER = "X-Twilio-Signature"
#: Several times what the carrier's largest forms have, some 50.
MOST_FIELDS = 200
#: The longest text, 1,600 characters of nine bytes each when encoded, and ten media are 18 KiB.
LARGEST_FORM = 32 * 1024


def require_signature(blueprint: Blueprint) -> None:
    """Lets only signed requests to the blueprint's views. Before anything else happens, a forged
    one is Forbidden, and one that cannot be checked now is Unavailable."""
    blueprint.url_value_preprocessor(_take_board)
    blueprint.before_request(_refuse_floods)
    blueprint.before_request(_check_signature)


def signed_fields() -> Form:
    """The fields of the request that the carrier has signed."""
    return cast("Form", g.signed_fields)


def is_signed() -> bool:
    """Whether the carrier is known to have sent the request."""
    return "signed_fields" in g


def follow_number(work: Callable[[], Answer]) -> Answer:
    """Does the work for the called number's board; once more, by another signature, when the number
    has moved to another board since this process read the map."""
    try:
        return work()
    except NumberMoved:
        _check_signature()
        return work()


def _take_board(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """The views need not know it: the request is the board's."""
    g.board_named = (values or {}).pop("board", "")


def _refuse_floods() -> None:
    """What cannot be the carrier's is refused before it costs anything: without a signature of the
    right form nothing of the body is read, and nothing is parsed of a form that is too large."""
    if not is_well_formed(_signature()) or (request.content_length or 0) > LARGEST_FORM:
        _refuse()
    body = request.get_data()
    if len(body) > LARGEST_FORM or body.count(b"&") >= MOST_FIELDS:
        _refuse()


def _check_signature() -> None:
    """By a token of the path's or the called number's board, and of no other account than its."""
    fields = _signed_fields(_board_of_request())
    if fields is None and _called():
        # The number may be another board's by now.
        deployment().numbers.look_again_if_possible(_called())
        fields = _signed_fields(_board_of_request())
    if fields is None:
        _refuse()
    g.signed_fields = fields


def _refuse() -> NoReturn:
    FORGED_WEBHOOKS.inc()
    web_deployment().refusals.note(time.monotonic())
    raise Forbidden(
        "The signature does not fit the request.", title="Only the carrier may call this"
    )


def _signature() -> str:
    return request.headers.get(SIGNATURE_HEADER, "")


def _signed_fields(services: Services | None) -> Form | None:
    if services is None:
        return None
    fields = serve(services).signature.signed_fields(_raw_target(), request.form, _signature())
    # All that the carrier sends names its account (TW-call-form, TW-text-form,
    # TW-text-status).
    is_ours = fields is not None and fields.get("AccountSid") == services.account.sid
    return fields if is_ours else None


def _board_of_request() -> Services | None:
    """None for a board that there is not. While the store is away, a number that this process does
    not know counts as one of ``main``. Raises Unavailable while the boards are not known."""
    if g.board_named:
        with suppress(NotFound):
            return deployment().of_board(g.board_named)
        return None
    try:
        return deployment().of_number(_called())
    except Unavailable:
        return deployment().main


def _called() -> str:
    """The virtual number of a request whose path names no board."""
    return "" if g.board_named else request.form.get("To", "")


def _raw_target() -> str:
    """Path and query as they came over the wire: to decode and encode them may change them."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
    if not raw.startswith("/"):
        # The absolute form, which some proxies use: https://host/path
        raw = "/" + raw.partition("//")[2].partition("/")[2]
    return str(raw)
