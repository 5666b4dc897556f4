"""GSM-7, what fits into it, and what a text costs."""

import pytest

from relay.domain.gsm7 import count_segments, fold, is_gsm7, plainer
from relay.sandbox.texts import segments


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“Don’t” – he said… «ok»", '"Don\'t" - he said... "ok"'),
        ("a\u00a0b\u202fc\u200b", "a b c"),
        ("naïve — Łódź", "naïve - Łódź"),
        ("plain, €5 [a]", "plain, €5 [a]"),
    ],
)
def test_plainer_typography_loses_no_word(text, plain):
    assert plainer(text) == plain
    assert plainer(plain) == plain


def test_a_text_is_folded_only_where_it_gains():
    assert fold("“Köche” – Zürich") == '"Köche" - Zürich'
    assert fold("“Łódź” – …") == "“Łódź” – …"
    assert fold("我说：“好的……”") == "我说：“好的……”"
    assert fold("") == ""


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("x" * 152 + "€" * 77, 3),  # the euro sign is not parted
        ("’" + "x" * 69, 1),
        ("’" + "x" * 70, 2),
        ("我" * 134, 2),
        ("我" * 135, 3),
        ("\uffff" * 70, 1),  # the last that takes one place
        ("\U00010000" * 36, 2),
        ("👋" * 35, 1),
        ("我" * 66 + "👋" * 34, 3),
        ("\t", 1),
    ],
)
def test_a_text_costs_as_many_segments_as_the_carrier_charges(text, count):
    assert count_segments(text) == segments.count_segments(text) == count


def test_the_alphabet_has_all_that_is_in_it_and_nothing_else():
    every = {chr(code) for code in range(0x3000) if is_gsm7(chr(code))}
    assert len(every) == 127 + 10
    assert {"ò", "Ç", "Ω", "¤", "\f"} <= every
    assert not {"ç", "ё", "`", "’", "\t", "á"} & every
