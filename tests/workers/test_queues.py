from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fakeredis
import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer

from config.schedule import PERIODIC_JOBS, PeriodicJob
from relay.embedded_redis import EmbeddedRedis
from relay.queues import BACKED_UP, BoardJobs, JobQueues, connect_queues, open_queue
from relay.workflows.sweep_outbox import sweep_outbox
from tests.workflows.texting import Stage
from tests.world import NOW, make_settings
from workers import jobs

RECYCLE = PeriodicJob(name="recycle", function="workers.jobs.recycle", every=5)


@pytest.fixture
def connection() -> redis.Redis:
    return fakeredis.FakeRedis(server=fakeredis.FakeServer())


@pytest.fixture
def queues(connection: redis.Redis) -> JobQueues:
    return JobQueues(connection)


def waiting(connection: redis.Redis, queue: str) -> list[Job]:
    return open_queue(queue, connection).get_jobs()


def test_a_text_s_job_holds_its_id_as_json_and_nothing_else(
    queues: JobQueues, connection: redis.Redis
) -> None:
    """P2"""
    queues.send_message("main", "us.SM1")
    [job] = waiting(connection, "texts")
    assert (job.func_name, job.args, job.description) == (
        "workers.jobs.send_texts",
        ["main", "us.SM1"],
        "send texts",
    )
    assert job.serializer is JSONSerializer
    json.loads(job.data)  # never pickle
    assert job.retries_left


def test_a_purchase_s_job_holds_its_id_and_nothing_else(
    queues: JobQueues, connection: redis.Redis
) -> None:
    queues.buy_numbers("main", "us.7k2m")
    [job] = waiting(connection, "numbers")
    assert (job.func_name, job.args, job.description) == (
        "workers.jobs.buy_numbers",
        ["main", "us.7k2m"],
        "buy numbers",
    )
    connection.connection_pool.connection_kwargs["server"].connected = False
    queues.buy_numbers("main", "us.7k2m")  # the sweeper comes back to it


def test_without_redis_a_hint_is_dropped_silently(connection: redis.Redis) -> None:
    queues = JobQueues(connection)
    connection.connection_pool.connection_kwargs["server"].connected = False
    queues.send_message("main", "us.SM1")
    queues.compare_numbers()
    connection.connection_pool.connection_kwargs["server"].connected = True
    assert waiting(connection, "texts") == waiting(connection, "numbers") == []


def test_without_redis_the_sweeper_need_not_try(connection: redis.Redis) -> None:
    queues = JobQueues(connection)
    assert not queues.is_backed_up()
    connection.connection_pool.connection_kwargs["server"].connected = False
    assert queues.is_backed_up()


@pytest.fixture
def real_connection(tmp_path: Path) -> Iterator[redis.Redis]:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        yield client


@pytest.mark.real_redis
def test_hours_without_a_worker_leave_a_bounded_queue(real_connection: redis.Redis) -> None:
    """P4: the queue may share the store's Redis, which refuses every write when it is full."""
    stage, queues = Stage(), JobQueues(real_connection)
    services = replace(stage.services, jobs=BoardJobs(queues, "main"))
    texts = [stage.text().message for _ in range(30)]
    for later in range(5, 4 * 3600, 10):
        sweep_outbox(services, now=NOW + later)
    assert BACKED_UP <= real_connection.llen("rq:queue:texts") < BACKED_UP + len(texts)
    real_connection.delete("rq:queue:texts")
    assert sweep_outbox(services, now=NOW + 4 * 3600) == len(texts)


def test_a_slot_is_enqueued_once_whoever_asks(queues: JobQueues, connection: redis.Redis) -> None:
    assert queues.enqueue_slot(RECYCLE, 100)
    assert not JobQueues(connection).enqueue_slot(RECYCLE, 100)
    assert queues.enqueue_slot(RECYCLE, 105)
    assert [job.id for job in waiting(connection, "maintenance")] == ["recycle-100", "recycle-105"]


def test_a_comparison_that_many_ask_for_is_made_once(
    queues: JobQueues, connection: redis.Redis
) -> None:
    for _ in range(50):
        BoardJobs(queues, "main").compare_numbers()
    asked = waiting(connection, "numbers")
    assert {job.func_name for job in asked} == {"workers.jobs.reconcile_numbers"}
    assert len(asked) <= 2  # where ten seconds end meanwhile
    # Whatever the schedule has made of these seconds is no reason to leave it out.
    assert all(job.id.startswith("reconcile-numbers-early-") for job in asked)


def test_every_periodic_job_is_a_job_of_ours() -> None:
    for job in PERIODIC_JOBS:
        module, _, name = job.function.rpartition(".")
        assert module == "workers.jobs"
        assert callable(getattr(jobs, name))


def test_a_self_signed_certificate_passes_only_when_asked_for() -> None:
    def checks(**environment: str) -> object:
        url = {"REDIS_URL": "rediss://h:1"}
        pool = connect_queues(make_settings(**url, **environment)).connection_pool
        return pool.connection_kwargs.get("ssl_cert_reqs")

    assert checks() is None
    assert checks(REDIS_TLS_VERIFY="false") == "none"


def test_the_queues_may_have_a_redis_of_their_own() -> None:
    queues = JobQueues.from_settings(make_settings(QUEUE_REDIS_URL="redis://queue.example.com:7/2"))
    connection = queues._connection.connection_pool.connection_kwargs
    assert (connection["host"], connection["port"], connection["db"]) == ("queue.example.com", 7, 2)
