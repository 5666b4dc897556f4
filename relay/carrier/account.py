"""What the carrier says of our account: what it is, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from twilio.rest import Client

from relay.carrier.errors import carrier_errors

_PAGE = 1000  # the most Twilio gives
#: Texts that are looked at for redaction.
_SOME = 20
#: Stands for the end of a number that is redacted.
_REDACTED = "XXXX"


@dataclass(frozen=True, kw_only=True)
class AccountState:
    """``status`` is ``active``, ``suspended`` or ``closed``."""

    status: str
    is_trial: bool


@dataclass(frozen=True, kw_only=True)
class DialledCountries:
    """Countries by ISO code: whose ordinary numbers may be dialled, and whose premium numbers and
    those that are known for toll fraud."""

    ordinary: frozenset[str]
    high_risk: frozenset[str]


class CarrierAccountApi:
    """Every method raises CarrierError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def fetch(self) -> AccountState:
        """Refused to an API key that is not a Main one (TW-key-kinds)."""
        with carrier_errors():
            account = self._client.api.v2010.accounts(self._client.account_sid).fetch()
            return AccountState(status=str(account.status), is_trial=account.type == "Trial")

    def has_approved_profile(self) -> bool:
        """Whether Twilio has approved one of its customer profiles."""
        with carrier_errors():
            profiles = self._client.trusthub.v1.customer_profiles.list(status="twilio-approved")
            return bool(profiles)

    def dialled_countries(self) -> DialledCountries:
        """By its geographic permissions for voice (TW-geo)."""
        with carrier_errors():
            countries = self._client.voice.v1.dialing_permissions.countries.list(page_size=_PAGE)
            return DialledCountries(
                ordinary=frozenset(
                    country.iso_code for country in countries if country.low_risk_numbers_enabled
                ),
                high_risk=frozenset(
                    country.iso_code
                    for country in countries
                    if country.high_risk_special_numbers_enabled
                    or country.high_risk_tollfraud_numbers_enabled
                ),
            )

    def texted_countries(self) -> frozenset[str]:
        """Its geographic permissions for messages, by ISO code (TW-geo)."""
        with carrier_errors():
            answer = self._client.accounts.v1.messaging_geopermissions.fetch()
            return frozenset(
                permission["country_code"].upper()
                for permission in answer.permissions
                if permission.get("enabled")
            )

    def redacts_texts(self) -> bool | None:
        """Whether its list of texts leaves out words and ends of numbers; None while it is empty.
        No setting says so: the latest texts show it (TW-redaction)."""
        with carrier_errors():
            texts = list(islice(self._client.messages.stream(page_size=_SOME), _SOME))
            if not texts:
                return None
            return any(_REDACTED in f"{text.from_} {text.to}" for text in texts)
