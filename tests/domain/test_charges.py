"""What traffic is charged by, and what it costs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.prices import LIST_PRICES, PriceTable
from relay.domain.charges import (
    Charges,
    DayOfTraffic,
    Unit,
    caller_minutes,
    cost_of,
    leg_minutes,
    spending,
    text_in,
)
from relay.domain.policy import DAY

TODAY = 20_000
NUMBER = "+14155550192"
PRICES = PriceTable().of("US")


def day(at: int, sessions: int = 0, **charges: int) -> DayOfTraffic:
    return DayOfTraffic(
        day=at, sessions=sessions, charges={Unit(unit): count for unit, count in charges.items()}
    )


@pytest.mark.parametrize(
    ("duration", "minutes"), [(None, {}), (0, {}), (1, 1), (60, 1), (61, 2), (3600, 60)]
)
def test_each_minute_that_has_begun_counts(duration: int | None, minutes: int) -> None:
    assert leg_minutes(duration) == ({Unit.MINUTE_OUT: minutes} if minutes else {})


def test_calls_to_a_toll_free_number_have_another_price() -> None:
    assert caller_minutes(61, virtual_number=NUMBER) == {Unit.MINUTE_IN: 2}
    assert caller_minutes(61, virtual_number="+18335550192") == {Unit.TOLL_FREE_MINUTE_IN: 2}


def test_a_picture_is_charged_in_place_of_its_words() -> None:
    assert text_in(segments=3, media=0) == {Unit.SMS_IN: 3}
    assert text_in(segments=3, media=2) == {Unit.MMS_IN: 1}


@pytest.mark.parametrize(
    ("charges", "cost"),
    [
        ({}, "0"),
        ({Unit.MINUTE_IN: 1, Unit.MINUTE_OUT: 1}, "0.0225"),
        ({Unit.SMS_OUT: 10, Unit.FAILED_TEXT: 1}, "0.1280"),
    ],
)
def test_a_cost_is_exact(charges: Charges, cost: str) -> None:
    assert cost_of(charges, PRICES) == Decimal(cost)


def test_every_unit_has_a_list_price() -> None:
    assert {*LIST_PRICES} == {*Unit}


def test_spending_is_that_of_the_days_asked_for() -> None:
    days = [day(TODAY, 2, sms_in=10), day(TODAY - 8, 100, sms_in=1000), day(TODAY - 3, 1, sms_in=1)]
    found = spending(days, PRICES, first_day=TODAY - 6, began_at=(TODAY - 8) * DAY)
    assert found is not None
    assert (found.since, found.sessions) == ((TODAY - 6) * DAY, 3)
    assert found.cost == Decimal("0.0913")


def test_spending_begins_with_what_is_known_of_a_young_pool() -> None:
    began_at = TODAY * DAY - 60
    known = [day(TODAY - 1, 1), day(TODAY)]
    found = spending(known, PRICES, first_day=TODAY - 6, began_at=began_at)
    assert found is not None
    assert found.since == began_at


def test_nothing_is_known_of_a_pool_without_traffic() -> None:
    assert spending([], PRICES, first_day=TODAY, began_at=0) is None
    assert spending([day(TODAY - 1, 1)], PRICES, first_day=TODAY, began_at=0) is None
