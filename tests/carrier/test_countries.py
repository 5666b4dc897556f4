"""Which countries the carrier connects."""

from __future__ import annotations

import pytest

from relay.carrier.countries import why_not_connected


def test_mainland_china_is_not_connected() -> None:
    assert "mainland China" in (why_not_connected("CN") or "")


@pytest.mark.parametrize("country", ["US", "HK", "MO", "TW", "ZZ"])
def test_others_are(country: str) -> None:
    assert why_not_connected(country) is None
