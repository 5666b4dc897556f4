from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from werkzeug.datastructures import MultiDict

from relay.carrier.signature import SignatureCheck
from relay.sandbox.webhooks.signature import sign

URL = "https://example.com"
TOKEN, NEXT_TOKEN = "12345", "67890"
#: TW-signature
TARGET = "/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675310",
    "From": "+14158675310",
    "Digits": "1234",
    "To": "+18005551212",
}
SIGNATURE = "L/OH5YylLD5NRKLltdqwSvS0BnU="

check = SignatureCheck(URL, [TOKEN, NEXT_TOKEN])


def form(**changes: str) -> MultiDict[str, str]:
    return MultiDict({**FIELDS, **changes})


def test_the_published_example_is_genuine() -> None:
    assert check.signed_fields(TARGET, form(), SIGNATURE) == form()


@pytest.mark.parametrize(
    ("target", "fields", "signature"),
    [
        (TARGET, form(), ""),
        (TARGET, form(), "wrong"),
        ("/myapp.php?bar=2&foo=1", form(), SIGNATURE),
        ("/myapp.php/?foo=1&bar=2", form(), SIGNATURE),
        (TARGET, form(Digits="12345"), SIGNATURE),
        (TARGET, form(Extra="1"), SIGNATURE),
        (TARGET, MultiDict(), SIGNATURE),
    ],
)
def test_everything_else_is_forged(
    target: str, fields: MultiDict[str, str], signature: str
) -> None:
    assert check.signed_fields(target, fields, signature) is None


def test_during_a_rotation_the_next_token_signs_too() -> None:
    assert check.signed_fields(TARGET, form(), sign(NEXT_TOKEN, URL + TARGET, FIELDS))
    one_token = SignatureCheck(URL, [TOKEN, ""])
    assert one_token.signed_fields(TARGET, form(), sign("", URL + TARGET, FIELDS)) is None


def test_blank_and_repeated_values_count() -> None:
    fields = MultiDict([("FromCity", ""), ("Body", " hi "), ("MediaUrl", "b"), ("MediaUrl", "a")])
    signature = sign(TOKEN, URL + "/", {"Body": " hi ", "FromCity": "", "MediaUrl": "aMediaUrlb"})
    assert check.signed_fields("/", fields, signature) is fields


def test_fields_added_after_signing_are_dropped_and_counted() -> None:
    def dropped() -> float:
        return REGISTRY.get_sample_value("relay_unsigned_fields_dropped_total") or 0.0

    before = dropped()
    late = form(CallToken="token", StirVerstat="TN-Validation-Passed-A")
    assert check.signed_fields(TARGET, late, SIGNATURE) == form()
    assert dropped() == before + 1


def test_a_forger_gains_nothing_by_such_fields() -> None:
    assert check.signed_fields(TARGET, form(CallToken="x", Digits="9"), SIGNATURE) is None


def test_such_fields_are_kept_when_they_are_signed() -> None:
    fields = form(StirVerstat="TN-Validation-Passed-A")
    signature = sign(TOKEN, URL + TARGET, fields)
    assert check.signed_fields(TARGET, fields, signature) is fields
