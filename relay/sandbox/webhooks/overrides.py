"""Connection overrides in a webhook URL's fragment: `#rc=3&rp=all&rt=4000` (TW-overrides)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

REASONS = frozenset({"4xx", "5xx", "ct", "rt", "all"})


@dataclass(frozen=True)
class Overrides:
    """Times in seconds. `retries` counts further attempts; `retry_on` says after what."""

    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    total_timeout: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    @classmethod
    def in_url(cls, url: str) -> Overrides:
        given = {k: v[-1] for k, v in parse_qs(urlsplit(url).fragment).items()}
        return cls(
            connect_timeout=_milliseconds(given.get("ct"), 5_000, 10_000),
            read_timeout=_milliseconds(given.get("rt"), 15_000, 15_000),
            total_timeout=_milliseconds(given.get("tt"), 15_000, 15_000),
            retries=_whole(given.get("rc"), 1, 0, 5),
            retry_on=_reasons(given.get("rp")),
        )

    def retries_after(self, failure: str) -> bool:
        return failure in self.retry_on or "all" in self.retry_on


def _milliseconds(value: str | None, default: int, most: int) -> float:
    return _whole(value, default, 100, most) / 1000


def _whole(value: str | None, default: int, least: int, most: int) -> int:
    """A value that is out of range or no number counts as not given."""
    if value is None or not value.isdigit() or not least <= int(value) <= most:
        return default
    return int(value)


def _reasons(value: str | None) -> frozenset[str]:
    given = frozenset((value or "").split(",")) & REASONS
    return given or frozenset({"ct"})
