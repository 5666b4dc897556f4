"""What is wrong with a job that somebody may have planted (P9)."""

from __future__ import annotations

import json
import zlib
from typing import Any

import fakeredis
import pytest
from rq.exceptions import NoSuchJobError, StopRequested
from rq.serializers import JSONSerializer

from config.queues import TEXTS
from relay.queues import JobQueues
from tests.wording import is_phrase
from tests.workers.test_planted_jobs import plant
from workers import jobs
from workers.known_job import KnownJob

SEND = "workers.jobs.send_texts"
IDS = ["main", "us.SM1"]


@pytest.fixture
def client() -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis(server=fakeredis.FakeServer())


def read(client: fakeredis.FakeRedis, job_id: str = "planted") -> KnownJob:
    return KnownJob.fetch(job_id, connection=client, serializer=JSONSerializer)


def planted(
    client: fakeredis.FakeRedis, function: str, arguments: list[Any], **fields: Any
) -> KnownJob:
    plant(client, "planted", function, arguments, TEXTS, **fields)
    return read(client)


class ToldMeanwhile(dict):
    """RQ's handler of SIGTERM raises wherever an idle worker is."""

    def items(self) -> Any:
        raise StopRequested


def test_a_worker_that_is_told_to_stop_while_it_reads_a_job_damages_none(
    client: fakeredis.FakeRedis,
) -> None:
    job = KnownJob("planted", connection=client, serializer=JSONSerializer)
    with pytest.raises(StopRequested):
        job.restore(ToldMeanwhile())


@pytest.mark.parametrize("planted_id", ["a b", "a b:either", "\udcff"])
def test_p9_an_id_that_is_none_is_that_of_no_job(
    client: fakeredis.FakeRedis, planted_id: str
) -> None:
    with pytest.raises(NoSuchJobError):
        read(client, planted_id)


def test_nothing_is_wrong_with_our_own(client: fakeredis.FakeRedis) -> None:
    ours = JobQueues(client)
    ours.send_message("main", "us.SM1")
    ours.end_calls("main", "recruiter.rita")
    for job_id, function in zip(
        client.lrange("rq:queue:texts", 0, -1), (jobs.send_texts, jobs.end_calls), strict=True
    ):
        job = read(client, job_id.decode())
        assert job.why_not() == ""
        assert job.func is function


@pytest.mark.parametrize(
    "arguments", [["main", "a" * 200], ["m", "A.b_c-9"], ["second-board", "recruiter.rita"]]
)
def test_nothing_is_wrong_with_ids(client: fakeredis.FakeRedis, arguments: list[str]) -> None:
    assert planted(client, SEND, arguments).why_not() == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["main", "a" * 201],
        ["main", ""],
        ["main", "us SM1"],
        ["main", "us.SM1\n"],
        ["{main}", "us.SM1"],
        ["main", 1],
        ["main", None],
        ["main", ["us.SM1"]],
        ["main"],
        ["main", "us.SM1", "more"],
        [],
    ],
)
def test_p9_what_is_no_id_is_refused(client: fakeredis.FakeRedis, arguments: list[Any]) -> None:
    assert is_phrase(planted(client, SEND, arguments).why_not())


@pytest.mark.parametrize("function", ["os.system", "send_texts", "workers.jobs", ""])
def test_p9_another_function_is_refused_and_never_imported(
    client: fakeredis.FakeRedis, function: str
) -> None:
    job = planted(client, function, IDS)
    assert function in job.why_not()
    with pytest.raises(KeyError):
        _ = job.func


@pytest.mark.parametrize(("instance", "named"), [("x", {}), (None, {"board": "main"})])
def test_p9_what_is_to_be_called_otherwise_is_refused(
    client: fakeredis.FakeRedis, instance: str | None, named: dict[str, str]
) -> None:
    plant(client, "planted", SEND, IDS, TEXTS)
    client.hset("rq:job:planted", "data", zipped((SEND, instance, IDS, named)))
    assert is_phrase(read(client).why_not())


@pytest.mark.parametrize("data", [(SEND, None, 5, {}), (SEND,), 5, {"a": 1}, (["a"], None, [], {})])
def test_p9_what_cannot_be_read_is_refused(client: fakeredis.FakeRedis, data: Any) -> None:
    plant(client, "planted", SEND, IDS, TEXTS)
    client.hset("rq:job:planted", "data", zipped(data))
    assert is_phrase(read(client).why_not())


@pytest.mark.parametrize("when", ["success", "failure", "stopped"])
def test_p9_what_names_a_callback_is_refused_and_has_none(
    client: fakeredis.FakeRedis, when: str
) -> None:
    job = planted(client, SEND, IDS, **{f"{when}_callback_name": "os.system"})
    assert is_phrase(job.why_not())
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None,) * 3


def test_p9_what_names_a_webhook_is_refused(client: fakeredis.FakeRedis) -> None:
    hook = {"url": "http://127.0.0.1:9/", "job_status": "finished", "method": "GET"}
    assert is_phrase(planted(client, SEND, IDS, webhooks=json.dumps([hook])).why_not())


def zipped(data: Any) -> bytes:
    return zlib.compress(JSONSerializer.dumps(data))
