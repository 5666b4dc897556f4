"""List filters by date: `DateSent`, `DateSent<`, `DateSent>` (both ends included)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from relay.sandbox.network import Network
from relay.sandbox.rest.request import ApiError, RestCall

Precision = Literal["second", "day"]


class DateFilter:
    def __init__(self, call: RestCall, name: str, precision: Precision) -> None:
        self._on = _read(call.get(name))
        self._from = _read(call.get(f"{name}>"))
        self._to = _read(call.get(f"{name}<"))
        self._precision = precision

    def admits(self, moment: datetime | None) -> bool:
        if self._on is None and self._from is None and self._to is None:
            return True
        if moment is None:
            return False
        moment = moment.replace(microsecond=0)
        return (
            (self._on is None or self._is_on(moment, self._on))
            and (self._from is None or moment >= self._floor(self._from))
            and (self._to is None or moment <= self._ceiling(self._to))
        )

    def _is_on(self, moment: datetime, bound: _Bound) -> bool:
        """Always the whole day: the SDK writes a day as its midnight."""
        return moment.date() == bound.moment.date()

    def _floor(self, bound: _Bound) -> datetime:
        if self._precision == "day" or bound.is_day:
            return bound.moment.replace(hour=0, minute=0, second=0)
        return bound.moment

    def _ceiling(self, bound: _Bound) -> datetime:
        if self._precision == "day" or bound.is_day:
            return self._floor(bound) + timedelta(days=1, seconds=-1)
        return bound.moment


def is_listed(created: datetime, network: Network) -> bool:
    """Lists may lag behind what is already true."""
    lag = network.faults.list_lag
    return not lag or created <= network.clock.now() - timedelta(seconds=lag)


class _Bound:
    def __init__(self, moment: datetime, *, is_day: bool) -> None:
        self.moment = moment
        self.is_day = is_day


def _read(text: str | None) -> _Bound | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(400, 20001, f"{text} is not a date") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _Bound(moment.astimezone(UTC), is_day=len(text) == 10)
