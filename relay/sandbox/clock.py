"""Time on two scales: dates are the real ones unless moved on, the seconds of a call pass `speed`
times faster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


class Clock:
    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        """Moves the dates on, from then on for everything that the carrier writes down."""
        self._ahead += by

    def real(self, simulated_seconds: float) -> float:
        return simulated_seconds / self.speed

    def simulated(self, real_seconds: float) -> float:
        return real_seconds * self.speed


def rfc2822(moment: datetime) -> str:
    return format_datetime(moment)


def iso8601(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
