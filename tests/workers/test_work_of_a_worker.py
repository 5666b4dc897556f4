"""What a worker does around a job, in this process."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fakeredis
import pytest
from redis.exceptions import ReadOnlyError, ResponseError
from rq import Retry
from rq.exceptions import StopRequested
from rq.job import Job, JobStatus
from rq.results import Result
from rq.timeouts import HorseMonitorTimeoutException, JobTimeoutException
from structlog.testing import capture_logs

from config.settings import Settings
from relay.embedded_redis import EmbeddedRedis
from relay.queues import open_queue
from tests.workers.test_worker import SECRET, Refusing, worker
from tests.world import make_settings
from workers import jobs, ticker
from workers import worker as worker_process
from workers.known_job import KnownJob
from workers.worker import (
    JobOverdue,
    KnownQueue,
    RelayWorker,
    TimeLimit,
    build_worker,
    leave_with_parent,
)

pytestmark = pytest.mark.usefixtures("signals_as_they_were")
FINISH, REFUSE = "tests.workers.test_worker.finish", "tests.workers.test_worker.refuse"


class Inline(RelayWorker):
    """Does its jobs in its own process."""

    def fork_work_horse(self, job: Job, queue: Any) -> None:
        self.perform_job(job, queue, self.execution)

    def monitor_work_horse(self, *_: Any) -> None:
        """There is none."""


@pytest.fixture
def rq() -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis(server=fakeredis.FakeServer())


def work(rq: fakeredis.FakeRedis) -> None:
    worker(rq, Refusing, Inline).work(burst=True, logging_level="WARNING")


def test_a_job_of_ours_is_done(rq: fakeredis.FakeRedis) -> None:
    job = open_queue("texts", rq).enqueue(FINISH, "us.SM1")
    work(rq)
    result = job.latest_result()
    assert result is not None
    assert result.type is Result.Type.SUCCESSFUL


def test_a_failed_job_is_kept_as_failed_without_what_it_was_about(
    rq: fakeredis.FakeRedis,
) -> None:
    """P2"""
    queue = open_queue("texts", rq)
    job = queue.enqueue(REFUSE, "us.SM1", description="refuse")
    with capture_logs() as logs:
        work(rq)
    (said,) = [line for line in logs if line["log_level"] == "error"]
    assert (said["error"], said["job"]) == ("ValueError", "refuse")
    assert "test_worker.py" in str(said["where"])
    assert SECRET not in str(logs)

    job.refresh()
    result = job.latest_result()
    assert result is not None
    assert "ValueError: cannot call [number] for us.SM1" in result.exc_string
    assert result.execution_id
    assert job.id in queue.failed_job_registry
    assert len(queue.started_job_registry) == 0


def test_a_job_with_another_try_waits_in_its_queue_again(rq: fakeredis.FakeRedis) -> None:
    queue = open_queue("texts", rq)
    job = queue.enqueue(REFUSE, "us.SM1", retry=Retry(max=1))
    tried = worker(rq, Refusing, Inline)
    tried.work(burst=True, logging_level="WARNING", max_jobs=1)
    assert job.get_status() is JobStatus.QUEUED
    assert queue.get_job_ids() == [job.id]


def test_what_a_time_limit_ends_passes_every_except_exception() -> None:
    limit = TimeLimit(60, JobTimeoutException, job_id="x")
    with pytest.raises(JobOverdue), limit:
        signal.raise_signal(signal.SIGALRM)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert not issubclass(JobOverdue, Exception)


def test_a_time_limit_is_set_for_as_long_as_the_work_lasts() -> None:
    with TimeLimit(60, JobTimeoutException, job_id="x"):
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_other_limits_than_a_jobs_end_as_rq_has_them() -> None:
    with (
        pytest.raises(HorseMonitorTimeoutException),
        TimeLimit(60, HorseMonitorTimeoutException),
    ):
        signal.raise_signal(signal.SIGALRM)


class LateAlarm(TimeLimit):
    """It comes while it is called off."""

    def cancel_death_penalty(self) -> None:
        try:
            signal.raise_signal(signal.SIGALRM)
        finally:
            super().cancel_death_penalty()


def test_an_alarm_that_comes_when_the_work_is_done_is_forgiven() -> None:
    with LateAlarm(60, JobTimeoutException):
        pass


class Unsettled(fakeredis.FakeRedis):
    """At first it is no master any more."""

    def __init__(self, *errors: ResponseError) -> None:
        super().__init__(server=fakeredis.FakeServer())
        self.errors = list(errors)

    def lpop(self, *args: Any, **options: Any) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return super().lpop(*args, **options)


def test_a_worker_waits_for_a_master_and_goes_on() -> None:
    rq = Unsettled(ReadOnlyError("You can't write against a read only replica."))
    job = open_queue("texts", rq).enqueue(FINISH, "us.SM1")
    work(rq)
    assert not rq.errors
    assert job.get_status() is JobStatus.FINISHED


def test_a_worker_does_not_wait_for_what_no_master_would_mend() -> None:
    """It quits, and its supervisor starts another."""
    rq = Unsettled(ResponseError("WRONGTYPE"), ResponseError("WRONGTYPE"))
    open_queue("texts", rq).enqueue(FINISH, "us.SM1")
    work(rq)
    assert len(rq.errors) == 1


class ToldWhileCleaning(Inline):
    """RQ's handler of SIGTERM raises wherever an idle worker is."""

    def clean_registries(self) -> None:
        raise StopRequested


