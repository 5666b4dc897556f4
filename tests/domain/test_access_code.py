"""Access codes: their digits, and how a text begins with one."""

import re

import pytest

from relay.domain.access_code import PrefixedText, draw_access_codes, read_code_prefix


def test_drawn_codes_are_ten_digits_and_differ():
    codes = draw_access_codes()

    assert all(re.fullmatch(r"\d{10}", code) for code in codes)
    assert len(set(codes)) == len(codes)


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
