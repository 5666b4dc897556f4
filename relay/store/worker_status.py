"""Worker status: what waits on a queue, and who serves it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from rq import Queue, Worker
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from relay.store.connection import Client

#: A worker that works or waits for work gives a sign of life every few seconds.
ALIVE_FOR = 30.0


@dataclass(frozen=True, kw_only=True)
class QueueStatus:
    """``waiting`` jobs wait on the queue; ``workers`` processes that serve it have given a sign of
    life lately. ``seen_at`` is the latest one on record (POSIX seconds), None when RQ has forgotten
    them all, as it does within minutes."""

    name: str
    waiting: int
    workers: int
    seen_at: float | None


def queue_status(client: Client, name: str, *, now: float) -> QueueStatus:
    """The client is that of RQ's Redis. Raises Unavailable."""
    queue = Queue(name, connection=client, serializer=JSONSerializer)
    known = sorted(Worker.all_keys(queue=queue))
    with client.pipeline(transaction=False) as pipe:
        pipe.llen(queue.key)
        for worker in known:
            pipe.hget(worker, "last_heartbeat")
        waiting, *heartbeats = pipe.execute()
    seen = [at for text in heartbeats if (at := _instant(text)) is not None]
    return QueueStatus(
        name=name,
        waiting=waiting,
        workers=sum(now - at <= ALIVE_FOR for at in seen),
        seen_at=max(seen, default=None),
    )


def _instant(text: str | None) -> float | None:
    """None also for what somebody else has written there."""
    with suppress(ValueError):
        return utcparse(text).timestamp() if text else None
    return None
