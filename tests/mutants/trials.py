"""Mutants of files that tests read, tried on all cores: each core has a copy of the tree.

Each copy has one pytest process (``forked.py``). Before its mutants it runs its share of all tests
on a file as it stands: were one to fail then, a mutant would count as killed that is not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.mutants.verdicts import SURVIVED

#: Where scripts are run by tests that start no process and no server.
_TESTED_IN = ("tests/store", "tests/workflows", "tests/web", "tests/workers")
_PYTEST = (
    *(sys.executable, "-m", "pytest", *_TESTED_IN, "-q", "--capture=sys", "-o", "timeout=0"),
    "--ignore=tests/web/test_any_input.py",  # thousands of requests, which look for a 5xx alone
    *("-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0"),
    *("-m", "not slow and not e2e and not kill and not real_redis"),
)


@dataclass(frozen=True)
class Trial:
    """``path`` has ``text`` in it while these tests run, in this order, which take so many
    seconds on the file as it stands."""

    path: str
    text: str
    tests: list[str]
    seconds: float


@dataclass(frozen=True)
class Noted:
    """Which tests read each script or shared part, and the seconds that each test takes."""

    readers: dict[str, list[str]]
    seconds: dict[str, float]

    def trial(self, path: Path, text: str) -> Trial:
        """Of a mutant of this file: the shortest tests first."""
        tests = self.readers.get(f"{path.parent.name}/{path.name}", [])
        return self._trial(path, text, tests)

    def control(self, path: Path, text: str, *, place: int, places: int) -> Trial:
        """Every so-manieth test, on a file as it stands."""
        tests = sorted({test for readers in self.readers.values() for test in readers})
        return self._trial(path, text, tests[place::places])

    def _trial(self, path: Path, text: str, tests: Sequence[str]) -> Trial:
        ordered = sorted(tests, key=lambda test: (self.seconds[test], test))
        return Trial(str(path), text, ordered, sum(self.seconds[test] for test in ordered))


def note(copies: Sequence[Path]) -> Noted:
    """Runs all tests once, a share in each copy. Raises RuntimeError when one fails."""
    options = ("-p", "tests.mutants.noting", "--note-scripts=noted.json")
    runs = [
        _begin(copy, *options, f"--share={place}/{len(copies)}")
        for place, copy in enumerate(copies)
    ]
    noted = Noted({}, {})
    for copy, run in zip(copies, runs, strict=True):
        _wait(run, copy)
        share = Noted(**json.loads((copy / "noted.json").read_text()))
        noted.seconds.update(share.seconds)
        for file, tests in share.readers.items():
            noted.readers.setdefault(file, []).extend(tests)
    return noted


def verdicts_of(trials: Sequence[Trial], noted: Noted, copies: Sequence[Path]) -> list[str]:
    """In the trials' order. Raises RuntimeError when a test fails without a mutant."""
    runs = []
    for place, copy in enumerate(copies):
        path = Path(trials[0].path)
        control = noted.control(path, (copy / path).read_text(), place=place, places=len(copies))
        share = [control, *trials[place :: len(copies)]]
        (copy / "trials").write_text("".join(json.dumps(asdict(each)) + "\n" for each in share))
        options = ("-p", "tests.mutants.forked", "--try=trials", "--verdicts=verdicts")
        runs.append(_begin(copy, *options))
    verdicts = [""] * len(trials)
    for place, (copy, run) in enumerate(zip(copies, runs, strict=True)):
        _wait(run, copy)
        on_control, *shared = (copy / "verdicts").read_text().split("\n")[:-1]
        if on_control != SURVIVED:
            raise RuntimeError(f"{copy}: without a mutant, the tests ended as {on_control}")
        verdicts[place :: len(copies)] = shared
    return verdicts


def _begin(copy: Path, *options: str) -> subprocess.Popen[str]:
    with (copy / "pytest.log").open("w") as log:
        return subprocess.Popen([*_PYTEST, *options], cwd=copy, stdout=log, stderr=log, text=True)


def _wait(run: subprocess.Popen[str], copy: Path) -> None:
    if run.wait() not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise RuntimeError((copy / "pytest.log").read_text()[-5000:])
