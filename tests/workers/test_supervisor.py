from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from config.queues import QUEUES, Queue
from tests.workers.test_work_of_a_worker import told
from tests.world import make_settings
from workers.supervisor import Child, Supervisor, children_for, main

NOTE_START = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); "
LIVE = NOTE_START + "time.sleep(60)"
IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + LIVE


def child(script: str, starts: Path) -> Child:
    starts.touch()
    return Child("texts-1", [sys.executable, "-c", script, str(starts)])


def pids(starts: Path) -> list[int]:
    return [int(line) for line in starts.read_text().splitlines()]


def soon(happened: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.01)
    return happened()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def starts(tmp_path: Path) -> Path:
    return tmp_path / "starts"


def test_there_is_a_process_for_each_queue_and_slot() -> None:
    children = children_for([Queue("texts", processes=2), Queue("maintenance")])
    assert [child.name for child in children] == ["texts-1", "texts-2", "maintenance-1"]


def workers_of_ours() -> dict[int, str]:
    """Queues by the pids of this thread's children."""
    thread = Path(f"/proc/{os.getpid()}/task/{threading.main_thread().native_id}")
    found = {}
    for pid in map(int, (thread / "children").read_text().split()):
        with suppress(FileNotFoundError, ProcessLookupError):
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            if "workers.worker" in words:
                found[pid] = words[-2]
    return found


@pytest.mark.usefixtures("signals_as_they_were")
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_each_queue_has_its_worker_until_the_supervisor_is_told_to_stop(
    signum: signal.Signals,
) -> None:
    seen: dict[int, str] = {}
    wanted, until = {queue.name for queue in QUEUES}, time.monotonic() + 20

    def all_are_there() -> bool:
        seen.update(workers_of_ours())
        return set(seen.values()) == wanted or time.monotonic() > until

    with told(signum, all_are_there) as is_told:
        main(make_settings())
        assert is_told.is_set()
    assert set(seen.values()) == wanted
    assert not any(is_alive(pid) for pid in seen)


def test_a_dead_child_is_started_again_within_a_second(starts: Path) -> None:
    """P4"""
    supervisor = Supervisor([child(LIVE, starts)])
    running = threading.Thread(target=supervisor.run)
    running.start()
    try:
        assert soon(lambda: len(pids(starts)) == 1)
        os.kill(pids(starts)[0], signal.SIGKILL)
        killed_at = time.monotonic()
        assert soon(lambda: len(pids(starts)) == 2)
        assert time.monotonic() - killed_at < 1.0
    finally:
        supervisor.stop(signal.SIGTERM)
        running.join(timeout=10)
    assert not any(is_alive(pid) for pid in pids(starts))


def test_a_child_that_cannot_live_is_started_ever_more_slowly(starts: Path) -> None:
    dying = child(NOTE_START, starts)
    now, started = 0.0, []
    while now < 20:
        before = len(pids(starts))
        dying.look_after(now)
        if dying.is_running:
            started.append(now)
            assert soon(lambda: not dying.is_running)
            assert len(pids(starts)) == before + 1
        now += 0.1
    pauses = [later - earlier for earlier, later in pairwise(started)]
    assert pauses[0] < 1
    assert all(later <= 2 * earlier + 0.25 for earlier, later in pairwise(pauses))
    assert pauses[-1] == pytest.approx(5.0, abs=0.3)


def test_one_that_lived_long_is_started_again_at_once(starts: Path) -> None:
    lived = child(NOTE_START, starts)
    lived.look_after(0.0)
    assert soon(lambda: not lived.is_running)
    lived.look_after(11.0)
    lived.look_after(11.1)
    assert not lived.is_running
    lived.look_after(11.3)
    assert soon(lambda: len(pids(starts)) == 2)
    assert soon(lambda: not lived.is_running)


def test_its_first_deaths_after_a_long_life_cost_little_again(starts: Path) -> None:
    dying, now = child(NOTE_START, starts), 0.0

    def live(seconds: float) -> None:
        nonlocal now
        now += 5.5  # the longest pause is over
        dying.look_after(now)
        assert soon(lambda: not dying.is_running)
        now += seconds
        dying.look_after(now)

    for seconds in (1, 1, 1, 1, 1, 1, 11, 1):
        live(seconds)
    dying.look_after(now + 1)
    assert soon(lambda: len(pids(starts)) == 9)
    assert soon(lambda: not dying.is_running)


def test_of_a_dead_child_the_log_says_how_long_it_lived_and_how_it_died(starts: Path) -> None:
    failing = child(NOTE_START + "sys.exit(3)", starts)
    failing.look_after(1.0)
    assert soon(lambda: not failing.is_running)
    with capture_logs() as logs:
        failing.look_after(3.26)
    (died,) = [line for line in logs if line["log_level"] == "warning"]
    assert (died["child"], died["code"], died["lived"]) == ("texts-1", 3, 2.3)


def test_a_signal_goes_on_to_the_children_and_is_waited_for(starts: Path) -> None:
    supervisor = Supervisor([child(LIVE, starts)], patience=5)
    running = threading.Thread(target=supervisor.run)
    running.start()
    assert soon(lambda: len(pids(starts)) == 1)
    supervisor.stop(signal.SIGTERM)  # a shell's background jobs are born deaf to SIGINT
    running.join(timeout=10)
    assert not is_alive(pids(starts)[0])


def test_one_that_is_told_to_stop_before_it_began_starts_nobody(starts: Path) -> None:
    supervisor = Supervisor([child(LIVE, starts)])
    supervisor.stop(signal.SIGTERM)
    supervisor.run()
    assert pids(starts) == []


def test_a_child_that_does_not_listen_is_killed_in_the_end(starts: Path) -> None:
    stubborn = child(IGNORE, starts)
    supervisor = Supervisor([stubborn], patience=0.3)
    running = threading.Thread(target=supervisor.run)
    running.start()
    assert soon(lambda: len(pids(starts)) == 1)
    supervisor.stop(signal.SIGTERM)
    running.join(timeout=10)
    assert soon(lambda: not stubborn.is_running)
