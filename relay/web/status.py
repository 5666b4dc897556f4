"""``GET /v1/status``: how the deployment does, for a board's keys and its own."""

from __future__ import annotations

from apiflask import APIBlueprint

from relay.domain.api_key import Scope
from relay.store.carrier_times import CarrierTime
from relay.store.worker_status import QueueStatus
from relay.web.auth import needs
from relay.web.current import boards_of_key, deployment, now
from relay.web.schemas.status import (
    BacklogAnswer,
    BoardStatusAnswer,
    CarrierTimeAnswer,
    PeriodicJobAnswer,
    PoolStatusAnswer,
    QueueStatusAnswer,
    SchedulerAnswer,
    StatusAnswer,
)
from relay.workflows.forecast_pool import Outlook
from relay.workflows.survey import BoardStatus, PeriodicStatus, SchedulerStatus, survey

status = APIBlueprint("status", __name__, url_prefix="/v1/status")


@status.get("")
@needs(Scope.METRICS)
@status.output(StatusAnswer)
@status.doc(operation_id="get_status")
def get() -> StatusAnswer:
    """See how the service does: workers, scheduler, texts that wait, pools, carrier

    Workers, scheduler and carrier are the deployment's. A board's key sees that board's texts and
    pools, a deployment key those of all boards.
    """
    at = now()
    found = survey(deployment(), boards_of_key, now=at)
    return StatusAnswer(
        is_well=found.is_well(at),
        workers=None if found.queues is None else [_queue(queue) for queue in found.queues],
        scheduler=None if found.scheduler is None else _scheduler(found.scheduler, at),
        boards=[_board(board, at) for board in found.boards],
        carrier=[_carrier(times) for times in found.carrier_times or ()],
    )


def _queue(queue: QueueStatus) -> QueueStatusAnswer:
    return QueueStatusAnswer(
        queue=queue.name,
        alive=queue.workers,
        waiting_jobs=queue.waiting,
        seen_at=_instant(queue.seen_at),
    )


def _scheduler(scheduler: SchedulerStatus, at: float) -> SchedulerAnswer:
    return SchedulerAnswer(
        is_at_work=scheduler.is_at_work,
        swept_at=_instant(scheduler.swept_at),
        periodic_jobs=[_periodic_job(job, at) for job in scheduler.periodic],
    )


def _periodic_job(job: PeriodicStatus, at: float) -> PeriodicJobAnswer:
    return PeriodicJobAnswer(
        name=job.name,
        every=job.every,
        succeeded_at=_instant(job.succeeded_at),
        is_late=job.is_late(at),
    )


def _board(board: BoardStatus, at: float) -> BoardStatusAnswer:
    return BoardStatusAnswer(
        name=board.name,
        backlog=BacklogAnswer(
            unsent=board.backlog.unsent,
            oldest_age=round(board.backlog.oldest_age(at), 1),
            unreported=board.backlog.unreported,
        ),
        pools=[_pool(name, outlook) for name, outlook in board.outlooks.items()],
    )


def _pool(name: str, outlook: Outlook) -> PoolStatusAnswer:
    days = outlook.forecast.days_to_exhaustion
    return PoolStatusAnswer(
        name=name,
        headroom=outlook.figures.headroom,
        usable=outlook.figures.usable,
        free_for_new_pairs=outlook.figures.free_for_new_pairs,
        open_sessions=outlook.figures.open_sessions,
        days_to_exhaustion=None if days is None else round(days, 1),
    )


def _carrier(times: CarrierTime) -> CarrierTimeAnswer:
    return CarrierTimeAnswer(
        verb=times.verb,
        resource=times.resource,
        end=times.end,
        count=times.count,
        mean_milliseconds=round(1000 * times.seconds / max(times.count, 1), 1),
    )


def _instant(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)
