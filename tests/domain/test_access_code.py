"""Access codes: their digits, and how a text begins with one."""

import re

import pytest

from relay.domain.access_code import (
    DRAWS,
    PrefixedText,
    draw_access_codes,
    is_cut_from,
    read_code_prefix,
)


def test_drawn_codes_are_ten_digits_and_differ():
    draws = draw_access_codes([b"1" * 32, b"2" * 32])

    assert all(re.fullmatch(r"[0-9]{10}", draw) for draw in draws)
    assert len(set(draws)) == len(draws) == 2 * DRAWS
    assert draws[:DRAWS] == draw_access_codes([b"1" * 32])


@pytest.mark.parametrize(
    ("code", "is_cut"),
    [
        ("482913", True),
        ("4829130001", True),
        ("777777", True),
        ("48291", False),
        ("482914", False),
        ("829130", False),
        ("48291300017", False),
        ("48291\u0663", False),
        ("", False),
    ],
)
def test_a_code_is_the_beginning_of_a_draw(code: str, is_cut: bool) -> None:
    assert is_cut_from(["4829130001", "7777770000"], code) is is_cut


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("482913 Hello", "482913", "Hello"),
        ("482913: Hello\nthere", "482913", "Hello\nthere"),
        (" #482913, hi", "482913", "hi"),
        ("(482913) Hello", "482913", "Hello"),
        ("(482913): Hello", "482913", "Hello"),
        ("482913: -10% is my offer", "482913", "-10% is my offer"),
        ("482913 - #2 please", "482913", "#2 please"),
        ("482913 :)", "482913", ")"),
        ("（482913）你好", "482913", "你好"),
        ("482913\nHello", "482913", "Hello"),
        ("482913-hi", "482913", "hi"),
        ("4829130001 hi", "4829130001", "hi"),
        ("482913", "482913", ""),
        ("482913，你好", "482913", "你好"),
        ("482913：你好", "482913", "你好"),
        ("482913你好", "482913", "你好"),
    ],
)
def test_a_text_may_begin_with_a_code(text, code, rest):
    assert read_code_prefix(text) == PrefixedText(code, rest)


@pytest.mark.parametrize(
    "text", ["", "Hello", "48291 Hello", "48291300012 Hello", "482913Hello", "４８２９１３ Hello"]
)
def test_other_texts_begin_with_none(text):
    assert read_code_prefix(text) is None
