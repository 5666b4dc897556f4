"""``TRAFFIC_PRICES``."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.prices import LIST_PRICES, PriceTable, parse_prices
from config.settings import SettingsError
from tests.world import make_settings


def test_list_prices_hold_for_every_country_that_has_no_others() -> None:
    table = make_settings().traffic_prices
    assert table == PriceTable()
    assert table.of("US") == table.of("DE") == LIST_PRICES


def test_an_operator_sets_prices_for_all_and_for_one_country() -> None:
    table = make_settings(
        TRAFFIC_PRICES="sms_out=0.02, GB.sms_out=0.046,GB.minute_in=1"
    ).traffic_prices
    assert table.of("US") == {**LIST_PRICES, "sms_out": Decimal("0.02")}
    assert table.of("GB") == {
        **LIST_PRICES,
        "sms_out": Decimal("0.046"),
        "minute_in": Decimal(1),
    }


def test_a_price_is_named_once() -> None:
    with pytest.raises(ValueError, match=r"GB\.sms_out=2: named twice"):
        parse_prices("GB.sms_out=1,sms_out=3,GB.sms_out=2")


@pytest.mark.parametrize(
    "text", ["sms_out", "sms_out=-1", "sms_out=0,01", "sms_out=1e3", "letters=1", "gb.sms_out=1"]
)
def test_what_is_no_price_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"must look like sms_out=0\.0131,GB\.minute_in=0\.01, of"):
        parse_prices(text)
    with pytest.raises(SettingsError, match="TRAFFIC_PRICES: must look like"):
        make_settings(TRAFFIC_PRICES=text)
