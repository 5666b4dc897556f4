"""Somebody has written rubbish into Redis, which keeps the ticker from no other work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from config.schedule import PeriodicJob
from relay.domain.board import Board
from relay.embedded_redis import EmbeddedRedis
from relay.queues import JobQueues, open_queue
from relay.store.connection import connect
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.workflows.deployment import Deployment
from tests.e2e.stage import eventually
from tests.fake_redis import FakeRedis
from tests.world import RITA, RecordingJobs, make_deployment
from workers.ticker import Ticker

BOARDS = ("main", "second", "third")
FIVE = PeriodicJob(name="five", function="workers.jobs.recycle", every=5)
NO_TEXT = b"\xff"


class FussyJobs(RecordingJobs):
    """Fails for the texts of one board, with a word that must not be logged."""

    refuses = ""

    def send_message(self, message_id: str) -> None:
        if message_id == self.refuses:
            raise ValueError(f"no job for {RITA}")
        super().send_message(message_id)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def attacker(server: EmbeddedRedis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def jobs() -> FussyJobs:
    return FussyJobs()


@pytest.fixture
def deployment(server: EmbeddedRedis, attacker: redis.Redis, jobs: FussyJobs) -> Deployment:
    """Three boards; in the outbox of each a text waits, ``us.main`` in main's."""
    deployment = make_deployment(connect(server.url), jobs=jobs)
    for name in BOARDS[1:]:
        deployment.registry.put(Board(name=name, spoken_name=name.title()))
    for name in BOARDS:
        attacker.zadd(BoardKeys(name).outbox, {f"us.{name}": 1})
    return deployment


@contextmanager
def ticking(deployment: Deployment, queues: Any) -> Iterator[None]:
    stopping = threading.Event()
    ticker = Ticker(deployment, JobQueues(queues), periodic=[FIVE], sweep_every=0.5)
    running = threading.Thread(target=ticker.run, args=[stopping])
    running.start()
    try:
        yield
        assert running.is_alive()
    finally:
        stopping.set()
        running.join(timeout=5)


@pytest.mark.real_redis
def test_p9_a_board_whose_name_is_no_text_keeps_no_other_waiting(
    deployment: Deployment, attacker: redis.Redis, jobs: FussyJobs
) -> None:
    key = DeploymentKeys().boards
    genuine = attacker.hget(key, "second")
    attacker.hset(key, mapping={NO_TEXT: genuine, b"evil": NO_TEXT, b"evil" + NO_TEXT: NO_TEXT})
    with ticking(deployment, attacker):
        eventually(lambda: set(jobs.sent) >= {f"us.{name}" for name in BOARDS})
        eventually(lambda: open_queue("maintenance", attacker).count == 1)
    assert deployment.registry.count_unsigned() == 3
    assert deployment.client.hget(key, "evil") == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.real_redis
@pytest.mark.parametrize("damaged", BOARDS)
def test_p9_a_board_whose_outbox_is_damaged_keeps_no_other_waiting(
    deployment: Deployment, attacker: redis.Redis, jobs: FussyJobs, damaged: str
) -> None:
    attacker.set(BoardKeys(damaged).outbox, NO_TEXT)
    with ticking(deployment, attacker):
        eventually(lambda: set(jobs.sent) == {f"us.{name}" for name in BOARDS if name != damaged})
        eventually(lambda: open_queue("maintenance", attacker).count == 1)


@pytest.mark.real_redis
def test_a_mistake_in_one_boards_work_keeps_no_other_waiting(
    deployment: Deployment, attacker: redis.Redis, jobs: FussyJobs
) -> None:
    jobs.refuses = "us.main"
    with capture_logs() as events, ticking(deployment, attacker):
        eventually(lambda: set(jobs.sent) == {"us.second", "us.third"})
        eventually(lambda: open_queue("maintenance", attacker).count == 1)
    failed = [event for event in events if event["event"] == "passed over what failed"]
    assert {(event["board"], event["error"]) for event in failed} == {("main", "ValueError")}
    assert RITA not in str(events)


class Faulty(FakeRedis):
    """Has a mistake when somebody first asks for the lead."""

    has_failed = False

    def set(self, *args: Any, **options: Any) -> Any:
        if not self.has_failed:
            self.has_failed = True
            raise ValueError(f"a mistake with {RITA}")
        return super().set(*args, **options)


def test_the_ticker_outlives_a_mistake() -> None:
    client = Faulty()
    with capture_logs() as events, ticking(make_deployment(client), FakeRedis()):
        eventually(lambda: client.exists(DeploymentKeys().ticker_leader))
    (failed,) = [event for event in events if event["event"] == "tick failed"]
    assert failed["error"] == "ValueError"
    assert RITA not in str(events)
