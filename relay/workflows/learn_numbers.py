"""Learns which boards there are, and in which board and pool each number is, when a process starts.

In a cluster both are on one master, and calls to the boards of the others must not need that.
"""

from __future__ import annotations

import structlog

from relay.domain.errors import Unavailable
from relay.workflows.deployment import Deployment

log = structlog.get_logger()


def learn_numbers(deployment: Deployment) -> None:
    """Raises nothing: without them a process learns each number when it is called."""
    try:
        deployment.numbers.learn()
        deployment.registry.all()
    except Unavailable:
        log.warning("numbers not learned")
