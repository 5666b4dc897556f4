"""The names of numbers."""

from __future__ import annotations

import re

from relay.domain.number_names import FOREIGN, any_of


def test_the_longest_word_is_found_first() -> None:
    names = re.compile(any_of(["un", "uno", "due"]))
    assert names.findall("unodueun") == ["uno", "due", "un"]


def test_each_language_counts_from_zero_to_nine() -> None:
    for words in ("cero cinco nueve", "null fünf neun", "zéro cinq neuf", "zero cinque nove"):
        assert [FOREIGN[word] for word in words.split()] == ["0", "5", "9"]
