"""Enqueues again the purchases that nobody works on: their worker died, or their pause is over."""

from __future__ import annotations

import structlog

from relay.domain.errors import Unavailable
from relay.workflows.services import Services

log = structlog.get_logger()


def resume_purchases(services: Services, *, now: float) -> int:
    """Answers how many were enqueued. One pool that cannot be reached does not stop the others."""
    resumed = 0
    for pool in services.store.pools.names():
        try:
            due = services.store.jobs.sweep(pool, now=now)
        except Unavailable:
            log.warning("purchases not swept", pool=pool)
            continue
        for job_id in due:
            services.jobs.buy_numbers(job_id)
        resumed += len(due)
    return resumed
