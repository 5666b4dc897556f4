"""Enqueue again what the outbox has held for too long: a job was lost, or a retry is due.

While the queue is backed up nothing is: what is in it would be there once more with each sweep,
and the queue may share the store's Redis, which refuses every write when it is full.
"""

from __future__ import annotations

import structlog

from relay.workflows.pass_over_unreachable import pass_over_unreachable
from relay.workflows.services import Services

log = structlog.get_logger()


def sweep_outbox(services: Services, *, now: float) -> int:
    """Answers how many messages were enqueued. Raises Unavailable."""
    swept = 0
    for pool in services.store.pools.names():
        if services.jobs.is_backed_up():
            log.warning("texts queue backed up", swept=swept)
            break
        with pass_over_unreachable(pool=pool):
            for message_id in services.store.messages.outbox.sweep(pool, now=now):
                services.jobs.send_message(message_id)
                swept += 1
    if swept:
        log.info("outbox swept", messages=swept)
    return swept
