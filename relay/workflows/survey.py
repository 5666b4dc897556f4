"""Surveys how the deployment does: its workers, scheduler, boards and carrier.

The one source of ``/metrics``, ``GET /v1/status`` and the ``doctor``. It costs round trips for each
queue, board and pool, and none for a session, text or call. What is away is left out, so that the
rest can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from config.queues import QUEUES
from config.schedule import PERIODIC_JOBS, SWEEP_EVERY, SWEEP_OUTBOX
from relay.domain.errors import Unavailable
from relay.domain.texts import Backlog
from relay.store.backlog import read_backlog
from relay.store.carrier_times import CarrierTime
from relay.store.outcomes import Outcome
from relay.store.worker_status import QueueStatus, queue_status
from relay.workflows.deployment import Deployment
from relay.workflows.forecast_pool import Outlook, forecast_pool
from relay.workflows.pass_over_failures import for_each_board
from relay.workflows.services import Services

Answer = TypeVar("Answer")

#: A scheduler sweeps every two seconds, and another one takes over within ten.
_ALIVE_FOR = 30.0
#: Periodic work is late when it has not ended well for so many of its intervals, and a while.
_MISSED_SLOTS = 3
_GRACE = 120.0
#: A text that could have been sent for so many seconds is stuck.
STUCK_AFTER = 300.0


@dataclass(frozen=True, kw_only=True)
class PeriodicStatus:
    """Periodic work that is due ``every`` so many seconds. ``succeeded_at`` (POSIX seconds) is when
    it last ended well, None if it never has."""

    name: str
    every: float
    succeeded_at: float | None

    def is_late(self, now: float) -> bool:
        most = _MISSED_SLOTS * self.every + _GRACE
        return self.succeeded_at is None or now - self.succeeded_at > most


@dataclass(frozen=True, kw_only=True)
class SchedulerStatus:
    """``swept_at`` (POSIX seconds) is when the scheduler last swept the outbox, its steadiest work;
    None if it never has."""

    is_at_work: bool
    swept_at: float | None
    periodic: tuple[PeriodicStatus, ...]


@dataclass(frozen=True, kw_only=True)
class BoardStatus:
    """``outlooks`` are by pool."""

    name: str
    backlog: Backlog
    outcomes: tuple[Outcome, ...]
    outlooks: Mapping[str, Outlook]


@dataclass(frozen=True, kw_only=True)
class DeploymentStatus:
    """``queues`` is None while RQ's Redis is away, ``scheduler`` and ``carrier_times`` while the
    store is. A board that is away is not among the boards, and ``are_all_there`` is False."""

    queues: tuple[QueueStatus, ...] | None
    scheduler: SchedulerStatus | None
    boards: tuple[BoardStatus, ...]
    are_all_there: bool
    carrier_times: tuple[CarrierTime, ...] | None

    def is_well(self, now: float) -> bool:
        """Whether nothing waits for somebody: as the alerts of ``deploy/prometheus`` see it."""
        return (
            self.queues is not None
            and all(queue.workers for queue in self.queues)
            and self.scheduler is not None
            and self.scheduler.is_at_work
            and not any(job.is_late(now) for job in self.scheduler.periodic)
            and self.are_all_there
            and all(board.backlog.oldest_age(now) < STUCK_AFTER for board in self.boards)
        )


def survey(
    deployment: Deployment, boards: Callable[[], Iterable[Services]], *, now: float
) -> DeploymentStatus:
    """Of the deployment as a whole, and of these boards. Raises nothing. A store that does not
    answer, or a master of it, is waited for once: who scrapes does not wait for long."""
    queues = _if_there(lambda: survey_queues(deployment, now=now))
    scheduler = _if_there(lambda: survey_scheduler(deployment, now=now))
    if scheduler is None:
        return DeploymentStatus(
            queues=queues, scheduler=None, boards=(), are_all_there=False, carrier_times=None
        )
    asked = _if_there(lambda: [*boards()])
    found = for_each_board(asked or (), partial(_survey_board, now=now))
    return DeploymentStatus(
        queues=queues,
        scheduler=scheduler,
        boards=tuple(found),
        are_all_there=asked is not None and len(found) == len(asked),
        carrier_times=_if_there(lambda: tuple(deployment.carrier_times.all())),
    )


def survey_queues(deployment: Deployment, *, now: float) -> tuple[QueueStatus, ...]:
    """Raises Unavailable while RQ's Redis is away."""
    return tuple(queue_status(deployment.queues, queue.name, now=now) for queue in QUEUES)


def survey_scheduler(deployment: Deployment, *, now: float) -> SchedulerStatus:
    """Raises Unavailable while the store is away."""
    every = {SWEEP_OUTBOX: SWEEP_EVERY, **{job.name: float(job.every) for job in PERIODIC_JOBS}}
    succeeded = deployment.successes.of(every, until=now + _ALIVE_FOR)
    swept_at = succeeded[SWEEP_OUTBOX]
    return SchedulerStatus(
        is_at_work=swept_at is not None and now - swept_at <= _ALIVE_FOR,
        swept_at=swept_at,
        periodic=tuple(
            PeriodicStatus(name=name, every=seconds, succeeded_at=succeeded[name])
            for name, seconds in every.items()
        ),
    )


def _survey_board(services: Services, *, now: float) -> BoardStatus:
    store = services.store
    return BoardStatus(
        name=services.board.name,
        backlog=read_backlog(store.client, store.keys),
        outcomes=tuple(store.outcomes.all()),
        outlooks={pool.name: forecast_pool(services, pool, now=now) for pool in store.pools.all()},
    )


def _if_there(ask: Callable[[], Answer]) -> Answer | None:
    try:
        return ask()
    except Unavailable:
        return None
