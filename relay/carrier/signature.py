"""Telling the carrier's requests from forged ones: X-Twilio-Signature (TW-signature)."""

from __future__ import annotations

from collections.abc import Sequence

from twilio.request_validator import RequestValidator, compare
from werkzeug.datastructures import MultiDict

from relay.metrics import UNSIGNED_FIELDS_DROPPED

Form = MultiDict[str, str]

#: One project reports that Twilio adds these after it has signed. They count only when they are
#: signed; else they are dropped, so that a forger gains nothing but fields that nobody reads.
_PERHAPS_UNSIGNED = ("CallToken", "StirVerstat", "StirPassportToken")


class SignatureCheck:
    """Knows the public address and the tokens that may sign: during a rotation there are two."""

    def __init__(self, base_url: str, tokens: Sequence[str]) -> None:
        self._base_url = base_url
        self._validators = [RequestValidator(token) for token in tokens if token]

    def signed_fields(self, target: str, form: Form, signature: str) -> Form | None:
        """The fields that the carrier has signed, or None when the request is forged.

        ``target`` is the raw path with its raw query string, as the carrier wrote it; ``form``
        keeps blank and repeated values; a missing signature is "".
        """
        url = self._base_url + target
        if self._is_signed(url, form, signature):
            return form
        if not any(name in form for name in _PERHAPS_UNSIGNED):
            return None
        rest: Form = MultiDict(
            (name, value) for name, value in form.items(multi=True) if name not in _PERHAPS_UNSIGNED
        )
        if not self._is_signed(url, rest, signature):
            return None
        UNSIGNED_FIELDS_DROPPED.inc()
        return rest

    def _is_signed(self, url: str, form: Form, signature: str) -> bool:
        return any(
            # As the carrier nearly always signs: one hash. ``validate`` makes two, with the port
            # and without.
            compare(validator.compute_signature(url, form), signature)
            or validator.validate(url, form, signature)
            for validator in self._validators
        )
