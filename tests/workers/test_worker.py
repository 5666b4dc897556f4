from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
import redis
import structlog
from rq.results import Result
from rq.serializers import JSONSerializer

from config.logging import configure_logging
from relay.embedded_redis import EmbeddedRedis
from relay.queues import JobQueues, open_queue
from relay.workflows.pass_over_failures import for_each_board
from tests.e2e.stage import eventually
from tests.world import ENVIRONMENT, make_settings, make_world
from workers.known_job import KnownJob
from workers.worker import JobOverdue, KnownQueue, RelayWorker, TimeLimit

pytestmark = pytest.mark.real_redis
SECRET = "+12125550101"


def refuse(argument: str) -> None:
    raise ValueError(f"cannot call {SECRET} for {argument}")


def dawdle(argument: str) -> None:
    for_each_board([make_world().services] * 2, lambda _: time.sleep(3))


def finish(argument: str) -> None:
    """There is nothing to be done."""


class Refusing(KnownJob):
    FUNCTIONS: ClassVar[dict[str, Any]] = {
        "tests.workers.test_worker.finish": finish,
        "tests.workers.test_worker.refuse": refuse,
        "tests.workers.test_worker.dawdle": dawdle,
    }


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with (
        EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server,
        redis.Redis.from_url(server.url) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def worker(
    connection: redis.Redis,
    job_class: type[KnownJob] = KnownJob,
    kind: type[RelayWorker] = RelayWorker,
) -> RelayWorker:
    queue = open_queue("texts", connection, KnownQueue)
    queue.job_class = job_class
    return kind(
        [queue],
        connection=connection,
        job_class=job_class,
        serializer=JSONSerializer,
        job_monitoring_interval=3,
        maintenance_interval=2,
        worker_ttl=18,
        log_job_description=False,
    )


def test_a_job_without_a_sign_of_life_is_abandoned_soon(connection: redis.Redis) -> None:
    tuned = worker(connection)
    job = open_queue("texts", connection).enqueue("workers.jobs.send_texts", "us.SM1")
    assert tuned.get_heartbeat_ttl(job) <= 15
    assert tuned.dequeue_timeout <= 3
    connection.flushall()


def test_a_failed_job_tells_neither_log_nor_redis_what_it_was_about(
    connection: redis.Redis, capfd: pytest.CaptureFixture[str]
) -> None:
    """P2"""
    configure_logging("INFO")
    queue = open_queue("texts", connection)
    job = queue.enqueue("tests.workers.test_worker.refuse", "us.SM1", description="refuse")
    worker(connection, Refusing).work(burst=True, logging_level="WARNING")
    said = capfd.readouterr().out
    events = [json.loads(line) for line in said.splitlines()]
    assert [event["event"] for event in events if event["level"] == "error"] == ["job failed"]
    assert SECRET not in said
    job.refresh()
    result = job.latest_result()
    assert result is not None
    assert "ValueError: cannot call [number] for us.SM1" in result.exc_string
    assert SECRET not in result.exc_string


def test_a_job_whose_time_is_up_goes_on_with_no_other_board(connection: redis.Redis) -> None:
    queue = open_queue("texts", connection)
    job = queue.enqueue("tests.workers.test_worker.dawdle", "us.SM1", job_timeout=1)
    worker(connection, Refusing).work(burst=True, logging_level="WARNING")
    result = job.latest_result()
    assert result is not None
    assert result.type is Result.Type.FAILED
    assert "JobOverdue" in result.exc_string


class LateAlarm(TimeLimit):
    """A job's time is up when its work is done, and its alarm is just being called off."""

    def cancel_death_penalty(self) -> None:
        if self._exception is JobOverdue:
            signal.raise_signal(signal.SIGALRM)
        super().cancel_death_penalty()


class Late(RelayWorker):
    death_penalty_class = LateAlarm


def test_a_job_that_is_done_in_the_last_moment_is_done(connection: redis.Redis) -> None:
    job = open_queue("texts", connection).enqueue("tests.workers.test_worker.finish", "us.SM1")
    worker(connection, Refusing, Late).work(burst=True, logging_level="WARNING")
    result = job.latest_result()
    assert result is not None
    assert result.type is Result.Type.SUCCESSFUL, result.exc_string


def test_a_turn_opens_two_connections_and_one_for_each_thread_that_works(tmp_path: Path) -> None:
    """RQ's and the store's, and each asks for nothing that the server does not know. What comes
    while the turn goes on opens no other."""
    with (
        EmbeddedRedis(tmp_path) as server,
        redis.Redis.from_url(server.url, decode_responses=True) as client,
        run_worker(server.url),
    ):
        queues = JobQueues.from_settings(make_settings(REDIS_URL=server.url))

        def send_one() -> tuple[int, int]:
            before = scripts_run(client)
            queues.send_message("main", "us.SM1")
            eventually(lambda: scripts_run(client) > before)
            stats = client.info("stats")
            return stats["total_connections_received"], stats["total_error_replies"]

        begun = client.info("stats")
        send_one()  # seen done before its turn has opened all that it opens
        first = send_one()
        after = send_one()
    assert first[0] - begun["total_connections_received"] <= 8
    assert first[1] - begun["total_error_replies"] <= 1  # a script that Redis had yet to see
    assert after == first


@contextmanager
def run_worker(url: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.worker", "texts"],
        env={**os.environ, **ENVIRONMENT, "REDIS_URL": url, "LOG_LEVEL": "ERROR"},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def scripts_run(client: redis.Redis) -> int:
    return sum(of["calls"] for name, of in client.info("commandstats").items() if "eval" in name)
