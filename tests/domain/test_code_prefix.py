"""Texts that name their session, and what gets too long by that."""

import pytest

from relay.domain.code_prefix import LONGEST_TEXT, CodePrefix
from relay.domain.session import LONGEST_CONTEXT


def test_a_text_names_its_session_by_code_and_context():
    assert CodePrefix("482913", "Cook, Acme").before("Hi") == "482913 Cook, Acme: Hi"
    assert CodePrefix("482913").before("Hi") == "482913: Hi"
    assert CodePrefix("482913", "Cook", "2").before("Hi") == "482913 Cook (2/2): Hi"


def test_a_text_without_a_code_is_as_it_is_however_long():
    text = "x" * 1700
    assert CodePrefix(context="Cook").before(text) == text
    assert CodePrefix(context="Cook").split(text) is None


def test_a_text_is_split_when_its_own_prefix_makes_it_too_long_and_not_before():
    text = "x" * (1600 - len("482913 Cook: "))
    assert CodePrefix("482913", "Cook").split(text) is None
    assert CodePrefix("4829130", "Cook", "1").split(text) is None
    assert CodePrefix("4829130", "Cook").split(text) is not None


@pytest.mark.parametrize(
    "text", ["x" * 1600, "word " * 320, "x" * 1594, "我" * 1600, "word " * 270 + "x" * 250]
)
def test_nothing_of_a_split_text_is_lost_and_each_part_fits_with_the_longest_prefix(text):
    parts = CodePrefix("482913").split(text)
    assert parts is not None
    assert "".join(parts) == text
    for place, part in enumerate(parts, start=1):
        longest = CodePrefix("1" * 10, "c" * LONGEST_CONTEXT, str(place)).before(part)
        assert len(longest) <= LONGEST_TEXT


def test_a_text_is_split_between_words():
    first, second = CodePrefix("482913").split("word " * 320)
    assert first.endswith("word ")
    assert second.startswith("word ")
