"""Enqueues again the purchases that nobody works on: their worker died, or their pause is over."""

from __future__ import annotations

import structlog

from relay.workflows.pass_over_failures import pass_over_unavailable
from relay.workflows.services import Services

log = structlog.get_logger()


def resume_purchases(services: Services, *, now: float) -> int:
    """Answers how many were enqueued. One pool that cannot be reached does not stop the others."""
    resumed = 0
    for pool in services.store.pools.names():
        with pass_over_unavailable(services, pool=pool, step="purchases"):
            due = services.store.purchases.sweep(pool, now=now)
            for job_id in due:
                services.jobs.buy_numbers(job_id)
            resumed += len(due)
    return resumed
