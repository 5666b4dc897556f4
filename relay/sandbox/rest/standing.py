"""What the account is and may do, as api, trusthub, voice and accounts.twilio.com show it."""

from __future__ import annotations

from dataclasses import dataclass

from relay.sandbox.clock import rfc2822
from relay.sandbox.geography import COUNTRIES
from relay.sandbox.network import Network
from relay.sandbox.rest.paging import meta_page
from relay.sandbox.rest.request import Json, RestAnswer, RestCall


@dataclass
class _Listed:
    """An entry of a list; ``name`` is an ISO code or a status."""

    sequence: int
    name: str


class StandingPages:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._standing = network.account.standing

    def fetch_account(self, _call: RestCall, sid: str) -> RestAnswer:
        standing, uri = self._standing, f"/2010-04-01/Accounts/{sid}"
        opened = rfc2822(self._network.account.opened)
        return RestAnswer(
            200,
            {
                "sid": sid,
                "owner_account_sid": sid,
                "friendly_name": "The sandbox",
                "status": standing.status,
                "type": standing.type,
                "auth_token": self._network.account.auth_token,
                "date_created": opened,
                "date_updated": opened,
                "subresource_uris": {"messages": f"{uri}/Messages.json"},
                "uri": f"{uri}.json",
            },
        )

    def list_profiles(self, call: RestCall) -> RestAnswer:
        wanted = call.get("Status")
        profile = self._standing.profile
        profiles = [_Listed(1, profile)] if profile and wanted in {None, profile} else []
        return RestAnswer(200, meta_page(call, "results", profiles, self._profile_json))

    def list_dialled(self, call: RestCall) -> RestAnswer:
        countries = [_Listed(place, code) for place, code in enumerate(COUNTRIES)]
        return RestAnswer(200, meta_page(call, "content", countries, self._dialled_json))

    def fetch_texted(self, call: RestCall) -> RestAnswer:
        wanted = call.get("CountryCode")
        permissions = [
            {"country_code": code, "type": "country", "enabled": code in self._standing.texts}
            for code in (wanted.split(",") if wanted else COUNTRIES)
        ]
        return RestAnswer(200, {"permissions": permissions})

    def _profile_json(self, profile: _Listed) -> Json:
        account = self._network.account
        return {
            "sid": f"BU{profile.sequence:032x}",
            "account_sid": account.sid,
            "policy_sid": f"RN{profile.sequence:032x}",
            "friendly_name": "The sandbox",
            "status": profile.name,
            "email": "compliance@example.com",
        }

    def _dialled_json(self, country: _Listed) -> Json:
        code = country.name
        return {
            "iso_code": code,
            "name": code,
            "continent": "",
            "country_codes": [],
            "low_risk_numbers_enabled": code in self._standing.dials,
            "high_risk_special_numbers_enabled": code in self._standing.dials_premium,
            "high_risk_tollfraud_numbers_enabled": code in self._standing.dials_toll_fraud,
            "url": f"https://voice.twilio.com/v1/DialingPermissions/Countries/{code}",
        }
