"""What a pool's calls and texts cost, by what the relay has seen of them and the price table."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from relay.domain.charges import Spending, Unit, cost_of, spending
from relay.domain.policy import DAY
from relay.domain.pool import Pool
from relay.workflows.services import Services


def estimate_traffic(services: Services, pool: Pool, *, since: float) -> Spending | None:
    """From the day of ``since`` (POSIX seconds) until now, a month at most; None before the first
    session, call or text. What is charged counts on the day on which it is known. Raises
    Unavailable."""
    charges = services.store.pools.charges
    return spending(
        charges.days(pool.name),
        _prices(services, pool),
        first_day=int(since // DAY),
        began_at=charges.began_at(pool.name) or 0,
    )


def cost_by_unit(services: Services, pool: Pool) -> dict[Unit, Decimal]:
    """What all the pool's traffic has ever cost, at the present prices. Raises Unavailable."""
    prices = _prices(services, pool)
    total = services.store.pools.charges.total(pool.name)
    return {unit: cost_of({unit: count}, prices) for unit, count in total.items()}


def _prices(services: Services, pool: Pool) -> Mapping[str, Decimal]:
    return services.settings.traffic_prices.of(pool.country)