class Telling(Refusing):
    """Its worker is told to stop while it looks at it."""

    def why_not(self) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return super().why_not()


def test_a_worker_that_is_told_to_stop_while_it_looks_at_a_job_does_that_one(
    rq: fakeredis.FakeRedis,
) -> None:
    queue = open_queue("texts", rq)
    job, later = (queue.enqueue(FINISH, "us.SM1") for _ in range(2))
    worker(rq, Telling, Inline).work(burst=True, logging_level="WARNING")
    assert job.get_status() is JobStatus.FINISHED
    assert later.get_status() is JobStatus.QUEUED


class Damaged(Inline):
    def clean_registries(self) -> None:
        assert self.queues[0].acquire_maintenance_lock()
        raise KeyError


def test_a_worker_that_is_told_to_stop_while_it_cleans_up_stops(rq: fakeredis.FakeRedis) -> None:
    with pytest.raises(StopRequested):
        worker(rq, Refusing, ToldWhileCleaning).run_maintenance_tasks()


def test_p9_what_is_planted_among_jobs_keeps_no_worker_from_its_work(
    rq: fakeredis.FakeRedis,
) -> None:
    """And the next clean-up need not wait for the lock of this one."""
    with capture_logs() as logs:
        for _ in range(2):
            worker(rq, Refusing, Damaged).run_maintenance_tasks()
    assert [line["error"] for line in logs] == 2 * ["KeyError"]


def busy_worker(rq: fakeredis.FakeRedis, job_process: int) -> RelayWorker:
    busy = worker(rq, Refusing, Inline)
    busy.register_birth()
    busy.heartbeat()
    busy.setup_work_horse_signals()
    busy._horse_pid = job_process
    return busy


def test_a_worker_that_is_told_to_stop_tells_its_job(rq: fakeredis.FakeRedis) -> None:
    busy_worker(rq, os.getpid()).handle_warm_shutdown_request()
    assert jobs.turn_ends.is_set()


def test_a_worker_without_a_job_tells_nobody(rq: fakeredis.FakeRedis) -> None:
    busy_worker(rq, 0).handle_warm_shutdown_request()
    assert not jobs.turn_ends.is_set()


