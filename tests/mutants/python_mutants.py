"""Tries mutants that mutmut makes of our rooms, with the fast tests that reach each function.

mutmut works in a copy of the tree; what it mutates and which tests it runs is in pyproject.toml.
"""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import get_mutant_name

from tests.mutants.tree import copy_tree
from tests.mutants.verdicts import Tried

_MUTMUT = Path(sys.executable).with_name("mutmut")


def all_mutants() -> dict[str, Path]:
    """The names that mutmut gives those of the tree in which this runs, with the file of each."""
    return {
        get_mutant_name(path, name): path
        for path in walk_mutatable_files()
        for name in mutate_file_contents(str(path), path.read_text()).mutant_names
    }


def try_sample(size: int, *, seed: int, workplace: Path) -> list[Tried]:
    """Verdicts on so many mutants, by room."""
    with contextlib.chdir(copy_tree(workplace / "python")):
        mutants = all_mutants()
        names = sorted(mutants)
        sample = sorted(random.Random(seed).sample(names, min(size, len(names))))
        _run(sample)
        codes = {path: _exit_codes(path) for path in {mutants[name] for name in sample}}
        return [
            _tried(name, mutants[name], status_by_exit_code[codes[mutants[name]][name]])
            for name in sample
        ]


def _run(names: Sequence[str]) -> None:
    """Raises RuntimeError with what mutmut said when it could not try them."""
    report = Path("mutmut.log")
    with report.open("w") as log:
        ended = subprocess.call([_MUTMUT, "run", *names], stdout=log, stderr=log)
    if ended:
        raise RuntimeError(report.read_text()[-5000:])


def _exit_codes(path: Path) -> dict[str, int | None]:
    codes: dict[str, int | None] = json.loads(Path(f"mutants/{path}.meta").read_text())[
        "exit_code_by_key"
    ]
    return codes


def _tried(name: str, path: Path, verdict: str) -> Tried:
    diff = get_diff_for_mutant(name, path=path).splitlines()
    was, now = (" ".join(_changed(diff, sign)) for sign in "-+")
    return Tried(_room(path), _function(name), was, now, verdict)


def _changed(diff: Sequence[str], sign: str) -> Iterator[str]:
    for line in diff:
        if line.startswith(sign) and not line.startswith(sign * 3):
            yield " ".join(line[1:].split())


def _room(path: Path) -> str:
    return path.parts[0] if path.parts[0] != "relay" else f"relay/{path.with_suffix('').parts[1]}"


def _function(name: str) -> str:
    """Its dotted name: mutmut's is ``module.xǁClassǁmethod__mutmut_1`` or ``module.x_…``."""
    module, _, mangled = name.partition("__mutmut_")[0].rpartition(".")
    words = mangled.removeprefix("x_") if mangled.startswith("x_") else mangled[1:]
    return ".".join([module, *words.strip("ǁ").split("ǁ")])
