"""``python -m tests.bench.beside COMMIT``: the call webhook at an earlier commit and now, by turns,
on one machine. Prints its table; a person puts it into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench.served import ROOT

TURNS = 9
FIGURES = {
    "rate": "call webhook, requests/s",
    "worker": "… a worker's processor time, µs a call",
    "script": "… its scripts in Redis, µs a call",
}


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.bench.beside", description=__doc__)
    words.add_argument("commit")
    words.add_argument("--turns", type=int, default=TURNS)
    asked = words.parse_args()
    with tree_of(asked.commit) as before, ExitStack() as running:
        sides = [running.enter_context(served(tree)) for tree in (before, ROOT)]
        turns = [[turn(side) for side in sides] for _ in range(asked.turns)]
    show(asked.commit, turns)


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="relay-before-") as directory:
        tree = Path(directory) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> None:
    subprocess.run(["git", *words], cwd=ROOT, check=True)


@contextmanager
def served(tree: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("turns.py"))],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert _answer(process)["ready"]
        yield process
    finally:
        process.communicate(timeout=30)


def turn(side: subprocess.Popen[str]) -> dict[str, float]:
    assert side.stdin is not None
    side.stdin.write("\n")
    side.stdin.flush()
    return _answer(side)


def _answer(side: subprocess.Popen[str]) -> dict[str, float]:
    assert side.stdout is not None
    return json.loads(side.stdout.readline())


def show(commit: str, turns: list[list[dict[str, float]]]) -> None:
    table = Table("", f"before ({commit[:7]})", "now", "change, median of the turns (range)")
    for figure, words in FIGURES.items():
        before, now = ([pair[side][figure] for pair in turns] for side in (0, 1))
        changes = [each / was - 1 for was, each in zip(before, now, strict=True)]
        spread = f"{min(changes):+.1%} to {max(changes):+.1%}"
        table.add_row(
            words,
            f"{median(before):,.0f}",
            f"{median(now):,.0f}",
            f"{median(changes):+.1%} ({spread})",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
