"""``TRAFFIC_PRICES``: what the carrier charges calls and texts, for the estimate of their cost.

The defaults are Twilio's list prices of the United States in dollars, as public pages of 2026 have
them (TW-prices).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

#: By unit (``relay/domain/charges.py``); per begun minute of a leg, or per segment of a text. Texts
#: out have 0.0044 of carriers' fees with them, which are 0.0025 to 0.0062 by network.
LIST_PRICES: Mapping[str, Decimal] = {
    "minute_in": Decimal("0.0085"),
    "toll_free_minute_in": Decimal("0.022"),
    "minute_out": Decimal("0.014"),
    "speech": Decimal("0.02"),
    "sms_in": Decimal("0.0083"),
    "sms_out": Decimal("0.0127"),
    "mms_in": Decimal("0.0165"),
    "failed_text": Decimal("0.001"),
}

_ENTRY = re.compile(
    r"((?P<country>[A-Z]{2})\.)?(?P<unit>[a-z_]+)=(?P<price>[0-9]{1,4}(\.[0-9]{1,6})?)", re.ASCII
)


@dataclass(frozen=True)
class PriceTable:
    """``everywhere`` has a price for each unit, ``by_country`` those that are others in a pool of
    that country."""

    everywhere: Mapping[str, Decimal] = field(default_factory=lambda: LIST_PRICES)
    by_country: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)

    def of(self, country: str) -> Mapping[str, Decimal]:
        """Every unit's price in a pool of this country."""
        return {**self.everywhere, **self.by_country.get(country, {})}


def parse_prices(text: str) -> PriceTable:
    """The prices of ``sms_out=0.0131,GB.minute_in=0.01``; what is left out keeps its list price.
    Raises ValueError."""
    entries = [_ENTRY.fullmatch(part.strip()) for part in text.split(",")]
    given: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
    for entry in entries:
        if entry is None or entry["unit"] not in LIST_PRICES:
            raise ValueError(
                "must look like sms_out=0.0131,GB.minute_in=0.01, of " + ", ".join(LIST_PRICES)
            )
        if entry["unit"] in given[entry["country"] or ""]:
            raise ValueError(f"{entry[0]}: named twice")
        given[entry["country"] or ""][entry["unit"]] = Decimal(entry["price"])
    everywhere = {**LIST_PRICES, **given.pop("", {})}
    return PriceTable(everywhere, dict(given))
