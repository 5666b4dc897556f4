"""A pytest plugin that collects the tests once, and then tries each mutant in a fork of its own:
``pytest -p tests.mutants.forked --try=<trials> --verdicts=<file>``.

A trial (``trials.py``) is a line of JSON. Its file is written where the tests read it, so this runs
in a copy of the tree. Its verdict, a line as well, is ``killed``, ``survived`` or ``timeout``.
"""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from relay.store.scripts import script
from tests.mutants.trials import Trial
from tests.mutants.verdicts import KILLED, SURVIVED, TIMEOUT

#: Of the time that the tests took without a mutant.
_PATIENCE = 10
#: The exit codes of a fork.
_ALL_PASSED, _ONE_FAILED = 0, 1


@dataclass(frozen=True)
class Forked:
    trials: Path
    verdicts: Path

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        with self.trials.open() as trials, self.verdicts.open("w") as verdicts:
            for line in trials:
                trial = Trial(**json.loads(line))
                verdict = _try(session, [items[test] for test in trial.tests], trial)
                verdicts.write(f"{verdict}\n")
                verdicts.flush()
        return True


def _try(session: pytest.Session, tests: Sequence[pytest.Item], trial: Trial) -> str:
    """The verdict of these tests on a mutant. Raises RuntimeError when they could not be run."""
    path = Path(trial.path)
    stands = path.read_text()
    path.write_text(trial.text)
    try:
        child = os.fork()
        if child == 0:
            _run_and_exit(session, tests, seconds=5 + _PATIENCE * trial.seconds)
        _, status = os.waitpid(child, 0)
    finally:
        path.write_text(stands)
    code = os.waitstatus_to_exitcode(status)
    if code in {-signal.SIGXCPU, -signal.SIGALRM}:
        return TIMEOUT
    if code not in {_ALL_PASSED, _ONE_FAILED}:
        raise RuntimeError(f"{path}: the tests ended with {code}")
    return KILLED if code == _ONE_FAILED else SURVIVED


def _run_and_exit(session: pytest.Session, tests: Sequence[pytest.Item], *, seconds: float) -> None:
    """Ends this process; by a signal when the tests take so long, which they may in Lua."""
    code = 70
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
        signal.alarm(5 * int(seconds))
        script.cache_clear()
        code = _run(session, tests)
    finally:
        os._exit(code)


def _run(session: pytest.Session, tests: Sequence[pytest.Item]) -> int:
    for test, following in zip(tests, [*tests[1:], None], strict=True):
        session.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
        if session.testsfailed:
            return _ONE_FAILED
    return _ALL_PASSED


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--try", dest="trials", type=Path, required=True)
    parser.addoption("--verdicts", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    plugin = Forked(config.getoption("trials"), config.getoption("verdicts"))
    config.pluginmanager.register(plugin)
