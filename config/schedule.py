"""Periodic work: what is to be done, and how often. ``workers/ticker.py`` enqueues it."""

from __future__ import annotations

from dataclasses import dataclass

from config.queues import MAINTENANCE, NUMBERS


@dataclass(frozen=True, kw_only=True)
class PeriodicJob:
    """``function`` is a job of ``workers/jobs.py``; ``every`` is in seconds. ``at_start``: each
    deploy runs it at once, too, since its settings may have changed."""

    name: str
    function: str
    every: int
    queue: str = MAINTENANCE
    at_start: bool = False


#: Seconds between two looks into the outbox, which the ticker does itself, and what these are
#: called beside the jobs.
SWEEP_EVERY = 2.0
SWEEP_OUTBOX = "sweep-outbox"

RECONCILE_NUMBERS = PeriodicJob(
    name="reconcile-numbers",
    function="workers.jobs.reconcile_numbers",
    every=900,
    queue=NUMBERS,
    at_start=True,
)
PERIODIC_JOBS = (
    PeriodicJob(name="rest-numbers", function="workers.jobs.rest_numbers", every=60),
    # The latest sample of an hour is kept: a missed slot or two are no gap.
    PeriodicJob(name="sample-pools", function="workers.jobs.sample_pools", every=600),
    PeriodicJob(name="renew-signatures", function="workers.jobs.renew_signatures", every=3600),
    PeriodicJob(name="rewrite-files", function="workers.jobs.rewrite_files", every=10),
    PeriodicJob(name="recycle", function="workers.jobs.recycle", every=5),
    PeriodicJob(name="reconcile-inbound", function="workers.jobs.reconcile_inbound", every=60),
    PeriodicJob(
        name="resume-purchases", function="workers.jobs.resume_purchases", every=10, queue=NUMBERS
    ),
    PeriodicJob(
        name="keep-headroom", function="workers.jobs.keep_headroom", every=60, queue=NUMBERS
    ),
    PeriodicJob(
        name="release-numbers", function="workers.jobs.release_numbers", every=60, queue=NUMBERS
    ),
    PeriodicJob(name="ask-outcomes", function="workers.jobs.ask_outcomes", every=60, queue=NUMBERS),
    PeriodicJob(
        name="erase-at-carrier",
        function="workers.jobs.erase_at_carrier",
        every=10,
        queue=NUMBERS,
    ),
    PeriodicJob(
        name="delete-old-records",
        function="workers.jobs.delete_old_records",
        every=60,
        queue=NUMBERS,
    ),
    RECONCILE_NUMBERS,
)
