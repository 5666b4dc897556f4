"""Signatures, made here and checked with the SDK."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from relay.sandbox.webhooks.overrides import Overrides
from relay.sandbox.webhooks.signature import sign, sign_json, signed_url

NAMES = st.text("ABCabc012", min_size=1, max_size=6)


def test_the_published_vector_comes_out() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert sign("12345", url, form) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(NAMES, st.text(max_size=20)))
def test_the_sdk_accepts_every_form(form: dict[str, str]) -> None:
    url = "http://127.0.0.1:8000/twilio/voice?x=1"
    assert RequestValidator("token").validate(url, form, sign("token", url, form))


@pytest.mark.parametrize(
    ("url", "is_voice", "expected"),
    [
        ("https://relay.example:8443/v", True, "https://relay.example/v"),
        ("https://relay.example:8443/v", False, "https://relay.example:8443/v"),
        ("http://relay.example:8080/v", True, "http://relay.example:8080/v"),
        ("https://me:secret@relay.example/v?a=1#rc=2", True, "https://relay.example/v?a=1"),
        ("http://127.0.0.1:5000/v#rp=all", False, "http://127.0.0.1:5000/v"),
    ],
)
def test_the_signed_url_is_twilios(url: str, is_voice: bool, expected: str) -> None:
    assert signed_url(url, is_voice=is_voice) == expected


def test_a_json_body_is_signed_through_its_hash() -> None:
    url, signature = sign_json("token", "https://relay.example/events", b'{"a": 1}')
    assert RequestValidator("token").validate(url, '{"a": 1}', signature)
    assert not RequestValidator("token").validate(url, '{"a": 2}', signature)


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", Overrides()),
        ("#rc=3&rp=all", Overrides(retries=3, retry_on=frozenset({"all"}))),
        ("#ct=200&rt=900&tt=2000", Overrides(0.2, 0.9, 2.0)),
        ("#rc=0&rp=5xx,rt", Overrides(retries=0, retry_on=frozenset({"5xx", "rt"}))),
        ("#rc=9&ct=99999&rp=never&rt=abc", Overrides()),
        ("#section", Overrides()),
    ],
)
def test_overrides_are_read_from_the_fragment(fragment: str, expected: Overrides) -> None:
    assert Overrides.in_url(f"https://relay.example/v{fragment}") == expected
