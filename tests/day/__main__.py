"""``python -m tests.day [--short] [--seed N]``: lives through a day, prints it, and ends with 1
when a claim is not true."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.day.day import live_through
from tests.day.plan import FULL, SHORT
from tests.day.summary import claims, show


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.day", description=__doc__)
    words.add_argument("--short", action="store_true", help="a smaller board, longer steps")
    words.add_argument("--seed", type=int, default=FULL.seed)
    asked = words.parse_args()
    plan = replace(SHORT if asked.short else FULL, seed=asked.seed)
    console, begun_at = Console(), time.monotonic()
    console.print(
        f"A day of a job board: {plan.recruiters} recruiters, {plan.candidates} candidates, "
        f"seed {plan.seed}.\n",
        highlight=False,
    )
    with (
        tempfile.TemporaryDirectory(prefix="relay-day-") as directory,
        Progress(
            TextColumn("hour {task.completed:>2.0f}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        ) as progress,
    ):
        task = progress.add_task("", total=24)
        lived = live_through(
            plan, Path(directory), lambda hour: progress.update(task, completed=hour)
        )
    show(console, lived)
    console.print(f"\n{time.monotonic() - begun_at:.0f} s", highlight=False)
    return 0 if all(claim.holds for claim in claims(lived)) else 1


if __name__ == "__main__":
    sys.exit(main())
