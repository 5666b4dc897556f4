"""Free fields: what they must not carry out, and what they may well say."""

from __future__ import annotations

import pytest

from relay.domain.free_text import (
    contains_phone_number,
    is_phone_number,
    is_unreadable,
    repeats_phone,
)
from relay.domain.phone import PhoneNumber


@pytest.mark.parametrize(
    "text",
    [
        "call +1 415 555 0101 now",
        "4155550101",
        "(415) 555-0101",
        "415.555.0101",
        "4 1 5 - 5 5 5 - 0 1 0 1",
        "310*555*0127",
        "212,555,0101",
        "138 0013 8000",
        "020 7946 0958",
        "call Carl 06 12 34 56 78",
    ],
)
def test_p2_a_number_in_prose_is_seen(text: str) -> None:
    assert contains_phone_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Backend engineer, Acme",
        "2026-11-23",
        "Interview 2026-11-23 10:00",
        "Interview 2026-11-23T10:00:00, room 12",
        "salary 120000",
        "Req. 1234567",
    ],
)
def test_prose_without_a_number_is_left_alone(text: str) -> None:
    assert not contains_phone_number(text)


@pytest.mark.parametrize("ref", ["4155550101", "+14155550101", "c-415-555-0101"])
def test_p2_a_number_as_an_id_is_seen(ref: str) -> None:
    assert is_phone_number(ref)


@pytest.mark.parametrize("ref", ["r-1001", "20261123-000017", "c.77", "0000000"])
def test_an_id_of_many_digits_is_left_alone(ref: str) -> None:
    assert not is_phone_number(ref)


def test_ones_own_number_is_recognised_by_its_last_digits() -> None:
    phone = PhoneNumber("+12125550101")
    assert repeats_phone("ring 555-0101!", phone)
    assert not repeats_phone("ring 555-0102!", phone)


@pytest.mark.parametrize("character", ["\t", "\n", "\x00", "\u2028", "\uffff", "\ue000", "\ud800"])
def test_what_no_document_can_hold_is_unreadable(character: str) -> None:
    assert is_unreadable(f"Backend{character}engineer")


def test_every_language_is_readable() -> None:
    assert not is_unreadable("后端工程师 👩‍💻 à Zürich")
