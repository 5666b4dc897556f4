"""Texts that name their session, and what gets too long by that."""

import pytest

from relay.domain.code_prefix import LONGEST_TEXT, split, with_code_prefix
from relay.domain.session import LONGEST_CONTEXT


def test_a_text_names_its_session_by_code_and_context():
    assert with_code_prefix("Hi", code="482913", context="Cook, Acme") == "482913 Cook, Acme: Hi"
    assert with_code_prefix("Hi", code="482913", context="") == "482913: Hi"
    assert (
        with_code_prefix("Hi", code="482913", context="Cook", part="2") == "482913 Cook (2/2): Hi"
    )


def test_a_text_without_a_code_is_as_it_is_however_long():
    text = "x" * 1700
    assert with_code_prefix(text, code="", context="Cook") == text
    assert split(text, code="", context="Cook") is None


def test_a_text_is_split_when_its_own_prefix_makes_it_too_long_and_not_before():
    text = "x" * (1600 - len("482913 Cook: "))
    assert split(text, code="482913", context="Cook") is None
    assert split(text, code="4829130", context="Cook") is not None


@pytest.mark.parametrize(
    "text", ["x" * 1600, "word " * 320, "x" * 1594, "我" * 1600, "word " * 270 + "x" * 250]
)
def test_nothing_of_a_split_text_is_lost_and_each_part_fits_with_the_longest_prefix(text):
    parts = split(text, code="482913", context="")
    assert parts is not None
    assert "".join(parts) == text
    for place, part in enumerate(parts, start=1):
        longest = with_code_prefix(
            part, code="1" * 10, context="c" * LONGEST_CONTEXT, part=str(place)
        )
        assert len(longest) <= LONGEST_TEXT


def test_a_text_is_split_between_words():
    first, second = split("word " * 320, code="482913", context="")
    assert first.endswith("word ")
    assert second.startswith("word ")
