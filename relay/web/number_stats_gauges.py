"""Number stats as metrics: what the last look at the pools' numbers left in the store.

Sums of a pool, never of one number: a label has few values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from relay.domain.errors import Unavailable
from relay.workflows.deployment import Deployment

#: What a count is called in the store → name, help and label of its gauge.
_GAUGES = {
    "status": ("relay_numbers", "Numbers by status", "status"),
    "complaint": ("relay_tired_numbers", "Numbers that are tired, by why", "complaint"),
    "sms_trouble": (
        "relay_numbers_without_texts",
        "Numbers that no session gets that texts, by the carrier's code, or unregistered",
        "code",
    ),
    "registration": (
        "relay_numbers_by_registration",
        "Numbers by how they stand with US carriers",
        "registration",
    ),
    "traffic": ("relay_numbers_traffic", "Calls and texts of 24 hours, by kind", "kind"),
}


class NumberStatsGauges(Collector):
    """Reads the store at each scrape: one round trip a pool. A board that is away is left out, so
    that the other metrics can still be read."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def collect(self) -> Iterable[Metric]:
        gauges = {
            kind: GaugeMetricFamily(name, text, labels=["board", "pool", label])
            for kind, (name, text, label) in _GAUGES.items()
        }
        for (board, pool), stats in self._stats_by_pool().items():
            for name, count in stats.items():
                kind, _, value = name.partition(":")
                gauges[kind].add_metric([board, pool, value], count)
        return [gauge for gauge in gauges.values() if gauge.samples]

    def _stats_by_pool(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        found: dict[tuple[str, str], dict[str, int]] = {}
        for services in self._deployment.boards():
            with suppress(Unavailable):
                for pool in services.store.pools.names():
                    stats = services.store.reputation.number_stats(pool)
                    found[services.board.name, pool] = stats
        return found
