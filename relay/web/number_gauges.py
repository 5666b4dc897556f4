"""What the pools could not buy, what the last comparison with the carrier found, alarms, and work
that failed: the workers that found it out are other processes, so it is read from the store when it
is asked for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from relay.domain.errors import Unavailable
from relay.domain.number_comparison import Discrepancy
from relay.domain.trouble import Trouble
from relay.store.alarms import Alarm
from relay.workflows.deployment import Deployment

#: Anything else is somebody else's writing.
_TROUBLES = frozenset(Trouble)


class NumberGauges(Collector):
    """Without the store there are none; the rest of the metrics is there all the same."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def collect(self) -> Iterator[Metric]:
        for measure in (
            self._shortages,
            self._findings,
            self._refusals,
            self._closed_countries,
            self._alarms,
            self._passed_over,
        ):
            with suppress(Unavailable):
                gauge = measure()
                if gauge.samples:
                    yield gauge

    def _shortages(self) -> Metric:
        gauge = GaugeMetricFamily(
            "relay_pool_shortage",
            "Numbers that a pool wants and cannot buy, and why",
            labels=["board", "pool", "reason"],
        )
        for services in self._deployment.boards():
            with suppress(Unavailable):  # a master of the cluster is lost: the others' are told
                for pool in services.store.pools.names():
                    shortage = services.store.purchases.shortage(pool)
                    if shortage is not None:
                        labels = [services.board.name, pool, shortage.reason]
                        gauge.add_metric(labels, shortage.missing)
        return gauge

    def _findings(self) -> Metric:
        gauge = GaugeMetricFamily(
            "relay_number_differences",
            "Numbers that differ between the carrier's list and the pools, and are not mended",
            labels=["board", "kind"],
        )
        for (board, kind), count in self._left_to_mend().items():
            gauge.add_metric([board, kind], count)
        return gauge

    def _refusals(self) -> Metric:
        counter = CounterMetricFamily(
            "relay_carrier_refusals",
            "Texts that the carrier refused, or reported as failed, and what that is about",
            labels=["board", "scope", "trouble", "code"],
        )
        for services in self._deployment.boards():
            with suppress(Unavailable):
                for name, count in services.store.messages.refusals.all().items():
                    trouble, _, code = name.partition(":")
                    if trouble in _TROUBLES:
                        scope = Trouble(trouble).scope
                        counter.add_metric([services.board.name, scope, trouble, code], count)
        return counter

    def _closed_countries(self) -> Metric:
        gauge = GaugeMetricFamily(
            "relay_countries_closed_to_texts",
            "Countries that the carrier has refused texts to in the last day",
            labels=["board", "country"],
        )
        for services in self._deployment.boards():
            with suppress(Unavailable):
                for country in services.store.messages.closed_countries.lately(now=time.time()):
                    gauge.add_metric([services.board.name, country], 1)
        return gauge

    def _alarms(self) -> Metric:
        counter = CounterMetricFamily(
            "relay_distrusted_records",
            "What somebody else has written or moved in Redis, and was refused: an alarm",
            labels=["record"],
        )
        for alarm, count in self._deployment.main.store.alarms.of(Alarm).items():
            counter.add_metric([alarm], count)
        return counter

    def _passed_over(self) -> Metric:
        counter = CounterMetricFamily(
            "relay_passed_over",
            "Work that failed for a board and was passed over; without one, for several",
            labels=["board"],
        )
        boards = ["", *(services.board.name for services in self._deployment.boards())]
        for board, count in self._deployment.main.store.passed_over.of(boards).items():
            counter.add_metric([board], count)
        return counter

    def _left_to_mend(self) -> Counter[tuple[str, Discrepancy]]:
        """Of all accounts: numbers that are nobody's have no board to tell them apart by."""
        total: Counter[tuple[str, Discrepancy]] = Counter()
        for boards in self._deployment.accounts():
            first = boards[0]
            left = first.store.comparisons.left_to_mend(first.account.sid)
            for board, counts in left.items():
                for kind, count in counts.items():
                    total[board, kind] += count
        return total
