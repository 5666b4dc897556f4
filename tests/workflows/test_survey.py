"""How the deployment does, in one look."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import fakeredis
import pytest
from rq import Queue, Worker

from config.queues import QUEUES
from config.schedule import PERIODIC_JOBS, SWEEP_OUTBOX
from relay.domain.board import Board
from relay.domain.errors import Unavailable
from relay.workflows.deployment import Deployment
from relay.workflows.services import Services
from relay.workflows.survey import DeploymentStatus, PeriodicStatus, survey, survey_scheduler
from tests.fake_redis import FakeRedis
from tests.world import NOW, make_deployment, make_world


def make_queues(*served: str) -> FakeRedis:
    """RQ's Redis, with a worker of each of these queues."""
    server = fakeredis.FakeServer()
    for name in served:
        Worker([name], connection=fakeredis.FakeRedis(server=server)).register_birth()
    return FakeRedis(server)


def make_well(deployment: Deployment) -> float:
    """Everybody is at work. Returns the moment."""
    now = time.time()
    deployment.queues = make_queues(*(queue.name for queue in QUEUES))
    for name in (SWEEP_OUTBOX, *(job.name for job in PERIODIC_JOBS)):
        deployment.successes.note(name, now=now)
    return now


def look(deployment: Deployment, now: float) -> DeploymentStatus:
    return survey(deployment, deployment.boards, now=now)


def test_where_everybody_is_at_work_all_is_well() -> None:
    deployment = make_world().deployment
    now = make_well(deployment)

    found = look(deployment, now)

    assert found.is_well(now)
    assert found.queues is not None
    assert [(queue.name, queue.workers) for queue in found.queues] == [
        (queue.name, 1) for queue in QUEUES
    ]
    [board] = found.boards
    assert list(board.outlooks) == ["us"]


def test_jobs_that_wait_are_counted_by_queue() -> None:
    deployment = make_world().deployment
    server = fakeredis.FakeServer()
    Queue("texts", connection=fakeredis.FakeRedis(server=server)).enqueue("workers.jobs.recycle")
    deployment.queues = FakeRedis(server)

    queues = look(deployment, NOW).queues

    assert queues is not None
    assert {queue.name: queue.waiting for queue in queues} == {
        "texts": 1,
        "maintenance": 0,
        "numbers": 0,
    }