@pytest.mark.parametrize("is_told", [True, False])
def test_a_job_that_was_told_nothing_while_it_began_is_told_later(
    rq: fakeredis.FakeRedis, is_told: bool
) -> None:
    job = open_queue("texts", rq, KnownQueue).enqueue(FINISH, "us.SM1")
    busy = busy_worker(rq, os.getpid())
    execution = busy.prepare_execution(job)
    busy._stop_requested = is_told
    busy.maintain_heartbeats(job, execution)
    assert jobs.turn_ends.is_set() is is_told
    assert rq.hget(job.key, "last_heartbeat")
    # Within seconds of its worker's death it is known to be abandoned.
    assert 0 < rq.ttl(execution.key) <= 60 + 15


PR_SET_PDEATHSIG, PR_GET_PDEATHSIG = 1, 2


@contextmanager
def signal_at_parents_death() -> Iterator[Callable[[], int]]:
    """What the system will send to this process when its parent dies."""
    prctl = ctypes.CDLL(None).prctl

    def ask() -> int:
        answer = ctypes.c_int()
        assert prctl(PR_GET_PDEATHSIG, ctypes.byref(answer)) == 0
        return answer.value

    before = ask()
    try:
        yield ask
    finally:
        prctl(PR_SET_PDEATHSIG, before)


def test_a_worker_whose_supervisor_is_killed_is_told_to_stop() -> None:
    with signal_at_parents_death() as asked:
        leave_with_parent()
        assert asked() == signal.SIGTERM


def test_a_worker_that_cannot_begin_for_want_of_redis_says_so_by_its_code() -> None:
    """Nobody listens at the address of the tests' settings."""
    with signal_at_parents_death() as asked, capture_logs() as logs:
        assert worker_process.main("texts", make_settings()) == 1
        assert asked() == signal.SIGTERM
    (lost,) = [line for line in logs if line["log_level"] == "warning"]
    assert lost["queue"] == "texts"
    assert lost["error"].endswith("Error")


@contextmanager
def told(signum: int, is_time: Callable[[], bool] = lambda: True) -> Iterator[threading.Event]:
    """This process gets the signal as soon as somebody listens for it, when it is time; then the
    event is set."""
    ended, is_told, before = threading.Event(), threading.Event(), signal.getsignal(signum)

    def tell() -> None:
        while signal.getsignal(signum) is before or not is_time():
            if ended.wait(0.01):
                return
        is_told.set()
        os.kill(os.getpid(), signum)

    telling = threading.Thread(target=tell)
    telling.start()
    try:
        yield is_told
    finally:
        ended.set()
        telling.join()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_ticker_ends_when_it_is_told_to_stop(signum: signal.Signals) -> None:
    with told(signum) as is_told:
        ticker.main(make_settings())
        assert is_told.is_set()


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Of a process that has a Redis."""
    with EmbeddedRedis(tmp_path) as server:
        yield make_settings(REDIS_URL=server.url)


@pytest.mark.real_redis
@pytest.mark.in_process
def test_a_worker_as_it_is_built_notices_abandoned_jobs_soon(settings: Settings) -> None:
    built = build_worker("texts", settings)
    (queue,) = built.queues
    assert queue.name == "texts"
    job = queue.enqueue("workers.jobs.send_texts", "us.SM1")
    assert isinstance(job, KnownJob)
    assert list(KnownJob.fetch(job.id, built.connection, built.serializer).args) == ["us.SM1"]
    # It looks often enough, and gives a sign of life often enough.
    assert 0 < built.dequeue_timeout <= 3
    assert 0 < built.maintenance_interval <= 3
    assert 0 < built.job_monitoring_interval < built.get_heartbeat_ttl(job) / 2
    assert built.dequeue_timeout < built.connection_timeout <= built.dequeue_timeout + 2
    assert built.job_class is KnownJob
    assert not built.log_job_description


@pytest.mark.real_redis
@pytest.mark.in_process
def test_a_worker_that_is_told_to_stop_ends_well(
    settings: Settings, work_under: Callable[..., None]
) -> None:
    work_under(REDIS_URL=settings.redis_url.get_secret_value())
    with signal_at_parents_death(), told(signal.SIGTERM), capture_logs() as logs:
        assert worker_process.main("texts", settings) == 0
    assert {line["queue"] for line in logs} == {"texts"}
