"""Tries mutants of the Lua scripts with the fast tests that run them, on fakeredis.

A script's file has the mutant in it, in a copy of the tree, for as long as its tests run: nothing
of the service knows of this.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.mutants.lua_table import LuaMutant, mutants_of
from tests.mutants.tree import ROOT, copy_tree
from tests.mutants.trials import note, verdicts_of
from tests.mutants.verdicts import NO_TESTS, Tried

LUA = Path("relay/store/lua")


def all_mutants() -> list[LuaMutant]:
    paths = sorted((ROOT / LUA).glob("*/*.lua"))
    return [
        mutant for path in paths for mutant in mutants_of(path.relative_to(ROOT), path.read_text())
    ]


def try_sample(size: int, *, seed: int, workplace: Path) -> list[Tried]:
    """Verdicts on so many mutants, by the row of the table that they are of."""
    mutants = all_mutants()
    sample = random.Random(seed).sample(mutants, min(size, len(mutants)))
    copies = [copy_tree(workplace / f"lua-{place}") for place in range(os.cpu_count() or 1)]
    noted = note(copies)
    trials = {
        mutant: noted.trial(mutant.path, mutant.applied((ROOT / mutant.path).read_text()))
        for mutant in sample
    }
    # Neither core is left with the long ones.
    tested = sorted(
        (mutant for mutant in sample if trials[mutant].tests),
        key=lambda mutant: trials[mutant].seconds,
    )
    verdicts = verdicts_of([trials[mutant] for mutant in tested], noted, copies)
    found = dict(zip(tested, verdicts, strict=True))
    return [_tried(mutant, found.get(mutant, NO_TESTS)) for mutant in sample]


def _tried(mutant: LuaMutant, verdict: str) -> Tried:
    was, now = mutant.lines((ROOT / mutant.path).read_text())
    return Tried(mutant.row, str(mutant.path.relative_to(LUA)), was, now, verdict)
