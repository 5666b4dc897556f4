"""Telling the carrier's requests from forged ones: X-Twilio-Signature (TW-signature)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from hmac import compare_digest
from itertools import chain
from urllib.parse import urlparse

from twilio.request_validator import RequestValidator, add_port, remove_port
from werkzeug.datastructures import MultiDict

from relay.carrier.boundaries import are_boundaries_clear
from relay.metrics import UNSIGNED_FIELDS_DROPPED

Form = MultiDict[str, str]

#: The base64 of a SHA-1.
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")
#: One project reports that Twilio adds these after it has signed. They count only when they are
#: signed; else they are dropped, so that a forger gains nothing but fields that nobody reads.
_PERHAPS_UNSIGNED = ("CallToken", "StirVerstat", "StirPassportToken")


def is_well_formed(signature: str) -> bool:
    """Whether it could be a signature at all: what is not need not be compared with one."""
    return _SIGNATURE.fullmatch(signature) is not None


class SignatureCheck:
    """Knows the public address and the tokens that may sign: during a rotation there are two. The
    ``previous`` address counts, too, while a deployment moves: "" for none."""

    def __init__(self, base_url: str, tokens: Sequence[str], *, previous: str = "") -> None:
        self._base_urls = [url for url in (base_url, previous) if url]
        self._validators = [RequestValidator(token) for token in tokens if token]

    def signed_fields(self, target: str, form: Form, signature: str) -> Form | None:
        """The fields that the carrier has signed, or None when the request is forged, be it only
        by splitting a signed form in other places.

        ``target`` is the raw path with its raw query string, as the carrier wrote it; ``form``
        keeps blank and repeated values; a missing signature is "".
        """
        if not is_well_formed(signature):
            return None
        found = (self._signed_at(base + target, form, signature) for base in self._base_urls)
        return next((fields for fields in found if fields is not None), None)

    def _signed_at(self, url: str, form: Form, signature: str) -> Form | None:
        addresses = _addresses(url)
        if self._is_genuine(addresses, form, signature):
            return form
        if not any(name in form for name in _PERHAPS_UNSIGNED):
            return None
        rest: Form = MultiDict(
            (name, value) for name, value in form.items(multi=True) if name not in _PERHAPS_UNSIGNED
        )
        if not self._is_genuine(addresses, rest, signature):
            return None
        UNSIGNED_FIELDS_DROPPED.inc()
        return rest

    def _is_genuine(self, addresses: Sequence[str], form: Form, signature: str) -> bool:
        fields = sorted(form.items(multi=True))
        joined = "".join(chain.from_iterable(fields))
        return self._is_signed(addresses, joined, signature) and are_boundaries_clear(
            fields, joined
        )

    def _is_signed(self, addresses: Sequence[str], joined: str, signature: str) -> bool:
        return any(
            # The validator would sort the fields anew for each address and token.
            compare_digest(validator.compute_signature(address + joined, {}), signature)
            for address in addresses
            for validator in self._validators
        )


@lru_cache(maxsize=1000)
def _addresses(url: str) -> list[str]:
    """As the carrier may have signed it, the likeliest first: with its port or without."""
    parsed = urlparse(url)
    return list(dict.fromkeys((url, remove_port(parsed), add_port(parsed))))
