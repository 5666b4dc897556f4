"""IncomingPhoneNumbers: the numbers the account owns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from relay.sandbox.network import Network
from relay.sandbox.records import OwnedNumber
from relay.sandbox.rest.available_numbers import AvailableNumbers
from relay.sandbox.rest.magic import MAGIC_SENDER, purchase_magic
from relay.sandbox.rest.paging import page
from relay.sandbox.rest.request import ApiError, RestAnswer, RestCall, not_found
from relay.sandbox.rest.shapes import number_json
from relay.sandbox.stock import Series, pattern, series_with

URLS = {
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "status_callback",
    "SmsUrl": "sms_url",
    "SmsFallbackUrl": "sms_fallback_url",
}
METHODS = {
    "VoiceMethod": "voice_method",
    "VoiceFallbackMethod": "voice_fallback_method",
    "StatusCallbackMethod": "status_callback_method",
    "SmsMethod": "sms_method",
    "SmsFallbackMethod": "sms_fallback_method",
}
TEXTS = {
    "FriendlyName": "friendly_name",
    "AddressSid": "address_sid",
    "BundleSid": "bundle_sid",
    "VoiceApplicationSid": "voice_application_sid",
    "SmsApplicationSid": "sms_application_sid",
    "TrunkSid": "trunk_sid",
}

#: The code of a refusal for which no source gives one.
NOT_DOCUMENTED = 20001
#: What is sold under Twilio's one number that can always be bought.
MAGIC = Series("US", "Local", MAGIC_SENDER, 0)


class Numbers:
    def __init__(self, network: Network, available: AvailableNumbers) -> None:
        self._network = network
        self._available = available

    def create(self, call: RestCall) -> RestAnswer:
        account = self._network.account
        with account.lock:
            _check(call)
            wanted = call.text("PhoneNumber") or self._any_in(call.text("AreaCode"))
            series = self._sell(wanted, call)
            number = account.add_number(wanted, series.capabilities)
            _apply(number, call)
            return RestAnswer(201, number_json(number))

    def fetch(self, call: RestCall, sid: str) -> RestAnswer:
        number = self._find(call, sid)
        answer = RestAnswer(200, number_json(number))
        if number.emergency_address_status == "pending-unregistration":
            number.emergency_address_status = "unregistered"
        return answer

    def list(self, call: RestCall) -> RestAnswer:
        name = call.get("FriendlyName")
        wanted = pattern(call.text("PhoneNumber"))
        with self._network.account.lock:
            chosen = [
                number
                for number in self._network.account.numbers.values()
                if wanted.search(number.phone_number)
                and (not name or number.friendly_name == name)
                and self._is_listed(number)
            ]
            return RestAnswer(200, page(call, "incoming_phone_numbers", chosen, number_json))

    def update(self, call: RestCall, sid: str) -> RestAnswer:
        number = self._find(call, sid)
        _check(call)
        with self._network.account.lock:
            _apply(number, call)
            number.updated = self._network.clock.now()
            return RestAnswer(200, number_json(number))

    def delete(self, call: RestCall, sid: str) -> RestAnswer:
        with self._network.account.lock:
            number = self._find(call, sid)
            if number.emergency_address_status != "unregistered":
                raise ApiError(400, NOT_DOCUMENTED, "The emergency address has to be removed first")
            self._network.account.remove_number(number)
        return RestAnswer(204)

    def _find(self, call: RestCall, sid: str) -> OwnedNumber:
        number = self._network.account.numbers.get(sid)
        if number is None:
            raise not_found(call.path)
        return number

    def _is_listed(self, number: OwnedNumber) -> bool:
        """Lists may lag behind what is already true."""
        lag = timedelta(seconds=self._network.faults.market.list_lag)
        return not lag or number.created <= self._network.clock.now() - lag

    def _sell(self, wanted: str, call: RestCall) -> Series:
        purchase_magic(wanted)
        if not re.fullmatch(r"\+[1-9]\d{6,14}", wanted):
            raise ApiError(400, 21421, f"{wanted} is not a valid number")
        series = MAGIC if wanted == MAGIC_SENDER else series_with(wanted)
        market = self._network.faults.market
        if not series or not self._available.is_for_sale(wanted) or market.is_snatched(wanted):
            raise ApiError(400, 21422, f"{wanted} is not available")
        self._check_papers(series, call)
        market.take_one()
        return series

    def _check_papers(self, series: Series, call: RestCall) -> None:
        """What a country wants of whoever rents numbers there (TW-bundles)."""
        bundle = self._network.account.bundles.get(call.text("BundleSid"))
        if series.needs_bundle and (bundle is None or bundle.country != series.country):
            raise ApiError(400, 21649, "Bundle required and not provided")
        if bundle is not None and bundle.status != "twilio-approved":
            raise ApiError(400, 21649, f"Bundle [{bundle.sid}] status is not twilio-approved")
        if series.address != "none" and not call.text("AddressSid"):
            raise ApiError(400, 21615, "Phone Number Requires a Local Address")

    def _any_in(self, area_code: str) -> str:
        if not area_code:
            raise ApiError(400, 21421, "PhoneNumber or AreaCode is required")
        if not re.fullmatch(r"\d{3}", area_code):
            raise ApiError(400, 21451, f"{area_code} is not a valid area code")
        number = self._available.any_in(area_code)
        if number is None:
            raise ApiError(400, 21452, f"No phone numbers found in area code {area_code}")
        return number


def _check(call: RestCall) -> None:
    for name in URLS:
        given = call.text(name)
        if given and not (urlsplit(given).scheme in ("http", "https") and urlsplit(given).hostname):
            raise ApiError(400, 21402, f"{name} is not a valid URL: {given}")
    for name in METHODS:
        if call.text(name) and call.text(name).upper() not in ("GET", "POST"):
            raise ApiError(400, 21403, f"{name} is not a valid method")


def _apply(number: OwnedNumber, call: RestCall) -> None:
    _set(number, call, URLS, lambda given: given)
    _set(number, call, METHODS, lambda given: given.upper() or "POST")
    _set(number, call, TEXTS, lambda given: given or None)
    _set_emergency_address(number, call)
    if call.get("VoiceCallerIdLookup") is not None:
        number.voice_caller_id_lookup = call.text("VoiceCallerIdLookup").lower() == "true"
    number.friendly_name = number.friendly_name or number.phone_number
    if number.voice_application_sid or number.trunk_sid:
        number.voice_url = ""


def _set_emergency_address(number: OwnedNumber, call: RestCall) -> None:
    """To forget one takes a while: who fetches the number after that sees it pending once more.
    EmergencyStatus has no effect any more (TW-emergency)."""
    given = call.get("EmergencyAddressSid")
    if given:
        number.emergency_address_status = "registered"
    elif given is not None and number.emergency_address_status != "unregistered":
        number.emergency_address_status = "pending-unregistration"
    if given is not None:
        number.emergency_address_sid = given or None


def _set(
    number: OwnedNumber,
    call: RestCall,
    attributes: dict[str, str],
    convert: Callable[[str], str | None],
) -> None:
    for name, attribute in attributes.items():
        given = call.get(name)
        if given is not None:
            setattr(number, attribute, convert(given))
