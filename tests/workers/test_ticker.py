from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import fakeredis
import pytest
import redis

from config.schedule import SWEEP_OUTBOX, PeriodicJob
from relay.bootstrap import build_deployment
from relay.domain.errors import Unavailable
from relay.embedded_redis import EmbeddedRedis
from relay.queues import JobQueues, connect_queues, open_queue
from relay.store.keys import DeploymentKeys
from tests.fake_redis import real_redis
from tests.workflows.texting import Stage
from tests.world import NOW, make_settings
from workers.ticker import LEADERSHIP, Leadership, Ticker

FIVE = PeriodicJob(name="five", function="workers.jobs.recycle", every=5)
START = NOW  # a multiple of five


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def rq() -> redis.Redis:
    return fakeredis.FakeRedis(server=fakeredis.FakeServer())


def ticker(stage: Stage, rq: redis.Redis) -> Ticker:
    return Ticker(stage.deployment, JobQueues(rq), periodic=[FIVE], sweep_every=2.0)


def slots(rq: redis.Redis) -> list[int]:
    names = [job.id for job in open_queue("maintenance", rq).get_jobs()]
    return [int(name.removeprefix("five-")) - int(START) for name in names]


def test_each_slot_is_enqueued_once(stage: Stage, rq: redis.Redis) -> None:
    ticking = ticker(stage, rq)
    for offset in (0, 1, 4.9, 5, 9, 11):
        ticking.tick(START + offset)
    assert slots(rq) == [0, 5, 10]


def test_a_ticker_that_begins_amid_a_slot_enqueues_that_slot(stage: Stage, rq: redis.Redis) -> None:
    ticker(stage, rq).tick(START + 7)
    assert slots(rq) == [5]


def test_a_lead_ends_by_itself(stage: Stage) -> None:
    assert Leadership(stage.client).is_ours()
    assert 0 < stage.client.ttl(DeploymentKeys().ticker_leader) <= LEADERSHIP


def test_a_missed_slot_is_made_up_for_at_once(stage: Stage, rq: redis.Redis) -> None:
    ticking = ticker(stage, rq)
    ticking.tick(START)
    ticking.tick(START + 33)
    assert slots(rq) == [0, 30]


def test_two_tickers_that_both_lead_do_no_harm(stage: Stage, rq: redis.Redis) -> None:
    one, two = ticker(stage, rq), ticker(stage, rq)
    for offset in (0, 5):
        one.tick(START + offset)
        stage.client.delete(DeploymentKeys().ticker_leader)
        two.tick(START + offset)
        stage.client.delete(DeploymentKeys().ticker_leader)
    assert slots(rq) == [0, 5]


def test_the_second_ticker_waits_until_the_first_has_gone(stage: Stage, rq: redis.Redis) -> None:
    one, two = Leadership(stage.client), Leadership(stage.client)
    assert one.is_ours()
    assert not two.is_ours()
    assert one.is_ours()
    assert 0 < stage.client.ttl(DeploymentKeys().ticker_leader) <= LEADERSHIP
    two.give_back()
    assert one.is_ours()
    one.give_back()
    assert two.is_ours()


def test_who_does_not_lead_does_nothing(stage: Stage, rq: redis.Redis) -> None:
    Leadership(stage.client).is_ours()
    ticker(stage, rq).tick(START)
    assert slots(rq) == []


def test_p5_a_ticker_whose_clock_is_wrong_enqueues_and_sweeps_nothing(
    stage: Stage, rq: redis.Redis
) -> None:
    stage.text()
    stage.jobs.take()
    right = stage.client.time
    stage.client.time = lambda: (right()[0] - 3600, 0)
    before = stage.client.keys()
    with pytest.raises(Unavailable, match="clocks"):
        ticker(stage, rq).tick(START + 10)
    assert (slots(rq), stage.jobs.noted, stage.client.keys()) == ([], [], before)


@pytest.mark.real_redis
def test_a_ticker_that_cannot_write_enqueues_nothing_and_makes_up_for_it(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        deployment = build_deployment(make_settings(REDIS_URL=server.url))
        queues = JobQueues.from_settings(deployment.settings)
        ticking = Ticker(deployment, queues, periodic=[FIVE], sweep_every=2.0)
        with real_redis(server.url) as client:
            client.replicaof("127.0.0.1", "1")
            with pytest.raises(Unavailable):
                ticking.tick(START)
            assert client.keys() == []

            client.replicaof("NO", "ONE")
            ticking.tick(START + 7)
            assert slots(connect_queues(deployment.settings)) == [5]


def test_the_outbox_is_swept_every_two_seconds(stage: Stage, rq: redis.Redis) -> None:
    message = stage.text().message
    stage.jobs.take()
    ticking = ticker(stage, rq)
    ticking.tick(NOW + 1)
    assert stage.jobs.noted == []
    ticking.tick(NOW + 2.9)
    ticking.tick(NOW + 3.1)
    assert stage.jobs.take() == [message]


def test_no_sweep_begins_before_its_time(stage: Stage, rq: redis.Redis) -> None:
    ticking, noted = ticker(stage, rq), []
    for offset in (0, 1, 1.9, 2, 3.5, 4):
        ticking.tick(START + offset)
        noted.append(stage.deployment.successes.of([SWEEP_OUTBOX], until=2 * NOW)[SWEEP_OUTBOX])
    assert [at - START for at in noted if at] == [0, 0, 0, 2, 2, 4]


def test_the_ticker_outlives_redis(stage: Stage, rq: redis.Redis) -> None:
    server = stage.client.connection_pool.connection_kwargs["server"]
    server.connected = False
    stopping = threading.Event()
    running = threading.Thread(target=ticker(stage, rq).run, args=[stopping])
    running.start()
    time.sleep(0.7)
    assert slots(rq) == []
    server.connected = True
    deadline = time.monotonic() + 5
    while not open_queue("maintenance", rq).get_job_ids() and time.monotonic() < deadline:
        time.sleep(0.05)
    server.connected = False
    stopping.set()
    running.join(timeout=5)
    assert not running.is_alive()
    assert len(open_queue("maintenance", rq).get_job_ids()) == 1


def test_a_ticker_that_is_told_to_stop_gives_the_lead_back(stage: Stage, rq: redis.Redis) -> None:
    stopping = threading.Event()
    running = threading.Thread(target=ticker(stage, rq).run, args=[stopping])
    running.start()
    deadline = time.monotonic() + 5
    while not stage.client.exists(DeploymentKeys().ticker_leader) and time.monotonic() < deadline:
        time.sleep(0.05)
    stopping.set()
    running.join(timeout=5)
    assert not stage.client.exists(DeploymentKeys().ticker_leader)


def test_a_deploy_runs_at_once_what_its_settings_may_have_changed(
    stage: Stage, rq: redis.Redis
) -> None:
    at_start = [replace(FIVE, at_start=True)]
    for began in (START + 1, START + 3):
        stage.client.delete(DeploymentKeys().ticker_leader)
        ticking = Ticker(stage.deployment, JobQueues(rq), periodic=at_start, sweep_every=2.0)
        for offset in (0, 0.5, 1):
            ticking.tick(began + offset)
    ticking.tick(START + 5)
    assert slots(rq) == [1, 3, 5]


def test_the_ticker_that_leads_gives_signs_of_life(stage: Stage, rq: redis.Redis) -> None:
    ticker(stage, rq).tick(START)
    ticker(stage, rq).tick(START + 3)  # another one, which does not lead

    assert stage.deployment.successes.of([SWEEP_OUTBOX], until=2 * NOW) == {SWEEP_OUTBOX: START}
