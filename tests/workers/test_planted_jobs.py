"""Somebody who can write to RQ's Redis plants jobs: none of them runs anything (P9)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from relay.embedded_redis import EmbeddedRedis
from relay.queues import JobQueues
from tests.e2e.stage import eventually
from tests.wording import is_phrase
from tests.workers import planted
from tests.world import ENVIRONMENT, make_settings
from workers.known_job import KnownJob
from workers.worker import build_worker

pytestmark = pytest.mark.real_redis
ALARMS = "{all_boards}:alarms"
QUEUES = ("texts", "maintenance", "numbers")


def plant(
    client: redis.Redis, job_id: str, function: str, args: list[Any], queue: str, **fields: Any
) -> None:
    """As an attacker would write it by hand."""
    data = zlib.compress(JSONSerializer.dumps((function, None, args, {})))
    record = {"data": data, "origin": queue, "status": "queued", "timeout": 60} | fields
    client.hset(f"rq:job:{job_id}", mapping={**record, "created_at": "2026-11-27T00:00:00Z"})
    client.sadd("rq:queues", f"rq:queue:{queue}")
    client.rpush(f"rq:queue:{queue}", job_id)


@contextmanager
def worker_of(server: EmbeddedRedis, queue: str, log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.worker", queue],
            env={
                **os.environ,
                **ENVIRONMENT,
                "REDIS_URL": server.url,
                planted.MARKS: str(log.parent),
            },
            stdout=out,
            stderr=out,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("queue", QUEUES)
def test_p9_a_planted_job_runs_nothing_and_raises_an_alarm(tmp_path: Path, queue: str) -> None:
    touched = [tmp_path / name for name in ("function", "success", "failure", "stopped", "arg")]
    (tmp_path / "redis").mkdir()
    with EmbeddedRedis(tmp_path / "redis") as server, redis.Redis.from_url(server.url) as client:
        plant(client, "code", "os.system", [f"touch {touched[0]}"], queue)
        send = ("workers.jobs.send_texts", ["main", "us.SM1"])
        for name in ("success", "failure", "stopped"):
            plant(client, name, *send, queue, **{f"{name}_callback_name": "os.system"})
        hook = {"url": "http://127.0.0.1:9/", "job_status": "finished", "method": "GET"}
        plant(client, "hook", *send, queue, webhooks=json.dumps([hook]))
        plant(client, "arguments", "workers.jobs.send_texts", ["main", {"$": "x y"}], queue)
        plant(client, "too-many", "workers.jobs.recycle", ["main"], queue)
        client.hset("rq:job:rubbish", mapping={"data": b"\x00", "origin": queue})
        plant(client, "damaged", *send, queue, enqueued_at="yesterday")
        plant(client, "no id", *send, queue)
        client.zadd(f"rq:wip:{queue}", {"no id:either": 1})
        client.zadd(f"rq:wip:{queue}", {"retried:either": 1})
        send_again = {"status": "started", "retries_left": 1, "retry_intervals": '{"a": 1}'}
        plant(client, "retried", *send, queue, **send_again)
        client.lrem(f"rq:queue:{queue}", 1, "retried")
        client.rpush(f"rq:queue:{queue}", "rubbish", b"\xff\xfe")
        with worker_of(server, queue, tmp_path / "log"):
            eventually(lambda: int(client.hget(ALARMS, "job") or 0) == 11, seconds=30)
            ours = JobQueues.from_settings(make_settings(REDIS_URL=server.url))
            ours.send_message("main", "us.SM2")
            eventually(lambda: client.llen("rq:queue:texts") == (0 if queue == "texts" else 1))
        assert not any(path.exists() for path in touched)
    refused = [
        json.loads(line)
        for line in (tmp_path / "log").read_text().splitlines()
        if "job refused" in line
    ]
    assert {one["job"] for one in refused} == {
        *("code", "success", "failure", "stopped", "hook", "arguments", "too-many", "rubbish"),
        *("damaged", "no id", "\ufffd\ufffd"),
    }
    assert {one["why"] for one in refused if one["job"] == "code"} == {"os.system is no job"}


@pytest.mark.in_process
@pytest.mark.parametrize("job_class", [KnownJob, Job])
@pytest.mark.usefixtures("signals_as_they_were")
def test_p9_a_worker_forgets_what_it_refuses_before_it_begins_anything(
    tmp_path: Path, work_under: Callable[..., None], job_class: type[Job]
) -> None:
    """A job of RQ's own kind is refused whatever it names."""
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        work_under(REDIS_URL=server.url)
        planted_function = f"{planted.__name__}.{planted.touch.__name__}"
        plant(client, "code", planted_function, [], "texts")
        plant(client, "arguments", "workers.jobs.recycle", ["main"], "texts")
        worker = build_worker("texts", make_settings(REDIS_URL=server.url))
        if job_class is Job:
            plant(client, "unknown", "workers.jobs.recycle", [], "texts")
            worker.queues[0].job_class = worker.job_class = Job
        with capture_logs() as logs:
            worker.work(burst=True, logging_level="WARNING")
        refused = [line for line in logs if line["event"] == "job refused"]
        count = 3 if job_class is Job else 2
        assert len({line["job"] for line in refused}) == int(client.hget(ALARMS, "job")) == count
        assert all(is_phrase(line["why"]) for line in refused)
        assert client.keys("rq:job:*") == []


def test_p9_an_abandoned_planted_job_has_no_callback_either(tmp_path: Path) -> None:
    """RQ's maintenance runs the failure callback of jobs whose worker has died."""
    (tmp_path / "redis").mkdir()
    with EmbeddedRedis(tmp_path / "redis") as server, redis.Redis.from_url(server.url) as client:
        plant(
            client, "dead", "workers.jobs.recycle", [], "texts", status="started",
            failure_callback_name=f"{planted.__name__}.{planted.touch.__name__}",
        )  # fmt: skip
        client.delete("rq:queue:texts")
        client.zadd("rq:wip:texts", {"dead:execution": 1})
        log = tmp_path / "log"
        with worker_of(server, "texts", log):
            eventually(lambda: client.zcard("rq:wip:texts") == 0, seconds=30)
            eventually(lambda: client.zcard("rq:failed:texts") == 1)
        assert not (tmp_path / "imported").exists()
        assert not (tmp_path / "called").exists()
