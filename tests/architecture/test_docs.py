"""What the documents list is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relay.domain.limits import DailyLimits
from relay.domain.policy import Term, terms_of
from relay.domain.pool import Pool
from relay.domain.reputation import ReputationPolicy

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        ROOT / "README.md",
        *DOCS.rglob("*.md"),
        *(ROOT / "examples").glob("*.md"),
        *(ROOT / "relay").rglob("*.md"),
    ]
)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize(
    ("page", "one"),
    [
        (page, one)
        for page, policy in (
            ("policy.md", Pool),
            ("policy.md", DailyLimits),
            ("reputation.md", ReputationPolicy),
        )
        for one in terms_of(policy)
    ],
    ids=lambda value: value.name if isinstance(value, Term) else value,
)
def test_every_field_of_a_policy_has_a_row(page: str, one: Term) -> None:
    rows = [line for line in (DOCS / page).read_text().splitlines() if line.startswith("| `")]
    assert any(f"`{one.name}`" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    missing = [
        link + anchor
        for link, anchor in _LINK.findall(page.read_text())
        if "://" not in link and not _leads_somewhere(page.parent / link, anchor[1:])
    ]
    assert not missing


def _leads_somewhere(page: Path, heading: str) -> bool:
    return page.is_file() and (not heading or heading in _headings(page))


def _headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


_PROMISE = re.compile(r"\bP[1-9]\b")
_FACT = re.compile(r"\b(?:TW|RD|RQ)-[a-z][a-z-]*[a-z]\b")
_NAMED_TEST = re.compile(r"`(test_\w+|tests/[\w/]+\.py)`")
#: What cites promises and facts.
_SOURCES = [
    path
    for folder in ("config", "docs", "relay", "tests", "workers")
    for suffix in ("py", "lua", "md")
    for path in sorted((ROOT / folder).rglob(f"*.{suffix}"))
]


def test_promises_and_facts_that_are_cited_stand_in_the_documents() -> None:
    cited = {
        citation
        for path in _SOURCES
        if path.name not in {"promises.md", "facts.md"}
        for pattern in (_PROMISE, _FACT)
        for citation in pattern.findall(path.read_text())
    }
    promises = re.findall(r"\*\*(P[1-9])\*\*", (DOCS / "promises.md").read_text())
    facts = re.findall(rf"^\| ({_FACT.pattern}) \|", (DOCS / "facts.md").read_text(), re.MULTILINE)
    assert len(facts) == len({*facts})
    assert cited <= {*promises, *facts}
    assert {*facts} <= cited


@pytest.mark.parametrize("page", ["promises.md", "facts.md"])
def test_tests_that_hold_a_promise_or_a_fact_exist(page: str) -> None:
    """A promise is held by tests that are named after it, a fact by a file of tests or a test."""
    tests = "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py")))
    named = _NAMED_TEST.findall((DOCS / page).read_text())
    missing = [
        test
        for test in named
        if not ((ROOT / test).is_file() if "/" in test else f"def {test}(" in tests)
    ]
    assert named
    assert not missing


def test_every_promise_that_is_held_has_tests_of_its_name() -> None:
    rows = re.findall(
        r"^\| \*\*(P[1-9])\*\* (.*)$", (DOCS / "promises.md").read_text(), re.MULTILINE
    )
    assert [promise for promise, _ in rows] == ["P1", "P2", "P3", "P4", "P5", "P6", "P9"]
    for promise, row in rows:
        assert re.findall(rf"`test_{promise.lower()}_\w+`", row), promise


def test_nothing_points_at_a_page_outside_of_the_repository() -> None:
    outside = re.compile(r"\b(FACTS|DESIGN|API|STYLE)\.md\b|\bFACTS \d|redis-rq")
    pages = [*_SOURCES, ROOT / "README.md", ROOT / "CHANGELOG.md"]
    assert not [
        path for path in pages if path != Path(__file__) and outside.search(path.read_text())
    ]
