"""Worker status: how many workers serve a queue, and whether a ticker leads."""

from __future__ import annotations

from rq import Queue, Worker
from rq.serializers import JSONSerializer

from relay.store.connection import Client
from relay.store.keys import DeploymentKeys


def count_workers(client: Client, queue: str) -> int:
    """Those of a queue that gave a sign of life in the last minute or so: RQ forgets one that was
    killed after that. The client is that of RQ's Redis. Raises Unavailable."""
    known = Worker.all_keys(queue=Queue(queue, connection=client, serializer=JSONSerializer))
    return int(client.exists(*known)) if known else 0


def has_ticker(client: Client) -> bool:
    """Raises Unavailable."""
    return bool(client.exists(DeploymentKeys().ticker_leader))
