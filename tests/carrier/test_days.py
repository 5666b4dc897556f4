"""Bounds of the carrier's lists."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relay.carrier.days import midnight_before

DAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment", [DAY, DAY.replace(hour=10, minute=30, second=5, microsecond=7), DAY.replace(hour=23)]
)
def test_a_moment_is_on_the_day_of_utc(moment: datetime) -> None:
    assert midnight_before(moment.timestamp()) == DAY
