"""Texts that name their session, and what gets too long by that."""

import pytest

from relay.domain.code_prefix import LONGEST_TEXT, CodePrefix
from relay.domain.gsm7 import count_segments, fold
from relay.domain.session import LONGEST_CONTEXT


def test_a_text_names_its_session_by_code_and_context():
    assert CodePrefix("482913", "Cook, Acme").before("Hi") == "482913 Cook, Acme: Hi"
    assert CodePrefix("482913").before("Hi") == "482913: Hi"
    assert CodePrefix("482913", "Cook", "2").before("Hi") == "482913 Cook (2/2): Hi"


def test_a_text_without_a_code_is_as_it_is_however_long():
    text = "x" * 1700
    assert CodePrefix(context="Cook").before(text) == text
    assert CodePrefix(context="Cook").split(text) is None


def test_a_text_is_split_when_its_code_makes_it_too_long_and_not_before():
    text = "x" * (1600 - len("482913: "))
    assert CodePrefix("482913", "Cook").split(text) is None
    assert CodePrefix("4829130", "Cook", "1").split(text) is None
    assert CodePrefix("4829130", "Cook").split(text) is not None


def test_a_context_is_folded_to_gsm_7_where_that_loses_nothing_and_the_text_is_not():
    prefix = CodePrefix("482913", "Chef – “Le Café”…")
    assert prefix.before("Don’t") == '482913 Chef - "Le Café"...: Don’t'
    assert CodePrefix("482913", "Łódź – “bar”").before("ok") == "482913 Łódź – “bar”: ok"


CONTEXTS = ["Senior backend engineer, " * 8, "高级后端工程师，" * 25, "…" * 200, "x" * 200, "Łódź"]
TEXTS = ["", "ok", "x" * 150, "x" * 160, "é" * 153, "我" * 60, "我" * 70, "👋" * 35, "x" * 1580]
#: Of these the carrier charges the plainer ones.
CURLY = ["“" + "x" * 150, "Don’t " * 25, "…" * 50, "…" * 400]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("part", ["", "2"])
def test_a_prefix_costs_one_segment_at_most_and_leaves_the_text_as_it_is(context, part):
    for text in [*TEXTS, *CURLY]:
        whole = CodePrefix("482913", context, part).before(text)
        assert whole.startswith("482913")
        assert whole.endswith(f": {text}")
        assert len(whole) <= LONGEST_TEXT
        assert len(whole) - len(text) <= len("482913  (2/2): ") + LONGEST_CONTEXT
        assert count_segments(fold(whole)) <= count_segments(fold(text)) + 1


def test_what_a_text_costs_is_what_it_costs_in_plainer_typography():
    assert CodePrefix("482913", "Cook").before("“" + "x" * 69) == f"482913 Cook: “{'x' * 69}"
    assert CodePrefix("482913", "Łódź").before("Don’t " * 24) == f"482913: {'Don’t ' * 24}"


def test_a_context_that_costs_too_much_is_cut_at_a_word_and_says_so():
    context = "Senior backend engineer (Python), Acme Widgets and Sons, third round of interviews"
    text = "我" * 60  # 74 more fit into a second segment
    assert CodePrefix("482913", context).before(text) == (
        f"482913 Senior backend engineer (Python), Acme Widgets and Sons, third...: {text}"
    )


def test_a_context_outside_of_gsm_7_is_left_out_where_it_would_double_the_price():
    assert CodePrefix("482913", "高级工程师").before("x" * 160) == f"482913: {'x' * 160}"
    assert CodePrefix("482913", "高级工程师").before("x" * 20) == f"482913 高级工程师: {'x' * 20}"


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
