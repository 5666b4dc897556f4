"""X-Twilio-Signature, made here apart from the SDK so that one checks the other (TW-signature)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def sign_json(token: str, url: str, body: bytes) -> tuple[str, str]:
    """The URL a JSON body is sent to (with bodySHA256 in its query) and that URL's signature."""
    joint = "&" if urlsplit(url).query else "?"
    addressed = f"{url}{joint}bodySHA256={hashlib.sha256(body).hexdigest()}"
    return addressed, sign(token, addressed, {})


def signed_url(url: str, *, is_voice: bool) -> str:
    """The URL as Twilio signs it: HTTPS voice without its port, never credentials or fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if is_voice and parts.scheme == "https" and parts.port:
        host = host.rpartition(":")[0]
    return urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
