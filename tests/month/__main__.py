"""``python -m tests.month [--short] [--seed N]``: lives through a month, prints it, and ends with 1
when a promise was broken."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.month.days import Month, OnDay
from tests.month.diary import Diary
from tests.month.plan import FULL, SHORT
from tests.month.service import running_service
from tests.month.summary import show


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.month", description=__doc__)
    words.add_argument("--short", action="store_true", help="a smaller board, longer steps")
    words.add_argument("--seed", type=int, default=FULL.seed)
    asked = words.parse_args()
    plan = replace(SHORT if asked.short else FULL, seed=asked.seed)
    console, begun_at = Console(), time.monotonic()
    console.print(
        f"A month of a job board: {plan.recruiters} recruiters, {plan.candidates} candidates, "
        f"seed {plan.seed}.\n",
        highlight=False,
    )
    with (
        tempfile.TemporaryDirectory(prefix="relay-month-") as directory,
        Progress(
            TextColumn("day {task.completed:>2.0f} of {task.total:.0f}"),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        ) as progress,
    ):
        task = progress.add_task("", total=plan.days)

        def on_day(diary: Diary) -> None:
            today = diary.today
            about = f"{today.open} sessions open, {today.numbers} numbers"
            progress.update(task, completed=today.number, description=about)

        with running_service(plan.seed, plan.pool, Path(directory)) as service:
            month = Month(plan, service)
            broken = _live(month, on_day)
    show(console, month, broken)
    console.print(f"\n{time.monotonic() - begun_at:.0f} s", highlight=False)
    return 1 if broken else 0


def _live(month: Month, on_day: OnDay) -> AssertionError | None:
    """The first promise that was broken."""
    try:
        month.live(on_day)
    except AssertionError as broken:
        return broken
    return None


if __name__ == "__main__":
    sys.exit(main())
