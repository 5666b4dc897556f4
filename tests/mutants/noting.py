"""A pytest plugin that notes which Lua files each test reads, and how long each test takes:
``pytest -p tests.mutants.noting --note-scripts=<file> --share=<place>/<places>``, of a share of the
files of tests.

Each test begins without a loaded script, so that what it runs is read from disk, and Python's audit
events tell which files those are, shared parts included.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from relay.store.scripts import script


class Noting:
    def __init__(self, report: Path, share: str) -> None:
        self._report = report
        self._place, self._places = map(int, share.split("/"))
        self._test = ""
        self._readers: defaultdict[str, set[str]] = defaultdict(set)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        sys.addaudithook(self._heard)

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and self._test and str(args[0]).endswith(".lua"):
            path = Path(args[0])
            self._readers[f"{path.parent.name}/{path.name}"].add(self._test)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._place_of(item.path) == self._place]

    def _place_of(self, path: Path) -> int:
        return zlib.crc32(path.name.encode()) % self._places

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        script.cache_clear()
        self._test = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        self._test = ""
        readers = {file: sorted(tests) for file, tests in sorted(self._readers.items())}
        self._report.write_text(json.dumps({"readers": readers, "seconds": self._seconds}))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--note-scripts", type=Path, required=True)
    parser.addoption("--share", required=True)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(
        Noting(config.getoption("note_scripts"), config.getoption("share"))
    )
