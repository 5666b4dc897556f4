from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.world import ENVIRONMENT
from workers import jobs


@pytest.fixture
def work_under(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Jobs are those of a process with the settings that this is called with."""

    def work_under(**changes: str) -> None:
        for name, value in (ENVIRONMENT | changes).items():
            monkeypatch.setenv(name, value)
        _forget_the_deployment()

    yield work_under
    _forget_the_deployment()


def _forget_the_deployment() -> None:
    jobs.deployment.cache_clear()
    jobs._clock.cache_clear()


@pytest.fixture
def signals_as_they_were() -> Iterator[None]:
    """After a test that does in this process what a worker does in its own."""
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGALRM)
    before = {one: signal.getsignal(one) for one in signals}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)
    jobs.turn_ends.clear()
