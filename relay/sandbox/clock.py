"""Time on two scales: dates are the real ones, the seconds of a call pass `speed` times faster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime


@dataclass(frozen=True)
class Clock:
    speed: float

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real(self, simulated_seconds: float) -> float:
        return simulated_seconds / self.speed

    def simulated(self, real_seconds: float) -> float:
        return real_seconds * self.speed


def rfc2822(moment: datetime) -> str:
    return format_datetime(moment)


def iso8601(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
