"""Messaging services: what becomes of the texts to their numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twilio.rest import Client

from relay.carrier.codes import TEXTS_LOST_IN_SERVICE
from relay.carrier.errors import carrier_errors
from relay.carrier.urls import is_same_place
from relay.domain.errors import CarrierError
from relay.domain.trouble import Trouble

_PAGE = 1000  # the most Twilio gives
#: How long a service that was in order need not be fetched again, in seconds.
_GOOD_FOR = 300.0


@dataclass(frozen=True, kw_only=True)
class MessagingService:
    """A service of the account. Without ``inbound_url``, and where it does not defer to the
    webhooks of its numbers, Twilio drops each text to them, and logs nothing (TW-service)."""

    sid: str
    defers_to_numbers: bool
    inbound_url: str
    is_posted: bool

    def brings_texts_to(self, sms_url: str) -> bool:
        """Whether a text to a number of it comes to this webhook, which the number has."""
        return self.defers_to_numbers or (
            self.is_posted and is_same_place(self.inbound_url, sms_url)
        )


class CarrierMessagingServices:
    """Every method raises CarrierError."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._good_until: dict[tuple[str, str], float] = {}

    def all(self) -> Iterator[MessagingService]:
        with carrier_errors():
            for service in self._client.messaging.v1.services.stream(page_size=_PAGE):
                yield _read(service)

    def member_sids(self, sid: str) -> set[str]:
        """Of the numbers in a service."""
        with carrier_errors():
            members = self._client.messaging.v1.services(sid).phone_numbers.list(page_size=_PAGE)
            return {str(member.sid) for member in members}

    def check(self, sid: str, *, sms_url: str) -> None:
        """Raises CarrierError with ``TEXTS_LOST_IN_SERVICE`` for a service in which a number with
        this webhook would get no texts. What was in order is asked again after five minutes."""
        asked = (sid, sms_url)
        if time.monotonic() < self._good_until.get(asked, float("-inf")):
            return
        with carrier_errors():
            service = _read(self._client.messaging.v1.services(sid).fetch())
        if not service.brings_texts_to(sms_url):
            raise CarrierError(Trouble.NEVER, TEXTS_LOST_IN_SERVICE)
        self._good_until[asked] = time.monotonic() + _GOOD_FOR

    def defer_to_numbers(self, sid: str) -> None:
        """Makes a text to a number of the service come to the number's own webhook."""
        with carrier_errors():
            self._client.messaging.v1.services(sid).update(use_inbound_webhook_on_number=True)

    def has_verified_campaign(self, sid: str) -> bool:
        """Whether US carriers know what the service's numbers text about (A2P 10DLC)."""
        with carrier_errors():
            campaigns = self._client.messaging.v1.services(sid).us_app_to_person.list()
            return any(campaign.campaign_status == "VERIFIED" for campaign in campaigns)


def _read(service: Any) -> MessagingService:
    return MessagingService(
        sid=str(service.sid),
        defers_to_numbers=bool(service.use_inbound_webhook_on_number),
        inbound_url=service.inbound_request_url or "",
        is_posted=service.inbound_method in {None, "POST"},
    )
