"""One worker process for one queue: ``python -m workers.worker texts``.

RQ's figures for noticing a dead worker are tuned: as they come, the job of a worker that was
killed runs again after 807 s, with these after 15.5 s (RQ-killed-worker).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from typing import Any

import redis
import structlog
from redis.exceptions import RedisError, ResponseError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty
from rq.worker import WorkerStatus

from config.logging import log_failure, mask
from config.process_log import run_process
from config.settings import Settings
from relay.queues import connect_queues, open_queue
from relay.store.lean_pool import is_no_master
from workers import jobs
from workers.known_job import KnownJob, is_job_id

log = structlog.get_logger()

#: Seconds without a sign of life after which a job counts as abandoned.
_HEARTBEAT_TTL = 15
_JOB_MONITORING_INTERVAL = 3
_MAINTENANCE_INTERVAL = 2
#: RQ waits fifteen seconds less than this for a job before it looks after abandoned ones.
_WORKER_TTL = 18
#: Seconds that an answer may be later than was asked for: then the server is gone.
_LATEST = 1
#: Seconds between two looks for a master.
_PAUSE = 1.0
_PR_SET_PDEATHSIG = 1
#: Tells a job that it is to begin nothing new.
_END_TURN = signal.SIGUSR1


class JobOverdue(BaseException):
    """A job's time is up. No ``except Exception`` on its way may go on with the work."""


class TimeLimit(UnixSignalDeathPenalty):
    """RQ's time limits, where a job that has had its time ends by JobOverdue."""

    def __init__(self, timeout: int, exception: type[BaseException], **about: Any) -> None:
        ours = JobOverdue if exception is JobTimeoutException else exception
        super().__init__(timeout, ours, **about)  # type: ignore[no-untyped-call] # RQ's has no types

    def __exit__(self, *raised: object) -> None:
        # RQ forgives an alarm of its own that comes while it is called off: the work is done.
        with suppress(JobOverdue):
            super().__exit__(*raised)  # type: ignore[no-untyped-call]


class KnownQueue(Queue):
    """A queue that somebody may have written to (P9)."""

    job_class = KnownJob

    @classmethod
    def lmove(
        cls, connection: redis.Redis, queue_key: str, timeout: int | None
    ) -> tuple[str, bytes] | None:
        """The next id. RQ's worker quits at one that is none, and again after each restart, because
        that stays in the intermediate queue: it is taken out here."""
        while taken := super().lmove(connection, queue_key, timeout):
            raw: bytes = taken[1]
            job_id = raw.decode(errors="replace")
            if is_job_id(job_id):
                return queue_key, raw
            held = IntermediateQueue.get_intermediate_queue_key(queue_key)
            connection.lrem(held, 1, raw)  # type: ignore[arg-type] # bytes are welcome
            jobs.refuse_job(job_id, "its id is none")
        return None


class RelayWorker(Worker):
    """Notices abandoned jobs soon, comes back soon when Redis was away, and keeps what a failed
    job says to itself: RQ would log its arguments and store its traceback."""

    death_penalty_class = TimeLimit
    queue_class = KnownQueue
    exponential_backoff_factor = 1.3
    max_connection_wait_time = 2.0

    def get_heartbeat_ttl(self, _job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002
        return _HEARTBEAT_TTL

    @property
    def connection_timeout(self) -> int:
        """Seconds that a command may take, the wait for a job included; RQ's own are ten more."""
        return int(self.dequeue_timeout) + _LATEST

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Waits for a master as RQ does for a server that is away."""
        while True:
            try:
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except ResponseError as error:
                if not is_no_master(error):
                    raise
            log.warning("worker waits for a master of its Redis")
            time.sleep(_PAUSE)

    def run_maintenance_tasks(self) -> None:
        """Nothing that somebody has put into RQ's registries keeps a worker from its work, nor the
        next clean-up waiting for RQ's lock."""
        try:
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call] # RQ's has no types
        except (StopRequested, redis.ConnectionError, redis.TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - there may be anything in them
            log_failure(log, "clean-up of the queue failed", error)
        finally:
            for queue in self.queues:
                queue.release_maintenance_lock()  # type: ignore[no-untyped-call] # as above

    def subscribe(self) -> None:
        """Takes no commands from Redis (P9), and keeps no connection that would have to follow."""

    def procline(self, message: str) -> None:
        """The command line goes on saying which queue is served, where `setproctitle` is, too."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Runs the job, or refuses it: a job may be anybody's who can write to Redis (P9)."""
        # Told to stop while it is idle, RQ's worker raises wherever it is; a busy one goes on.
        self.set_state(WorkerStatus.BUSY)
        why_not = job.why_not() if isinstance(job, KnownJob) else "it is none of ours"
        if not why_not:
            super().execute_job(job, queue)
            return
        jobs.refuse_job(job.id, why_not)
        self.connection.delete(job.key)
        self.set_state(WorkerStatus.IDLE)

    def handle_warm_shutdown_request(self) -> None:
        """Told to stop, a worker waits for its job: it must come to its end."""
        if self.horse_pid:
            os.kill(self.horse_pid, _END_TURN)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        super().maintain_heartbeats(job, execution)
        if self._stop_requested:
            # It may have been told while it forked, and could tell nobody.
            self.handle_warm_shutdown_request()

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call] # RQ's has no types
        signal.signal(_END_TURN, lambda *_: jobs.turn_ends.set())

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        log_failure(log, "job failed", exc_info[1], job=job.description)

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: StartedJobRegistry | None = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        super().handle_job_failure(job, queue, started_job_registry, mask(exc_string), execution)


def build_worker(queue: str, settings: Settings) -> RelayWorker:
    """A worker of this queue. Raises RedisError when Redis is away."""
    return RelayWorker(
        [open_queue(queue, connect_queues(settings), KnownQueue)],
        job_class=KnownJob,
        serializer=JSONSerializer,
        job_monitoring_interval=_JOB_MONITORING_INTERVAL,
        maintenance_interval=_MAINTENANCE_INTERVAL,
        worker_ttl=_WORKER_TTL,
        log_job_description=False,
    )


def leave_with_parent() -> None:
    """On Linux: when the supervisor is killed and can pass nothing on, stop as if it had."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def main(queue: str, settings: Settings) -> int:
    """Works until told to stop (0) or until Redis goes away (1): the supervisor starts anew."""
    leave_with_parent()
    try:
        worker = build_worker(queue, settings)
        jobs.deployment()
        log.info("worker started", queue=queue)
        worker.work(logging_level="WARNING")
    except RedisError as error:
        log.warning("worker lost Redis", queue=queue, error=type(error).__name__)
        return 1
    log.info("worker stopped", queue=queue)
    return 0


if __name__ == "__main__":
    run_process(partial(main, sys.argv[1]))
