"""The processes of the Procfile as they are: each line that they write is JSON, whatever happens to
them, and with a log that nobody takes they work on."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
import redis
import requests
from rq.job import Job
from rq.serializers import JSONSerializer

from config.schedule import PERIODIC_JOBS
from relay.embedded_redis import EmbeddedRedis
from relay.queues import JobQueues
from relay.sandbox.service import ROOT
from tests.e2e.stage import eventually
from tests.world import ENVIRONMENT, make_settings

pytestmark = [pytest.mark.real_redis, pytest.mark.slow]

COMMANDS = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
#: What each says when it is at work.
AT_WORK = {
    "web": "Booting worker with pid",
    "worker": "worker started",
    "scheduler": "ticker started",
}
PROCESSES = pytest.mark.parametrize("name", list(AT_WORK))


class Running:
    """A process of the Procfile, whose stdout and stderr are one file."""

    def __init__(self, name: str, out: Path | IO[str] | int, **environment: str) -> None:
        self.log = out
        sink = os.open(out, os.O_WRONLY | os.O_CREAT) if isinstance(out, Path) else out
        bin_directory = str(Path(sys.executable).parent)
        self.process = subprocess.Popen(
            shlex.split(COMMANDS[name]),
            cwd=ROOT,
            env={"PATH": f"{bin_directory}:{os.environ['PATH']}", **ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
        if isinstance(sink, int) and sink is not out:
            os.close(sink)

    def text(self) -> str:
        assert isinstance(self.log, Path)
        return self.log.read_text()

    def wait_until_it_says(self, words: str, seconds: float = 30) -> None:
        eventually(lambda: words in self.text(), seconds=seconds)

    def end(self, signum: int = signal.SIGTERM) -> int:
        self.process.send_signal(signum)
        return self.process.wait(40)

    def lines(self) -> list[dict[str, Any]]:
        """Raises ValueError for one that is not JSON."""
        lines: list[dict[str, Any]] = [json.loads(line) for line in self.text().splitlines()]
        assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
        return lines

    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path / "redis") as embedded:
        yield embedded


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


@pytest.fixture
def environment(server: EmbeddedRedis) -> dict[str, str]:
    """Of a service whose carrier does not answer."""
    return {
        "REDIS_URL": server.url,
        "PORT": free_port(),
        "LOG_LEVEL": "DEBUG",
        "TWILIO_API_BASE_URL": "http://127.0.0.1:1",
    }


@PROCESSES
def test_from_its_start_to_its_end(
    name: str, tmp_path: Path, environment: dict[str, str], server: EmbeddedRedis
) -> None:
    one = Running(name, tmp_path / "log", **environment)
    try:
        one.wait_until_it_says(AT_WORK[name])
        if name == "web":
            ask(environment)
        if name == "worker":
            done_by_a_worker(server)
    finally:
        code = one.end()
    assert code == 0
    assert one.lines()


@PROCESSES
def test_with_settings_that_are_missing(name: str, tmp_path: Path) -> None:
    one = Running(name, tmp_path / "log", PORT=free_port(), TWILIO_ACCOUNT_SID="")
    code = one.process.wait(30)
    assert code == (4 if name == "web" else 1)
    [said] = [line for line in one.lines() if line["event"] == "settings need attention"]
    assert said["level"] == "critical"
    assert "TWILIO_ACCOUNT_SID" in str(said["problems"])


@PROCESSES
def test_without_redis_from_the_beginning_and_with_a_lost_one(
    name: str, tmp_path: Path, environment: dict[str, str], server: EmbeddedRedis
) -> None:
    server.kill()
    one = Running(name, tmp_path / "log", **environment)
    try:
        if name == "web":
            one.wait_until_it_says("numbers not learned")
            server.restart()
            eventually(lambda: ask(environment) == 401, seconds=30)
            server.kill()
            assert ask(environment) == 503
        elif name == "worker":
            one.wait_until_it_says("worker died")
            server.restart()
            one.wait_until_it_says(AT_WORK[name])
            server.kill()
            one.wait_until_it_says("worker lost Redis")
        else:
            one.wait_until_it_says("ticker waits")
    finally:
        one.end()
    assert one.lines()


def test_a_worker_that_is_killed(tmp_path: Path, environment: dict[str, str]) -> None:
    one = Running("worker", tmp_path / "log", **environment)
    try:
        one.wait_until_it_says(AT_WORK["worker"])
        for child in one.children():
            os.kill(child, signal.SIGKILL)
        eventually(lambda: one.text().count("worker died") >= 2, seconds=30)
    finally:
        assert one.end() == 0
    assert {line["code"] for line in one.lines() if line["event"] == "worker died"} == {-9}


def test_a_web_worker_that_is_killed(tmp_path: Path, environment: dict[str, str]) -> None:
    one = Running("web", tmp_path / "log", **environment)
    try:
        one.wait_until_it_says(AT_WORK["web"])
        [child] = one.children()
        os.kill(child, signal.SIGKILL)
        eventually(lambda: one.text().count("Booting worker") == 2, seconds=30)
    finally:
        assert one.end() == 0
    assert any("SIGKILL" in line["event"] for line in one.lines())


def test_a_web_whose_port_is_taken(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = str(taken.getsockname()[1])
        one = Running("web", tmp_path / "log", **environment | {"PORT": port})
        assert one.process.wait(40) != 0
    assert any("in use" in line["event"] for line in one.lines())


def test_a_process_that_crashes(tmp_path: Path, environment: dict[str, str]) -> None:
    """By a scheme that no client speaks, of which settings know nothing."""
    environment |= {"REDIS_URL": "redis://127.0.0.1:not-a-port/0"}
    one = Running("scheduler", tmp_path / "log", **environment)
    assert one.process.wait(30) == 1
    assert any(line["level"] in {"error", "critical"} for line in one.lines())


def dead_ends() -> Iterator[int | IO[str]]:
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)
    with Path("/dev/full").open("w") as full:
        yield full


def ask(environment: dict[str, str]) -> int:
    url = f"http://127.0.0.1:{environment['PORT']}/v1/sessions"
    return requests.get(url, timeout=10).status_code


def is_heard(environment: dict[str, str]) -> bool:
    try:
        return ask(environment) == 401
    except requests.ConnectionError:
        return False


def done_by_a_worker(server: EmbeddedRedis) -> None:
    """A periodic job: of a board without pools it has little to do."""
    sample = next(job for job in PERIODIC_JOBS if job.name == "sample-pools")
    queues = JobQueues.from_settings(make_settings(REDIS_URL=server.url))
    slot = int(time.time())
    with redis.Redis.from_url(server.url) as client:
        queues.enqueue_slot(sample, slot)
        job = Job.fetch(f"{sample.name}-{slot}", connection=client, serializer=JSONSerializer)
        eventually(lambda: job.get_status() == "finished", seconds=30)


def test_nobody_takes_the_log_of_a_web(environment: dict[str, str]) -> None:
    """It answers what it would, and ends as it should: 500 to every request, it was."""
    for end in dead_ends():
        one = Running("web", end, **environment)
        try:
            eventually(lambda: is_heard(environment), seconds=30)
            assert [ask(environment) for _ in range(5)] == [401] * 5
            hook = f"http://127.0.0.1:{environment['PORT']}/twilio/voice"
            assert requests.post(hook, data={"To": "x"}, timeout=10).status_code == 403
        finally:
            assert one.end() == 0


def test_nobody_takes_the_log_of_a_worker(
    environment: dict[str, str], server: EmbeddedRedis
) -> None:
    for end in dead_ends():
        one = Running("worker", end, **environment)
        try:
            done_by_a_worker(server)
        finally:
            assert one.end() == 0


def test_nobody_takes_the_log_of_a_scheduler(
    environment: dict[str, str], server: EmbeddedRedis
) -> None:
    for end in dead_ends():
        with redis.Redis.from_url(server.url) as client:
            client.flushall()
            one = Running("scheduler", end, **environment)
            try:
                eventually(lambda: bool(client.llen("rq:queue:maintenance")), seconds=30)
            finally:
                assert one.end() == 0
