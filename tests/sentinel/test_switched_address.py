"""The address of a rented Redis leads to another server, and nobody closes a connection: web,
ticker and workers follow at once, and none of them is started anew for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.stage import Stage, eventually, set_stage
from tests.switched import Pair, running_pair

pytestmark = [pytest.mark.kill, pytest.mark.slow]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with running_pair(tmp_path) as pair:
        yield pair


@pytest.fixture
def stage(pair: Pair, tmp_path: Path) -> Iterator[Stage]:
    with set_stage(tmp_path / "stage", REDIS_URL=pair.switch.url) as stage:
        yield stage


def processes(stage: Stage) -> set[int]:
    """All but the work-horses, which come and go."""
    ours = [psutil.Process(process.pid) for process in stage.service.processes.values()]
    return {child.pid for one in ours for child in (one, *one.children())}


def test_everybody_follows_at_once(stage: Stage, pair: Pair) -> None:
    pair.replicate()
    session = stage.open()
    stage.phone("rita").text(session["virtual_number"], "before")
    stage.phone("carl").wait_for_text()
    pair.old.set("awaited", 1)
    assert pair.old.wait(1, 5000) == 1
    before = processes(stage)
    pair.fail_over()
    began = time.monotonic()

    assert stage.phone("rita").call(session["virtual_number"]).wait(20).bridged
    stage.phone("rita").text(session["virtual_number"], "after")
    brief = stage.open("nora", "dan", ttl=1)
    stage.phone("carl").wait_for_text(2, timeout=15)

    assert [text.body for text in stage.phone("carl").texts] == ["before", "after"]
    assert time.monotonic() - began < 15
    # The ticker and a worker have closed it.
    eventually(lambda: stage.session(brief["id"])["closed_reason"] == "expired", seconds=30)
    assert processes(stage) == before
