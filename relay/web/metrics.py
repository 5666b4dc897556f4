"""``/metrics``, as Prometheus reads it; with several web processes, of all of them together."""

from __future__ import annotations

import os
import time

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from relay.web.auth import for_scrapers
from relay.web.current import deployment
from relay.web.number_gauges import NumberGauges
from relay.web.number_stats_gauges import NumberStatsGauges
from relay.web.service_gauges import ServiceGauges
from relay.web.traffic_costs import TrafficCosts
from relay.workflows.survey import survey

metrics = APIBlueprint("metrics", __name__, enable_openapi=False)

#: Set by config/server.py when there are several.
_SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


@metrics.get("/metrics")
@for_scrapers
def read_metrics() -> Response:
    """What the service has done, in numbers: all boards together, or by board"""
    text = generate_latest(_registry()) + generate_latest(_of_the_store())
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _of_the_store() -> CollectorRegistry:
    registry = CollectorRegistry()
    now = time.time()
    found = survey(deployment(), deployment().boards, now=now)
    registry.register(ServiceGauges(found, now=now))
    if found.scheduler is not None:  # the store is there: nobody is to wait for it again and again
        for gauges in (NumberGauges, NumberStatsGauges, TrafficCosts):
            registry.register(gauges(deployment()))
    return registry


def _registry() -> CollectorRegistry:
    if not os.environ.get(_SHARED_DIRECTORY):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
