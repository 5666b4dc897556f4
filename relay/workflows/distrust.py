"""Raises the alarm that something in Redis is not to be believed (P9)."""

from __future__ import annotations

import structlog

from relay.store.alarms import Alarm
from relay.vault import Unreadable
from relay.workflows.services import Services

log = structlog.get_logger()


def distrust(services: Services, alarm: Alarm, why: str, **ids: str) -> Unreadable:
    """Counts and logs it. Returns what the caller raises where it cannot go on without."""
    services.store.alarms.count(alarm)
    log.error("record not trusted", record=alarm, why=why, **ids)
    return Unreadable(why)
