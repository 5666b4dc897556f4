from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from werkzeug.datastructures import MultiDict

from relay.carrier.signature import SignatureCheck, is_well_formed
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


def test_blank_values_and_blanks_count() -> None:
    fields = MultiDict({"FromCity": "", "Body": " hi "})
    signature = sign(TOKEN, URL + "/", fields)
    assert check.signed_fields("/", fields, signature) is fields
    assert check.signed_fields("/", MultiDict({"Body": " hi "}), signature) is None


@pytest.mark.parametrize("values", [["a", "b"], ["a", "a"]])
def test_a_field_that_comes_twice_is_forged(values: list[str]) -> None:
    """The carrier sends each once."""
    twice = MultiDict([("To", "+18005551212"), *(("Extra", value) for value in values)])
    for signed in ("aExtrab", "aExtraa", "a"):
        signature = sign(TOKEN, URL + "/", {"To": "+18005551212", "Extra": signed})
        assert check.signed_fields("/", twice, signature) is None


def test_fields_added_after_signing_are_dropped_and_counted() -> None:
    def dropped() -> float:
        return REGISTRY.get_sample_value("relay_unsigned_fields_dropped_total") or 0.0

    before = dropped()
    late = form(CallToken="token", StirVerstat="TN-Validation-Passed-A")
    assert check.signed_fields(TARGET, late, SIGNATURE) == form()
    assert dropped() == before + 1


def test_a_forger_gains_nothing_by_such_fields() -> None:
    assert check.signed_fields(TARGET, form(CallToken="x", Digits="9"), SIGNATURE) is None
    twice = MultiDict([*form(CallToken="x").items(), ("Digits", "9")])
    assert check.signed_fields(TARGET, twice, SIGNATURE) is None


def test_such_fields_are_kept_when_they_are_signed() -> None:
    fields = form(StirVerstat="TN-Validation-Passed-A")
    signature = sign(TOKEN, URL + TARGET, fields)
    assert check.signed_fields(TARGET, fields, signature) is fields


@pytest.mark.parametrize("token", [TOKEN, NEXT_TOKEN])
@pytest.mark.parametrize("signed_address", [URL, f"{URL}:443"])
@pytest.mark.parametrize("late", [{}, {"CallToken": "token"}])
def test_the_port_the_next_token_and_late_fields_may_come_together(
    token: str, signed_address: str, late: dict[str, str]
) -> None:
    signature = sign(token, signed_address + TARGET, FIELDS)

    assert check.signed_fields(TARGET, form(**late), signature) == form()


def test_an_address_with_a_port_may_be_signed_without_it() -> None:
    with_port = SignatureCheck("http://example.com:8000", [TOKEN])

    for address in ("http://example.com", "http://example.com:8000"):
        assert with_port.signed_fields(TARGET, form(), sign(TOKEN, address + TARGET, FIELDS))


def test_a_target_that_ends_in_a_question_mark_may_be_signed_with_it_and_without() -> None:
    for target in ("/voice?", "/voice"):
        assert check.signed_fields("/voice?", form(), sign(TOKEN, URL + target, FIELDS))


@pytest.mark.parametrize(
    ("signature", "well_formed"),
    [
        (SIGNATURE, True),
        ("", False),
        (SIGNATURE[:-1], False),
        (SIGNATURE + "\n", False),
        ("é" + SIGNATURE[1:], False),
        ("_" + SIGNATURE[1:], False),
    ],
)
def test_a_signature_is_28_characters_of_base64(signature: str, well_formed: bool) -> None:
    assert is_well_formed(signature) is well_formed


@pytest.mark.parametrize(("previous", "is_heard"), [("https://old.example.com", True), ("", False)])
def test_while_a_deployment_moves_its_previous_address_counts_too(
    previous: str, is_heard: bool
) -> None:
    moving = SignatureCheck(URL, [TOKEN], previous=previous)
    assert moving.signed_fields(TARGET, form(), SIGNATURE) == form()
    at_old = sign(TOKEN, "https://old.example.com" + TARGET, FIELDS)
    assert (moving.signed_fields(TARGET, form(), at_old) is not None) is is_heard
    # What is perhaps unsigned is dropped there, too.
    assert (moving.signed_fields(TARGET, form(CallToken="x"), at_old) == form()) is is_heard
    elsewhere = sign(TOKEN, "https://elsewhere.example" + TARGET, FIELDS)
    assert moving.signed_fields(TARGET, form(), elsewhere) is None
