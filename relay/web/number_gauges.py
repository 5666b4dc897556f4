"""What the pools could not buy and what the last comparison with the carrier found, as gauges: the
workers that found it out are other processes, so it is read from the store when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from relay.domain.errors import Unavailable
from relay.workflows.services import Services


class NumberGauges(Collector):
    """Without the store there are none; the rest of the metrics is there all the same."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        for measure in (self._shortages, self._findings):
            with suppress(Unavailable):
                gauge = measure()
                if gauge.samples:
                    yield gauge

    def _shortages(self) -> Metric:
        gauge = GaugeMetricFamily(
            "relay_pool_shortage",
            "Numbers that a pool wants and cannot buy, and why",
            labels=["pool", "reason"],
        )
        for pool in self._services.store.pools.names():
            with suppress(Unavailable):  # a master of the cluster is lost: the others' are told
                shortage = self._services.store.purchases.shortage(pool)
                if shortage is not None:
                    gauge.add_metric([pool, shortage.reason], shortage.missing)
        return gauge

    def _findings(self) -> Metric:
        gauge = GaugeMetricFamily(
            "relay_number_differences",
            "Numbers that differ between the carrier's list and the pools, and are not mended",
            labels=["kind"],
        )
        for kind, count in self._services.store.comparisons.left_to_mend().items():
            gauge.add_metric([kind], count)
        return gauge
