"""Survivors that are accepted, and what the table says of them."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.tree import ROOT
from tests.mutants.verdicts import (
    KILLED,
    NO_TESTS,
    SURVIVED,
    TIMEOUT,
    Accepted,
    Count,
    Tried,
    as_table,
    read_accepted,
    survivors,
)

TRIED = [
    Tried("relay/domain", "relay.domain.a.f", "a < b", "a <= b", KILLED),
    Tried("relay/domain", "relay.domain.a.f", "while a:", "while True:", TIMEOUT),
    Tried("relay/domain", "relay.domain.a.f", "a + b", "a - b", SURVIVED),
    Tried("workers", "workers.b.g", "c and d", "c or d", NO_TESTS),
]
ONE_MORE = Accepted("relay.domain.a.f", "a + b", "a - b", "b is 0 in every case")


def test_what_is_accepted_is_subtracted_openly() -> None:
    count = Count.of(TRIED, [ONE_MORE])
    assert count == Count(mutants=4, killed=1, timeout=1, survived=1, no_tests=1, accepted=1)
    assert (count.killed_share, count.killed_share_without_accepted) == (2 / 4, 2 / 3)


def test_the_table_has_a_row_for_each_room_and_one_of_all() -> None:
    *_, domain, workers, whole = as_table("Python", TRIED, [ONE_MORE], goal=0.9).splitlines()
    assert domain == "| relay/domain | 3 | 1 | 1 | 1 | 0 | 1 | 66.7% | 100.0% | | |"
    assert workers == "| workers | 1 | 0 | 0 | 0 | 1 | 0 | 0.0% | 0.0% | | |"
    assert whole == ("| all | 4 | 1 | 1 | 1 | 1 | 1 | 50.0% | 66.7% | at least 90% | **missed** |")


def test_survivors_are_shown_with_why_they_are_accepted() -> None:
    assert survivors(TRIED, [ONE_MORE]) == (
        "survived: relay.domain.a.f (relay/domain)\n  - a + b\n  + a - b\n"
        "  accepted: b is 0 in every case\n\n"
        "no tests: workers.b.g (workers)\n  - c and d\n  + c or d\n"
    )


def _source_of(place: str) -> Path:
    """Of a script, or of a function's module: the longest part of its name that is a file."""
    if place.endswith(".lua"):
        return ROOT / "relay/store/lua" / place
    words = place.split(".")
    paths = ["/".join(words[:length]) for length in range(len(words), 0, -1)]
    found = [path for name in paths for path in (ROOT / f"{name}.py", ROOT / name / "__init__.py")]
    return next(path for path in found if path.is_file())


def test_what_is_accepted_still_stands_in_its_file_and_has_a_reason() -> None:
    for one in read_accepted():
        text = " ".join(_source_of(one.place).read_text().split())
        assert one.was in text, one
        assert one.why, one
