"""The hints in a queue of RQ's, taken out many at once.

RQ would take each by a fork and some ten round trips. Nothing is lost with a worker that takes
them so and is killed: the outbox has what they are about, and its sweeper gives new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from rq import Queue

from relay.store.connection import READ_TIMEOUT
from workers.known_job import KnownJob
from workers.lane_plan import Hint

#: Seconds; less than the client waits for an answer.
_WAIT = READ_TIMEOUT / 2


class HintQueue:
    """``functions`` names those that such a hint may be for; ``refuse`` is called with the id of
    any other job, and why (P9). Every method raises RedisError."""

    def __init__(
        self, queue: Queue, functions: Collection[str], refuse: Callable[[str, str], None]
    ) -> None:
        self._queue = queue
        self._redis: Any = queue.connection
        self._functions = functions
        self._refuse = refuse

    def take(self, most: int) -> list[Hint]:
        """Those that have waited longest; none when none waits."""
        return self._open(self._redis.lpop(self._queue.key, most) or [])

    def wait(self) -> list[Hint]:
        """The next one, as soon as there is one, or none after a while."""
        popped = self._redis.blpop([self._queue.key], timeout=_WAIT)
        return self._open([popped[1]] if popped else [])

    def _open(self, popped: list[bytes]) -> list[Hint]:
        if not popped:
            return []
        ids = [raw.decode(errors="replace") for raw in popped]
        names = [KnownJob.key_for(one) for one in ids]
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.hgetall(name)
            pipeline.delete(*names)
            *records, _ = pipeline.execute(raise_on_error=False)
        opened = (self._read(one, record) for one, record in zip(ids, records, strict=True))
        return [hint for hint in opened if hint is not None]

    def _read(self, job_id: str, record: Any) -> Hint | None:
        if record == {}:
            # Its time was over, or another worker has refused it.
            return None
        try:
            job = KnownJob(job_id, connection=self._redis, serializer=self._queue.serializer)
            job.restore(record)
        except Exception:  # noqa: BLE001 - there may be anything in it
            why_not = "it cannot be read"
        else:
            why_not = job.why_not() or self._why_not_here(job)
        if why_not:
            self._refuse(job_id, why_not)
            return None
        return Hint(job.func.__name__, *job.args)

    def _why_not_here(self, job: KnownJob) -> str:
        return "" if job.func.__name__ in self._functions else "it is no job of this queue"
