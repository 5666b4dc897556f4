"""AvailablePhoneNumbers: fictional numbers that can be bought."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from relay.sandbox.network import Network
from relay.sandbox.rest.paging import LARGEST_PAGE, USUAL_PAGE
from relay.sandbox.rest.request import ApiError, Json, RestAnswer, RestCall, not_found
from relay.sandbox.rest.shapes import API
from relay.sandbox.stock import AREAS, Kind, Series, in_area, pattern, series_of

BUY_BACK = timedelta(days=10)
#: What each of the Exclude… filters leaves out.
EXCLUDED = {
    "ExcludeAllAddressRequired": {"any", "local", "foreign"},
    "ExcludeLocalAddressRequired": {"local"},
    "ExcludeForeignAddressRequired": {"foreign"},
}
CAPABLE = {"VoiceEnabled": "voice", "SmsEnabled": "sms", "MmsEnabled": "mms", "FaxEnabled": "fax"}


class AvailableNumbers:
    def __init__(self, network: Network) -> None:
        self._network = network

    def search(self, call: RestCall, country: str, kind: Kind) -> RestAnswer:
        wanted = pattern(_contains(call))
        chosen = [series for series in self._series(call, country, kind) if _fits(call, series)]
        with self._network.account.lock:
            found = (
                _shape(number, series)
                for series in chosen
                for number in self._on_offer(series)
                if wanted.search(number)
            )
            numbers = list(islice(found, self._most(call)))
        uri = f"{API}/Accounts/{self._network.account.sid}/AvailablePhoneNumbers/{country}/{kind}"
        return RestAnswer(200, {"available_phone_numbers": numbers, "uri": f"{uri}.json"})

    def any_in(self, area_code: str) -> str | None:
        """The first number of the area that is for sale."""
        numbers = (number for series in in_area(area_code) for number in self._on_offer(series))
        return None if self._network.faults.market.is_sold_out else next(numbers, None)

    def is_for_sale(self, number: str) -> bool:
        """To us: Twilio may sell a number back to who has just released it."""
        market = self._network.faults.market
        return (
            not market.is_sold_out
            and not market.is_sold_elsewhere(number)
            and self._network.account.number(number) is None
            and (not self._is_ageing(number) or self._may_buy_back(number))
        )

    def _on_offer(self, series: Series) -> Iterator[str]:
        market = self._network.faults.market
        owned = {number.phone_number for number in self._network.account.numbers.values()}
        return (
            number
            for number in series.numbers()
            if number not in owned
            and not market.is_sold_elsewhere(number)
            and not self._is_ageing(number)
        )

    def _is_ageing(self, number: str) -> bool:
        since = self._since_release(number)
        return since is not None and since < self._network.faults.market.ageing

    def _may_buy_back(self, number: str) -> bool:
        since = self._since_release(number)
        return self._network.faults.market.may_buy_back and since is not None and since < BUY_BACK

    def _since_release(self, number: str) -> timedelta | None:
        released_at = self._network.account.released.get(number)
        return None if released_at is None else self._network.clock.now() - released_at

    def _series(self, call: RestCall, country: str, kind: Kind) -> list[Series]:
        series = series_of(country, kind)
        if not series or (country, kind) in self._network.faults.market.not_sold:
            raise not_found(call.path)
        # The filter counts in the US and Canada only.
        area_code = call.text("AreaCode") if country in AREAS else ""
        return [one for one in series if not area_code or one.area_code == area_code]

    def _most(self, call: RestCall) -> int:
        given = call.text("PageSize")
        size = min(int(given), LARGEST_PAGE) if given.isdigit() and int(given) else USUAL_PAGE
        left = self._network.faults.market.left
        return size if left is None else min(size, left)


def _contains(call: RestCall) -> str:
    contains = call.text("Contains")
    if contains and not 2 <= len(contains) <= 16:
        raise ApiError(400, 21401, f"Contains {contains} must have 2 to 16 characters")
    return contains


def _fits(call: RestCall, series: Series) -> bool:
    region = call.text("InRegion")
    return (
        (not region or series.region == region)
        and all(
            call.text(name).lower() in {"", str(series.capabilities[ability]).lower()}
            for name, ability in CAPABLE.items()
        )
        and not any(
            call.text(name).lower() == "true" and series.address in left_out
            for name, left_out in EXCLUDED.items()
        )
    )


def _shape(number: str, series: Series) -> Json:
    can = series.capabilities
    return {
        "phone_number": number,
        "friendly_name": number,
        "iso_country": series.country,
        "locality": None,
        "region": series.region,
        "postal_code": None,
        "rate_center": None,
        "lata": None,
        "latitude": None,
        "longitude": None,
        "address_requirements": series.address,
        "beta": False,
        # Here, and only here, two of the names are in capitals.
        "capabilities": {
            "voice": can["voice"],
            "SMS": can["sms"],
            "MMS": can["mms"],
            "fax": can["fax"],
        },
    }
