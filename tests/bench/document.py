"""``docs/benchmarks.md``: each benchmark writes its own part anew; the rest is ours."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.board import CORES

DOCS = Path(__file__).parents[2] / "docs"
REPORT = DOCS / "benchmarks.md"


def measured_on(redis_version: str) -> str:
    """When and where, as each part says first."""
    return (
        f"Measured on {datetime.now(UTC).date()} with {CORES} cores, Python "
        f"{platform.python_version()}, redis-server {redis_version}."
    )


def put_part(name: str, text: str, *, report: Path = REPORT) -> None:
    """Raises ValueError where the document has no such part."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = report.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{report.name} has no part {name}")
    report.write_text(f"{before}{begin}{text.rstrip()}\n{end}{after}")
