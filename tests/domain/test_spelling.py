"""Spellings of one line: which one is dialled, and which one it is recognised by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.domain.phone import parse_participant_phone
from relay.domain.spelling import as_dialled, line_of

_LINES = [
    (
        "+525555550101",
        "+525555550101",
        ["+52 1 55 5555 0101", "+52 55 5555 0101", "+52 044 55 5555 0101", "+52 045 55 5555 0101"],
    ),
    (
        "+5491155550101",
        "+541155550101",
        [
            "+54 9 11 5555-0101",
            "+54 11 15 5555-0101",
            "+54 9 11 15 5555 0101",
            "+54 011 15 55550101",
        ],
    ),
    ("+5493515550101", "+543515550101", ["+54 9 351 555-0101", "+54 0351 15 555-0101"]),
    ("+5492966550101", "+542966550101", ["+54 9 2966 55-0101", "+54 2966 15 55-0101"]),
    ("+5511995550101", "+5511995550101", ["+55 11 9955-50101", "+55 11 9555-0101"]),
]


@pytest.mark.parametrize(("dialled", "line", "spellings"), _LINES)
def test_every_spelling_is_dialled_and_recognised_as_one(
    dialled: str, line: str, spellings: list[str]
) -> None:
    for spelling in spellings:
        assert parse_participant_phone(spelling).reveal() == dialled
    compact = {f"+{''.join(filter(str.isdigit, spelling))}" for spelling in spellings}
    assert {line_of(number) for number in (dialled, line, *compact)} == {line}


@pytest.mark.parametrize(
    "number",
    [
        "+14155550101",
        # Argentina: a landline, also one whose number begins with 15
        "+541155550101",
        "+541115550101",
        # Brazil: a landline, and trunked radio, which kept its eight digits
        "+551155550101",
        "+551175550101",
        # no number at all
        "+521",
        "+54911",
        "anonymous",
        "",
    ],
)
def test_nothing_else_is_another_number(number: str) -> None:
    assert as_dialled(number) == number
    assert line_of(number) == number


@given(st.sampled_from(["+521", "+52", "+549", "+54", "+55", "+1"]), st.integers(0, 10**12))
def test_what_has_been_spelled_anew_stays(code: str, digits: int) -> None:
    number = f"{code}{digits}"
    assert as_dialled(as_dialled(number)) == as_dialled(number)
    assert line_of(line_of(number)) == line_of(as_dialled(number)) == line_of(number)
