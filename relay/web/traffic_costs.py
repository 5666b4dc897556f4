"""What traffic costs as a metric: an estimate, by what workers and web processes have counted."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from relay.domain.errors import Unavailable
from relay.workflows.deployment import Deployment
from relay.workflows.estimate_traffic import cost_by_unit


class TrafficCosts(Collector):
    """Reads the store at each scrape. A board that is away is left out, so that the other metrics
    can still be read."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def collect(self) -> Iterable[Metric]:
        counter = CounterMetricFamily(
            "relay_traffic_cost",
            "What calls and texts have cost by the price table, by its units: an estimate",
            labels=["board", "pool", "unit"],
        )
        for services in self._deployment.boards():
            with suppress(Unavailable):
                for pool in services.store.pools.all():
                    for unit, cost in cost_by_unit(services, pool).items():
                        counter.add_metric([services.board.name, pool.name, unit], float(cost))
        return [counter] if counter.samples else []
