"""What the survey of the deployment finds, as metrics: workers, scheduler, texts, pools, carrier.

A label has few values, whatever is on record: names of boards and pools, and words of ours. No
person, number or session is one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from relay.store.carrier_times import BOUNDS, CarrierTime
from relay.store.worker_status import QueueStatus
from relay.workflows.survey import BoardStatus, DeploymentStatus, SchedulerStatus


class ServiceGauges(Collector):
    """Of one survey, made at ``now``. What is away has no figures; ``relay_store_up``,
    ``relay_queues_up`` and ``relay_boards_up`` tell of it."""

    def __init__(self, found: DeploymentStatus, *, now: float) -> None:
        self._found = found
        self._now = now

    def collect(self) -> Iterator[Metric]:
        found, now = self._found, self._now
        is_store_up, are_queues_up = found.scheduler is not None, found.queues is not None
        yield _alone("store_up", "Whether the store answers", is_store_up)
        yield _alone("queues_up", "Whether RQ's Redis answers", are_queues_up)
        yield from _of_queues(found.queues or (), now)
        if found.scheduler is not None:
            yield from _of_scheduler(found.scheduler)
            text = "Whether what is stored of every board can be read"
            yield _alone("boards_up", text, found.are_all_there)
        yield from _of_texts(found.boards, now)
        yield from _of_outcomes(found.boards)
        yield from _of_pools(found.boards)
        yield _of_carrier(found.carrier_times or ())


def _alone(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"relay_{name}", text, value=float(value))


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"relay_{name}", text, labels=labels)


def _of_queues(queues: Iterable[QueueStatus], now: float) -> Iterator[Metric]:
    waiting = _gauge("queue_jobs", "Jobs that wait for a worker", "queue")
    workers = _gauge("workers", "Worker processes that are alive", "queue")
    age = _gauge("worker_heartbeat_age_seconds", "Since a queue's latest sign of life", "queue")
    for queue in queues:
        waiting.add_metric([queue.name], queue.waiting)
        workers.add_metric([queue.name], queue.workers)
        if queue.seen_at is not None:
            age.add_metric([queue.name], max(now - queue.seen_at, 0.0))
    yield from (waiting, workers, age)


def _of_scheduler(scheduler: SchedulerStatus) -> Iterator[Metric]:
    yield _alone("scheduler_up", "Whether a scheduler is at work", scheduler.is_at_work)
    succeeded = _gauge(
        "periodic_job_success_timestamp_seconds",
        "When periodic work last ended well; 0 if it never has",
        "periodic_job",
    )
    every = _gauge("periodic_job_interval_seconds", "How often it is due", "periodic_job")
    for job in scheduler.periodic:
        succeeded.add_metric([job.name], job.succeeded_at or 0.0)
        every.add_metric([job.name], job.every)
    yield from (succeeded, every)


def _of_texts(boards: Iterable[BoardStatus], now: float) -> Iterator[Metric]:
    unsent = _gauge("texts_unsent", "Texts and notices that the carrier does not have yet", "board")
    age = _gauge(
        "oldest_unsent_text_age_seconds", "For how long the oldest could have been sent", "board"
    )
    unreported = _gauge("texts_unreported", "Texts at the carrier, their end unknown", "board")
    for board in boards:
        unsent.add_metric([board.name], board.backlog.unsent)
        age.add_metric([board.name], board.backlog.oldest_age(now))
        unreported.add_metric([board.name], board.backlog.unreported)
    yield from (unsent, age, unreported)


def _of_outcomes(boards: Iterable[BoardStatus]) -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "relay_calls_ended", "Calls that were connected, by how they ended", labels=["board", "end"]
    )
    texts = CounterMetricFamily(
        "relay_texts_ended",
        "Texts (message) and texts of ours (notice), by how they ended, and why they failed",
        labels=["board", "kind", "end", "error"],
    )
    for board in boards:
        for one in board.outcomes:
            if one.kind == "call":
                calls.add_metric([board.name, one.end], one.count)
            else:
                texts.add_metric([board.name, one.kind, one.end, one.why], one.count)
    yield from (calls, texts)


def _of_pools(boards: Iterable[BoardStatus]) -> Iterator[Metric]:
    by = ("board", "pool")
    headroom = _gauge("pool_headroom", "Numbers free for the person who has the fewest", *by)
    usable = _gauge("pool_usable_numbers", "Numbers that new sessions may get", *by)
    for_new = _gauge(
        "pool_free_for_new_pairs",
        "Numbers of which two new people get one now",
        *by,
    )
    sessions = _gauge("pool_open_sessions", "Sessions that are open", *by)
    days = _gauge(
        "pool_days_to_exhaustion", "Until headroom is 0 at the present growth; none without", *by
    )
    for board in boards:
        for pool, outlook in board.outlooks.items():
            labels = [board.name, pool]
            headroom.add_metric(labels, outlook.figures.headroom)
            usable.add_metric(labels, outlook.figures.usable)
            for_new.add_metric(labels, outlook.figures.free_for_new_pairs)
            sessions.add_metric(labels, outlook.figures.open_sessions)
            if outlook.forecast.days_to_exhaustion is not None:
                days.add_metric(labels, outlook.forecast.days_to_exhaustion)
    yield from (headroom, usable, for_new, sessions, days)


def _of_carrier(times: Iterable[CarrierTime]) -> Metric:
    seconds = HistogramMetricFamily(
        "relay_carrier_seconds",
        "Time that the carrier's REST API takes, by request and how it ended",
        labels=["verb", "resource", "end"],
    )
    for one in times:
        bounds = [*map(str, BOUNDS), "+Inf"]
        counts = map(float, [*one.at_most, one.count])
        seconds.add_metric(
            [one.verb, one.resource, one.end],
            list(zip(bounds, counts, strict=True)),
            sum_value=one.seconds,
        )
    return seconds
