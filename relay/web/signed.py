"""Webhooks: only what the carrier has signed."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, current_app, g, request

from relay.carrier.signature import Form, SignatureCheck
from relay.domain.errors import Forbidden
from relay.metrics import FORGED_WEBHOOKS
from relay.web.current import services

SIGNATURE_HEADER = "X-Twilio-Signature"
_EXTENSION = "relay.signature"


def require_signature(blueprint: Blueprint) -> None:
    """Lets only signed requests to the blueprint's views: a forged one is Forbidden before
    anything else happens."""
    blueprint.before_request(_check_signature)


def signed_fields() -> Form:
    """The fields of the request that the carrier has signed."""
    return cast("Form", g.signed_fields)


def _check_signature() -> None:
    signature = request.headers.get(SIGNATURE_HEADER, "")
    fields = _check().signed_fields(_raw_target(), request.form, signature)
    if fields is None:
        FORGED_WEBHOOKS.inc()
        raise Forbidden(
            "The signature does not fit the request.", title="Only the carrier may call this"
        )
    g.signed_fields = fields


def _check() -> SignatureCheck:
    check = current_app.extensions.get(_EXTENSION)
    if check is None:
        settings = services().settings
        tokens = (settings.twilio_auth_token, settings.twilio_auth_token_next)
        check = current_app.extensions[_EXTENSION] = SignatureCheck(
            settings.public_base_url, [token.get_secret_value() for token in tokens]
        )
    return cast("SignatureCheck", check)


def _raw_target() -> str:
    """Path and query as they came over the wire: to decode and encode them may change them."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
    if not raw.startswith("/"):
        # The absolute form, which some proxies use: https://host/path
        raw = "/" + raw.partition("//")[2].partition("/")[2]
    return str(raw)
