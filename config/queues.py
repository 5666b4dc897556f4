"""The queues that workers serve. Each worker process serves one: RQ can lose a job of a worker
that is killed while it watches two (``docs/adr/``, measured)."""

from __future__ import annotations

from dataclasses import dataclass

#: Texts to send, many at once by the threads of one process (``workers/drain.py``).
TEXTS = "texts"
#: Periodic work: recycling numbers, reconciling with the carrier.
MAINTENANCE = "maintenance"
#: Buying, releasing and comparing numbers, asking how calls and texts ended, and deleting what the
#: carrier keeps: minutes of requests to the carrier, which must not keep sessions from expiring.
NUMBERS = "numbers"


@dataclass(frozen=True)
class Queue:
    name: str
    processes: int = 1


QUEUES = (Queue(TEXTS), Queue(MAINTENANCE), Queue(NUMBERS))
