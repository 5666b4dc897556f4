"""RQ's Redis is another server behind the same address now, and the old one its replica."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.queues import TEXTS
from relay.queues import JobQueues, connect_queues, open_queue
from tests.e2e.stage import eventually
from tests.switched import Pair, running_pair
from tests.world import make_settings

pytestmark = pytest.mark.real_redis


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with running_pair(tmp_path) as pair:
        pair.replicate()
        yield pair


def test_a_hint_is_enqueued_on_the_new_master(pair: Pair) -> None:
    queues = JobQueues(connect_queues(make_settings(QUEUE_REDIS_URL=pair.switch.url)))
    queues.send_message("main", "us.SM1")
    before = queues.era
    pair.fail_over()

    queues.send_message("main", "us.SM2")

    (job,) = open_queue(TEXTS, connect_queues(make_settings(REDIS_URL=pair.switch.url))).get_jobs()[
        -1:
    ]
    assert list(job.args) == ["main", "us.SM2"]
    assert pair.new.llen(f"rq:queue:{TEXTS}") >= 1
    assert queues.era is not before


def test_who_waits_for_a_job_goes_on_waiting_on_the_new_master(pair: Pair) -> None:
    """The old one says UNBLOCKED to it, and no other word would ever come from there."""
    connection = connect_queues(make_settings(QUEUE_REDIS_URL=pair.switch.url))
    connection.connection_pool.connection_kwargs["socket_timeout"] = 11  # as RQ's workers do
    with ThreadPoolExecutor(1) as waiter:
        waits = waiter.submit(connection.blpop, ["jobs"], 10)
        eventually(lambda: pair.old.info("clients")["blocked_clients"] == 1)
        pair.fail_over()
        eventually(lambda: pair.new.info("clients")["blocked_clients"] == 1)
        pair.new.rpush("jobs", "next")

        assert waits.result(10) == (b"jobs", b"next")
