"""The Procfile's ``scheduler``: enqueues periodic work and sweeps each board's outbox.

One ticker leads by a key that it renews; a second one waits. Should both believe that they lead,
they do no harm: a periodic job's id names its slot of time, and sweeping is safe side by side.
"""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections.abc import Sequence

import redis
import structlog
from redis.exceptions import RedisError

from config.logging import log_failure
from config.process_log import run_process
from config.schedule import PERIODIC_JOBS, SWEEP_EVERY, SWEEP_OUTBOX, PeriodicJob
from config.settings import Settings
from relay.bootstrap import build_deployment
from relay.domain.errors import Unavailable
from relay.queues import JobQueues
from relay.store.clock import ClockGuard
from relay.store.keys import DeploymentKeys
from relay.workflows.deployment import Deployment
from relay.workflows.pass_over_failures import for_each_board
from relay.workflows.sweep_outbox import sweep_outbox

log = structlog.get_logger()

#: Seconds after which another ticker takes over from one that has died.
LEADERSHIP = 10
_TICK = 0.5


class Leadership:
    """Who leads, by a key with a lifetime. Raises Unavailable."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._token = secrets.token_urlsafe(9)

    def is_ours(self) -> bool:
        """Takes or keeps the lead where possible."""
        if self._client.set(DeploymentKeys().ticker_leader, self._token, nx=True, ex=LEADERSHIP):
            return True
        if self._client.get(DeploymentKeys().ticker_leader) != self._token:
            return False
        return bool(self._client.expire(DeploymentKeys().ticker_leader, LEADERSHIP))

    def give_back(self) -> None:
        if self._client.get(DeploymentKeys().ticker_leader) == self._token:
            self._client.delete(DeploymentKeys().ticker_leader)


class Ticker:
    def __init__(
        self,
        deployment: Deployment,
        queues: JobQueues,
        *,
        periodic: Sequence[PeriodicJob] = PERIODIC_JOBS,
        sweep_every: float = SWEEP_EVERY,
    ) -> None:
        self._deployment = deployment
        self._queues = queues
        self._periodic = periodic
        self._sweep_every = sweep_every
        self._leadership = Leadership(deployment.client)
        self._clock = ClockGuard(deployment.client)
        #: Of each job the latest slot, and over which connections it was enqueued.
        self._slots: dict[str, tuple[int, object]] = {}
        self._swept_at = 0.0

    def tick(self, now: float) -> None:
        """Does what is due. A slot that nobody enqueued, because no ticker ran, is due at once; so
        is one that was enqueued over connections which were lost since, perhaps with their Redis.

        Raises RedisError when the queue's Redis is away; Unavailable when the store is, or when
        this machine's clock is wrong.
        """
        self._clock.check()
        if not self._leadership.is_ours():
            return
        if now - self._swept_at >= self._sweep_every:
            self._sweep(now)
            self._swept_at = now
        for job in self._periodic:
            slot, era = int(now) // job.every * job.every, self._queues.era
            if self._slots.get(job.name) != (slot, era):
                is_first = job.name not in self._slots
                self._queues.enqueue_slot(job, int(now) if is_first and job.at_start else slot)
                self._slots[job.name] = slot, era

    def _sweep(self, now: float) -> None:
        for_each_board(self._deployment.boards(), lambda board: sweep_outbox(board, now=now))
        self._deployment.successes.note(SWEEP_OUTBOX, now=now)

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(_TICK):
            try:
                self.tick(time.time())
            except (RedisError, Unavailable) as error:
                log.warning("ticker waits", error=type(error).__name__, why=str(error))
            except Exception as error:  # noqa: BLE001 - the outermost one: the next tick may go well
                log_failure(log, "tick failed", error)
        try:
            self._leadership.give_back()
        except Unavailable:
            log.info("leadership ends by itself")


def main(settings: Settings) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    log.info("ticker started")
    Ticker(build_deployment(settings), JobQueues.from_settings(settings)).run(stopping)
    log.info("ticker stopped")


if __name__ == "__main__":
    run_process(main)
