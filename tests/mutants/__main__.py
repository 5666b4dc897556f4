"""``python -m tests.mutants [--python N] [--lua N] [--seed N]``: tries a sample of mutants, and
prints what became of them. The full samples write their part of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime

from tests.bench.document import put_part
from tests.mutants import lua_mutants, python_mutants
from tests.mutants.tree import ROOT
from tests.mutants.verdicts import Tried, as_table, read_accepted, survivors

WORKPLACE = ROOT / "var/mutants"
SEED = 12
PYTHON, LUA = 1_500, 600
PYTHON_GOAL, LUA_GOAL = 0.90, 0.95


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    words.add_argument("--python", type=int, default=PYTHON, help="how many; 0 for none")
    words.add_argument("--lua", type=int, default=LUA, help="how many; 0 for none")
    words.add_argument("--seed", type=int, default=SEED)
    asked = words.parse_args()
    sections = []
    for title, of, size, goal in (
        ("Python, by room", python_mutants.try_sample, asked.python, PYTHON_GOAL),
        ("Lua, by row of the table of mutants", lua_mutants.try_sample, asked.lua, LUA_GOAL),
    ):
        if size:
            begun_at = time.monotonic()
            tried = of(size, seed=asked.seed, workplace=WORKPLACE)
            minutes = (time.monotonic() - begun_at) / 60
            sections.append(
                _told(f"{title}: {len(tried):,} mutants, {minutes:.0f} min", tried, goal)
            )
    if (asked.python, asked.lua, asked.seed) == (PYTHON, LUA, SEED):
        put_part("mutants", "\n".join([_when(), "", *sections]))


def _told(title: str, tried: list[Tried], goal: float) -> str:
    accepted = read_accepted()
    table = as_table(title, tried, accepted, goal)
    print(f"{table}\n{survivors(tried, accepted)}")
    return table


def _when() -> str:
    return f"Measured on {datetime.now(UTC).date()} with {os.cpu_count()} cores, seed {SEED}."


if __name__ == "__main__":
    main()
