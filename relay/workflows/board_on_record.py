"""What the store holds of a board, read once for everything that looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from relay.domain.pool import Pool, VirtualNumber
from relay.workflows.services import Services


@dataclass(frozen=True)
class BoardOnRecord:
    services: Services
    pools: tuple[Pool, ...]
    numbers: tuple[VirtualNumber, ...]


def read_board(services: Services) -> BoardOnRecord:
    """Raises Unavailable."""
    pools = services.store.pools.all()
    numbers = (services.store.numbers.of_pool(pool.name) for pool in pools)
    return BoardOnRecord(services, tuple(pools), tuple(chain.from_iterable(numbers)))
