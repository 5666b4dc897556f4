"""Enqueue again what the outbox has held for too long: a job was lost, or a retry is due.

While the queue is backed up nothing is: what is in it would be there once more with each sweep,
and the queue may share the store's Redis, which refuses every write when it is full.
"""

from __future__ import annotations

import structlog

from relay.workflows.services import Services

log = structlog.get_logger()


def sweep_outbox(services: Services, *, now: float) -> int:
    """Returns how many messages were enqueued. Raises Unavailable."""
    if services.jobs.is_backed_up():
        log.warning("texts queue backed up")
        return 0
    swept = services.store.messages.outbox.sweep(now=now)
    for message_id in swept:
        services.jobs.send_message(message_id)
    if swept:
        log.info("outbox swept", messages=len(swept))
    return len(swept)
