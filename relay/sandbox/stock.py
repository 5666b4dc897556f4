"""What the carrier could sell: the numbers that each country keeps for fiction, and what they can.

The area codes are real ones, the lines are 555-0150 to 555-0199 (NANPA). The others are of Ofcom
(01632 960xxx, 07700 900xxx) and the Bundesnetzagentur ((0)30 23125xxx).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["Local", "Mobile", "TollFree"]
AddressRequirement = Literal["none", "any", "local", "foreign"]

AREAS: dict[str, dict[str, str]] = {
    "US": {
        "415": "CA", "212": "NY", "312": "IL", "206": "WA", "617": "MA", "305": "FL",
        "512": "TX", "404": "GA", "702": "NV", "213": "CA", "202": "DC", "216": "OH",
        "301": "MD", "303": "CO", "313": "MI", "314": "MO", "317": "IN", "402": "NE",
        "405": "OK", "408": "CA", "412": "PA", "414": "WI", "480": "AZ", "502": "KY",
        "503": "OR", "504": "LA", "505": "NM", "510": "CA", "515": "IA", "561": "FL",
        "602": "AZ", "612": "MN", "614": "OH", "615": "TN", "619": "CA", "646": "NY",
        "650": "CA", "704": "NC", "713": "TX", "716": "NY", "718": "NY", "720": "CO",
        "757": "VA", "801": "UT", "803": "SC", "808": "HI", "813": "FL", "816": "MO",
        "818": "CA", "832": "TX", "857": "MA", "904": "FL", "907": "AK", "916": "CA",
        "919": "NC", "972": "TX",
    },
    "CA": {
        "416": "ON", "604": "BC", "514": "QC", "403": "AB", "613": "ON", "647": "ON",
        "780": "AB", "204": "MB", "902": "NS",
    },
}  # fmt: skip
#: The area that Twilio's test credentials sell from (TW-test-numbers); never on offer.
MAGIC_AREA = "500"
TOLL_FREE = ("800", "888", "877", "866", "855", "844", "833")


@dataclass(frozen=True)
class Series:
    """Numbers that are alike: `prefix` and `digits` more."""

    country: str
    kind: Kind
    prefix: str
    digits: int
    sms: bool = True
    mms: bool = True
    region: str | None = None
    area_code: str = ""
    address: AddressRequirement = "none"
    #: Sold only under a regulatory bundle of its country.
    needs_bundle: bool = False
    #: The line of the lowest number.
    first: int = 0

    def numbers(self) -> Iterator[str]:
        return (
            f"{self.prefix}{line:0{self.digits}d}" for line in range(self.first, 10**self.digits)
        )

    def holds(self, number: str) -> bool:
        line = number.removeprefix(self.prefix)
        is_line = line != number and len(line) == self.digits and line.isdigit()
        return is_line and int(line) >= self.first

    @property
    def capabilities(self) -> dict[str, bool]:
        return {"voice": True, "sms": self.sms, "mms": self.mms, "fax": False}


def _area(country: str, kind: Kind, code: str, region: str | None = None) -> Series:
    return Series(country, kind, f"+1{code}55501", 2, region=region, area_code=code, first=50)


SERIES: tuple[Series, ...] = (
    *(
        _area(country, "Local", code, region)
        for country, areas in AREAS.items()
        for code, region in areas.items()
    ),
    *(_area(country, "TollFree", code) for country in AREAS for code in TOLL_FREE),
    Series("GB", "Local", "+441632960", 3, sms=False, mms=False, needs_bundle=True),
    Series("GB", "Mobile", "+447700900", 3, mms=False, needs_bundle=True),
    Series(
        "DE", "Local", "+493023125", 3, sms=False, mms=False, address="local", needs_bundle=True
    ),
)
_MAGIC = _area("US", "Local", MAGIC_AREA)


def series_of(country: str, kind: Kind) -> list[Series]:
    return [one for one in SERIES if one.country == country and one.kind == kind]


def in_area(area_code: str) -> list[Series]:
    """Where a purchase by area code looks; any country with calling code 1."""
    if area_code == MAGIC_AREA:
        return [_MAGIC]
    return [one for one in SERIES if one.area_code == area_code]


def series_with(number: str) -> Series | None:
    """None for a number that the carrier does not have."""
    return next((one for one in (*SERIES, _MAGIC) if one.holds(number)), None)


def pattern(wanted: str) -> re.Pattern[str]:
    """A part of a number; `*` stands for any one digit."""
    return re.compile(re.escape(wanted.removeprefix("+")).replace(r"\*", r"\d"))
