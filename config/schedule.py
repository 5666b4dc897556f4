"""Periodic work: what is to be done, and how often. ``workers/ticker.py`` enqueues it."""

from __future__ import annotations

from dataclasses import dataclass

from config.queues import UPKEEP


@dataclass(frozen=True, kw_only=True)
class PeriodicJob:
    """``function`` is a job of ``workers/jobs.py``; ``every`` is in seconds."""

    name: str
    function: str
    every: int
    queue: str = UPKEEP


#: Seconds between two looks into the outbox, which the ticker does itself.
SWEEP_EVERY = 2.0

PERIODIC_JOBS = (
    PeriodicJob(name="recycle", function="workers.jobs.recycle", every=5),
    PeriodicJob(name="reconcile-inbound", function="workers.jobs.reconcile_inbound", every=60),
)
