"""Bounds of the carrier's lists."""

from __future__ import annotations

from datetime import UTC, datetime


def midnight_before(moment: float) -> datetime:
    """The day (UTC) of a POSIX time, as a filter by date takes it: its description wants a time,
    its examples are days (TW-list-dates)."""
    return datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
