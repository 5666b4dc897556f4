"""Putting work into RQ: ids only, as JSON, with a description that says nothing else."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from typing import Self

import redis
import structlog
from redis.exceptions import RedisError
from rq import Queue
from rq import Retry as Tries
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from config.queues import NUMBERS, TEXTS
from config.redis_location import locate_redis
from config.schedule import RECONCILE_NUMBERS, PeriodicJob
from config.settings import Settings
from relay.domain.participant import Role
from relay.store.connection import QUIET_START, open_pool
from relay.store.following import FollowingRedis
from relay.store.lean_pool import LeanPool

log = structlog.get_logger()

#: Seconds a job may take: minutes of requests to the carrier.
_JOB_TIMEOUT = 120
#: A job that works on the queue of texts goes on while there is anything in it (``drain.py``).
_NO_TIMEOUT = -1
#: Long enough for a second ticker to see that a slot is done, in seconds.
_RESULT_TTL = 300
_FAILURE_TTL = 600
#: Seconds for which a finished job is kept. To delete it at once, RQ would open a connection more.
_FORGOTTEN_AFTER = 1
#: A purchase that no worker has taken on by then is enqueued again by its sweeper, in seconds.
_HINT_TTL = 60
#: A comparison of numbers that somebody asks for is enqueued once in so many seconds.
_EARLY_EVERY = 10
#: So many waiting jobs are more than the workers need in sight: they drain this in seconds.
BACKED_UP = 1000
#: A job whose worker was killed counts as tried.
_TRIES = 3


def connect_queues(settings: Settings) -> redis.Redis:
    """RQ's Redis, one client for all of a process: a job and what it enqueues share a connection.
    It reads bytes, unlike the store's client. What it sends is repeated once, at once: a webhook
    waits for the hint it gives, and redis-py's own patience is seconds."""
    return _client(settings.queue_redis_url.get_secret_value(), settings.redis_tls_verify)


@cache
def _client(url: str, tls_verify: bool) -> redis.Redis:  # noqa: FBT001 - a key of the cache
    where = locate_redis(url)
    options = {**QUIET_START}
    if where.url.startswith("rediss://") and not tls_verify:
        options["ssl_cert_reqs"] = "none"
    return FollowingRedis(connection_pool=open_pool(where, options))


def open_queue(name: str, connection: redis.Redis, kind: type[Queue] = Queue) -> Queue:
    return kind(name, connection=connection, serializer=JSONSerializer)


class JobQueues:
    """What is enqueued by RQ, for all boards."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection
        self._texts = open_queue(TEXTS, connection)
        self._numbers = open_queue(NUMBERS, connection)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(connect_queues(settings))

    @property
    def era(self) -> object:
        """Another one when connections were lost: what was enqueued may be lost with them."""
        pool = self._connection.connection_pool
        return pool.era if isinstance(pool, LeanPool) else None

    def send_message(self, board: str, message_id: str) -> None:
        """A hint for a worker: when Redis is away, the sweeper enqueues it later."""
        self._hint(self._texts, "send_texts", board, message_id, ttl=None, retry=Tries(max=_TRIES))

    def end_calls(self, board: str, person: str) -> None:
        """A hint: recycling does the same."""
        self._hint(self._texts, "end_calls", board, person)

    def buy_numbers(self, board: str, job_id: str) -> None:
        """A hint as for a message. It expires when the next hint is due."""
        self._hint(self._numbers, "buy_numbers", board, job_id)

    def compare_numbers(self) -> None:
        """A hint, a few times a minute at most: the schedule does the same."""
        early = replace(RECONCILE_NUMBERS, name=f"{RECONCILE_NUMBERS.name}-early")
        try:
            self.enqueue_slot(early, int(time.time()) // _EARLY_EVERY * _EARLY_EVERY)
        except RedisError as error:
            log.warning("numbers not compared early", error=type(error).__name__)

    def _hint(
        self,
        queue: Queue,
        function: str,
        board: str,
        identifier: str,
        *,
        ttl: int | None = _HINT_TTL,
        retry: Tries | None = None,
    ) -> None:
        try:
            queue.enqueue_call(
                f"workers.jobs.{function}",
                args=(board, identifier),
                timeout=_NO_TIMEOUT if queue is self._texts else _JOB_TIMEOUT,
                result_ttl=_FORGOTTEN_AFTER,
                failure_ttl=_FAILURE_TTL,
                ttl=ttl,
                retry=retry,
                description=function.replace("_", " "),
            )
        except RedisError as error:
            log.warning(
                "job not enqueued",
                function=function,
                board=board,
                id=identifier,
                error=type(error).__name__,
            )

    def is_backed_up(self) -> bool:
        """Without Redis too: the sweeper asks again in seconds."""
        try:
            return self._texts.count >= BACKED_UP
        except RedisError:
            return True

    def enqueue_slot(self, job: PeriodicJob, slot: int) -> bool:
        """Enqueues a periodic job for a slot of time, once. False when it is there already.

        Raises RedisError.
        """
        queue = open_queue(job.queue, self._connection)
        try:
            queue.enqueue_call(
                job.function,
                job_id=f"{job.name}-{slot}",
                timeout=_JOB_TIMEOUT,
                result_ttl=_RESULT_TTL,
                failure_ttl=_FAILURE_TTL,
                # What waited longer than this is no news: the next slot does the same.
                ttl=3 * job.every,
                retry=Tries(max=_TRIES),
                description=job.name,
                unique=True,
            )
        except DuplicateJobError:
            return False
        return True


class BoardJobs:
    """The Jobs of one board (``workflows/services.py``)."""

    def __init__(self, queues: JobQueues, board: str) -> None:
        self._queues = queues
        self._board = board

    def send_message(self, message_id: str) -> None:
        self._queues.send_message(self._board, message_id)

    def buy_numbers(self, job_id: str) -> None:
        self._queues.buy_numbers(self._board, job_id)

    def end_calls(self, role: Role, ref: str) -> None:
        self._queues.end_calls(self._board, f"{role}.{ref}")

    def compare_numbers(self) -> None:
        self._queues.compare_numbers()

    def is_backed_up(self) -> bool:
        return self._queues.is_backed_up()
