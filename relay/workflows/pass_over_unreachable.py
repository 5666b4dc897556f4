"""Goes on with the other pools when one cannot be reached: a cluster has lost its master.

What is passed over stays as it is, and periodic work comes again within a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from relay.domain.errors import Unavailable

log = structlog.get_logger()


@contextmanager
def pass_over_unreachable(**what: str) -> Iterator[None]:
    """Ends the block at an Unavailable, and says so once with the ids of ``what``."""
    try:
        yield
    except Unavailable:
        log.warning("passed over what the store does not reach", **what)
