"""AvailablePhoneNumbers: fictional numbers that can be bought."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relay.sandbox.network import Network
from relay.sandbox.rest.paging import USUAL_PAGE
from relay.sandbox.rest.request import ApiError, Json, RestAnswer, RestCall, not_found
from relay.sandbox.rest.shapes import API

AREA_CODES = {
    "US": ("415", "212", "312", "206", "617", "305", "512", "404", "702", "213"),
    "CA": ("416", "604", "514"),
}
TOLL_FREE = ("800", "888", "877", "866", "855", "844", "833")
# Ofcom's numbers for drama.
BRITISH = {"Local": "+441632960", "Mobile": "+447700900"}
MOST = 1000


class AvailableNumbers:
    def __init__(self, network: Network) -> None:
        self._network = network

    def search(self, call: RestCall, country: str, kind: str) -> RestAnswer:
        stock = self._stock(call, country, kind)
        contains = call.text("Contains")
        if contains and not 2 <= len(contains) <= 16:
            raise ApiError(400, 21401, f"Contains {contains} must have 2 to 16 characters")
        pattern = re.compile(re.escape(contains.removeprefix("+")).replace(r"\*", r"\d"))
        owned = {number.phone_number for number in self._network.account.numbers.values()}
        found = [n for n in stock if n not in owned and pattern.search(n)]
        numbers = [_shape(number, country) for number in found[: _limit(call)]]
        uri = f"{API}/Accounts/{self._network.account.sid}/AvailablePhoneNumbers/{country}/{kind}"
        return RestAnswer(200, {"available_phone_numbers": numbers, "uri": f"{uri}.json"})

    def in_area(self, area_code: str) -> list[str]:
        owned = {number.phone_number for number in self._network.account.numbers.values()}
        return [number for number in _fictional(area_code) if number not in owned]

    def _stock(self, call: RestCall, country: str, kind: str) -> Iterator[str]:
        if country in AREA_CODES and kind == "Local":
            area_code = call.text("AreaCode")
            return _of_areas((area_code,) if area_code else AREA_CODES[country])
        if country in AREA_CODES and kind == "TollFree":
            return _of_areas(TOLL_FREE)
        if country == "GB" and kind in BRITISH:
            return (f"{BRITISH[kind]}{line:03d}" for line in range(1000))
        raise not_found(call.path)


def _of_areas(area_codes: tuple[str, ...]) -> Iterator[str]:
    return (number for code in area_codes for number in _fictional(code))


def _fictional(area_code: str) -> list[str]:
    """The hundred numbers of an area that belong to fiction: 555-0100 to 555-0199."""
    return [f"+1{area_code}55501{line:02d}" for line in range(100)]


def _limit(call: RestCall) -> int:
    given = call.text("PageSize")
    return min(int(given), MOST) if given.isdigit() and int(given) else USUAL_PAGE


def _shape(number: str, country: str) -> Json:
    return {
        "phone_number": number,
        "friendly_name": number,
        "iso_country": country,
        "locality": None,
        "region": None,
        "postal_code": None,
        "rate_center": None,
        "lata": None,
        "latitude": None,
        "longitude": None,
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "SMS": True, "MMS": country != "GB", "fax": False},
    }