@pytest.mark.parametrize("ago", [20, 40])
def test_a_worker_is_alive_as_long_as_it_gives_signs_of_life(ago: int) -> None:
    deployment = make_world().deployment
    now = make_well(deployment)
    [worker] = deployment.queues.smembers("rq:workers:texts")
    seen = datetime.fromtimestamp(now - ago, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    deployment.queues.hset(worker, "last_heartbeat", seen)

    found = look(deployment, now)

    assert found.queues is not None
    texts = next(queue for queue in found.queues if queue.name == "texts")
    assert texts.workers == (1 if ago == 20 else 0)
    assert texts.seen_at == pytest.approx(now - ago, abs=0.01)
    assert found.is_well(now) is (ago == 20)


@pytest.mark.parametrize("written", [None, "yesterday"])
def test_a_worker_of_which_nothing_is_known_is_not_alive(written: str | None) -> None:
    deployment = make_world().deployment
    now = make_well(deployment)
    [worker] = deployment.queues.smembers("rq:workers:texts")
    deployment.queues.delete(worker)
    if written:
        deployment.queues.hset(worker, "last_heartbeat", written)

    found = look(deployment, now)

    assert found.queues is not None
    assert [queue.seen_at for queue in found.queues if not queue.workers] == [None]


@pytest.mark.parametrize(("ago", "is_at_work"), [(30, True), (30.5, False)])
def test_a_scheduler_is_at_work_for_half_a_minute_after_its_sweep(
    ago: float, is_at_work: bool
) -> None:
    deployment = make_world().deployment
    deployment.successes.note(SWEEP_OUTBOX, now=NOW)
    found = survey_scheduler(deployment, now=NOW + ago)
    assert found.is_at_work is is_at_work


def test_p9_a_sign_of_life_that_is_still_to_come_is_none() -> None:
    deployment = make_world().deployment
    now = make_well(deployment)
    for name in (SWEEP_OUTBOX, "recycle"):
        deployment.successes.note(name, now=now + 86_400)

    found = survey_scheduler(deployment, now=now)

    assert (found.is_at_work, found.swept_at) == (False, None)
    recycled = next(work for work in found.periodic if work.name == "recycle")
    assert recycled.is_late(now)


def test_a_scheduler_that_has_stopped_is_not_well() -> None:
    deployment = make_world().deployment
    now = make_well(deployment)

    found = look(deployment, now + 31)

    assert found.scheduler is not None
    assert not found.scheduler.is_at_work
    assert found.scheduler.swept_at == pytest.approx(now, abs=0.01)


def test_periodic_work_is_late_after_three_of_its_turns_and_a_while() -> None:
    work = PeriodicStatus(name="recycle", every=5.0, succeeded_at=NOW)

    assert not work.is_late(NOW + 134)
    assert work.is_late(NOW + 136)
    assert replace(work, succeeded_at=None).is_late(NOW)


def test_late_periodic_work_is_not_well() -> None:
    deployment = make_world().deployment
    now = make_well(deployment)
    deployment.successes.note("recycle", now=now - 200)

    found = look(deployment, now)

    assert found.scheduler is not None
    assert [job.name for job in found.scheduler.periodic if job.is_late(now)] == ["recycle"]
    assert not found.is_well(now)


def test_what_somebody_else_noted_as_a_success_is_none() -> None:
    deployment = make_world().deployment
    now = make_well(deployment)
    deployment.client.hset("{all_boards}:successes", "recycle", "for ever")

    found = look(deployment, now)

    assert found.scheduler is not None
    assert {job.name for job in found.scheduler.periodic if job.succeeded_at is None} == {"recycle"}


def test_what_is_away_is_left_out() -> None:
    store, rq = fakeredis.FakeServer(), fakeredis.FakeServer()
    deployment = make_deployment(FakeRedis(store), queues=FakeRedis(rq))

    rq.connected = False
    found = look(deployment, NOW)
    assert found.queues is None
    assert found.scheduler is not None

    store.connected, rq.connected = False, True
    found = look(deployment, NOW)
    assert found.queues is not None
    assert (found.scheduler, found.carrier_times, found.boards) == (None, None, ())
    assert not found.are_all_there
    assert not found.is_well(NOW)
    deployment.successes.note("recycle", now=NOW)  # and nothing is raised


def test_a_board_that_is_away_hides_no_other() -> None:
    deployment = make_world().deployment
    now = make_well(deployment)
    deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
    assert look(deployment, now).is_well(now)

    def away() -> None:
        raise Unavailable("away")

    deployment.main.store.pools.all = away  # type: ignore[method-assign, assignment]

    found = look(deployment, now)
    assert [board.name for board in found.boards] == ["second"]
    assert not found.is_well(now)


def test_a_lost_master_is_waited_for_once_whatever_boards_are_on_it() -> None:
    deployment = make_world().deployment
    deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))

    def away() -> None:
        raise Unavailable("away") from ConnectionError()

    deployment.main.store.pools.all = away  # type: ignore[method-assign, assignment]

    assert look(deployment, NOW).boards == ()  # nobody has asked for the second


def test_where_the_boards_cannot_be_read_the_rest_is_seen() -> None:
    deployment = make_world().deployment
    now = make_well(deployment)

    def away() -> list[Services]:
        raise Unavailable("away")

    found = survey(deployment, away, now=now)

    assert (found.boards, found.are_all_there) == ((), False)
    assert found.scheduler is not None
    assert found.scheduler.is_at_work
    assert not found.is_well(now)


def test_a_survey_costs_as_much_whatever_is_on_record() -> None:
    """By queues, boards and pools, and not by sessions, texts or calls."""
    world = make_world()

    def commands() -> int:
        sent = 0
        client = world.deployment.client
        execute = client.execute_command

        def counting(*args: object, **options: object) -> object:
            nonlocal sent
            sent += 1
            return execute(*args, **options)

        client.execute_command = counting  # type: ignore[method-assign]
        look(world.deployment, NOW)
        client.execute_command = execute  # type: ignore[method-assign]
        return sent

    commands()  # scripts are loaded
    before = commands()
    for candidate in ("carl", "dan", "eve"):
        world.open(candidate=candidate)

    assert commands() == before
