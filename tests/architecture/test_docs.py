"""What the documents list is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relay.domain.policy import Term, terms_of
from relay.domain.pool import Pool
from relay.domain.reputation import ReputationPolicy

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])
_LINK = re.compile(r"\]\(([^)#\s]+\.(?:md|png))(#[^)]*)?\)")


@pytest.mark.parametrize(
    ("page", "one"),
    [
        (page, one)
        for page, policy in (("policy.md", Pool), ("reputation.md", ReputationPolicy))
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
