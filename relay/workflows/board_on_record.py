"""What the store holds of a board, read once for everything that looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from relay.domain.pool import NumberStatus, Pool, VirtualNumber
from relay.workflows.services import Services


@dataclass(frozen=True)
class BoardOnRecord:
    services: Services
    pools: tuple[Pool, ...]
    #: But those that the account has lost.
    numbers: tuple[VirtualNumber, ...]

    @property
    def countries(self) -> frozenset[str]:
        """Those whose phones its pools serve."""
        return frozenset(chain.from_iterable(pool.allowed_countries for pool in self.pools))


def read_board(services: Services) -> BoardOnRecord:
    """Raises Unavailable."""
    pools = services.store.pools.all()
    in_pools = chain.from_iterable(services.store.numbers.of_pool(pool.name) for pool in pools)
    rented = (number for number in in_pools if number.status is not NumberStatus.RELEASED)
    return BoardOnRecord(services, tuple(pools), tuple(rented))
