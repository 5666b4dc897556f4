"""Messaging services: what becomes of the texts to their numbers, and which are registered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twilio.rest import Client

from relay.carrier.codes import ALREADY_IN_SERVICE, TEXTS_LOST_IN_SERVICE
from relay.carrier.errors import carrier_errors
from relay.carrier.urls import is_same_place
from relay.domain.errors import CarrierError
from relay.domain.registration import Sender
from relay.domain.trouble import Trouble

_PAGE = 200
#: How long a service that was in order need not be fetched again, in seconds.
_GOOD_FOR = 300.0
#: Of a campaign that carriers deliver for, and of a verified toll-free number (TW-registration).
_VERIFIED, _APPROVED = "VERIFIED", "TWILIO_APPROVED"


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

    def __init__(self, client: Client, lists: Client) -> None:
        """``lists`` is the one that has time for a page of a long list."""
        self._client = client
        self._lists = lists
        self._good_until: dict[tuple[str, str], float] = {}

    def all(self) -> Iterator[MessagingService]:
        with carrier_errors():
            for service in self._lists.messaging.v1.services.stream(page_size=_PAGE):
                yield _read(service)

    def senders(self, sid: str) -> list[Sender]:
        """The numbers in a service, in the order in which they joined."""
        with carrier_errors():
            found = self._lists.messaging.v1.services(sid).phone_numbers.list(page_size=_PAGE)
            found.sort(key=lambda one: (_moment(one.date_created), str(one.sid)))
            return [Sender(str(one.phone_number), str(one.sid)) for one in found]

    def check(self, sid: str, *, sms_url: str) -> None:
        """Raises CarrierError with ``TEXTS_LOST_IN_SERVICE`` for a service in which a number with
        this webhook would get no texts. What was in order is asked again after five minutes."""
        asked = (sid, sms_url)
        if self._is_still_good(asked):
            return
        with carrier_errors():
            service = _read(self._client.messaging.v1.services(sid).fetch())
        if not service.brings_texts_to(sms_url):
            raise CarrierError(Trouble.NEVER, TEXTS_LOST_IN_SERVICE)
        self._good_until[asked] = time.monotonic() + _GOOD_FOR

    def join(self, sid: str, number_sid: str, *, sms_url: str) -> None:
        """Puts a number, which has this webhook, into a service; one that is in it is fine.

        Raises CarrierError: what ``check`` raises; 21712 when it is in another service,
        ``SERVICE_FULL`` when the service has 400 numbers, unless Twilio allows more.
        """
        self.check(sid, sms_url=sms_url)
        try:
            with carrier_errors():
                self._client.messaging.v1.services(sid).phone_numbers.create(
                    phone_number_sid=number_sid
                )
        except CarrierError as error:
            if error.code != ALREADY_IN_SERVICE:
                raise

    def defer_to_numbers(self, sid: str) -> None:
        """Makes a text to a number of the service come to the number's own webhook."""
        with carrier_errors():
            self._client.messaging.v1.services(sid).update(use_inbound_webhook_on_number=True)

    def has_verified_campaign(self, sid: str) -> bool:
        """Whether US carriers know what the service's numbers text about (A2P 10DLC). Where they do
        it is asked again after five minutes."""
        asked = (sid, _VERIFIED)
        if self._is_still_good(asked):
            return True
        with carrier_errors():
            campaigns = self._client.messaging.v1.services(sid).us_app_to_person.list()
        is_verified = any(campaign.campaign_status == _VERIFIED for campaign in campaigns)
        if is_verified:
            self._good_until[asked] = time.monotonic() + _GOOD_FOR
        return is_verified

    def verified_toll_free(self) -> set[str]:
        """Sids of the toll-free numbers whose use the carriers have verified."""
        with carrier_errors():
            verifications = self._lists.messaging.v1.tollfree_verifications.list(
                status=_APPROVED, page_size=_PAGE
            )
            return {str(one.tollfree_phone_number_sid) for one in verifications}

    def _is_still_good(self, asked: tuple[str, str]) -> bool:
        return time.monotonic() < self._good_until.get(asked, float("-inf"))


def _moment(joined: datetime | None) -> float:
    return joined.timestamp() if joined else 0.0


def _read(service: Any) -> MessagingService:
    return MessagingService(
        sid=str(service.sid),
        defers_to_numbers=bool(service.use_inbound_webhook_on_number),
        inbound_url=service.inbound_request_url or "",
        is_posted=service.inbound_method in {None, "POST"},
    )
