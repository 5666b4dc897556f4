"""Learns which pool each number is in, when a process starts.

In a cluster that map is on one master, and calls to the pools of the others must not need it.
"""

from __future__ import annotations

import structlog

from relay.domain.errors import Unavailable
from relay.workflows.services import Services

log = structlog.get_logger()


def learn_numbers(services: Services) -> None:
    """Raises nothing: without the map a process learns each number when it is called."""
    try:
        services.store.numbers.learn()
    except Unavailable:
        log.warning("numbers not learned")
