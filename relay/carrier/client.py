"""The carrier's REST API behind one name."""

from __future__ import annotations

from twilio.rest import Client

from relay.carrier.calls import CarrierCalls
from relay.carrier.http import PAGE_TIMEOUT, TIMEOUT, CarrierHttp
from relay.carrier.messages import CarrierMessages
from relay.carrier.numbers import CarrierNumbers
from relay.carrier.records import CarrierRecords


class Carrier:
    """One account at Twilio, or at the simulated carrier when ``base_url`` says so.

    Every method raises CarrierError and nothing else.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        base_url: str = "",
        timeout: float = TIMEOUT,
        page_timeout: float = PAGE_TIMEOUT,
        messaging_service: str = "",
    ) -> None:
        client, lists = (
            Client(account_sid, auth_token, http_client=CarrierHttp(base_url, seconds))
            for seconds in (timeout, page_timeout)
        )
        self.calls = CarrierCalls(client)
        self.messages = CarrierMessages(client, lists)
        self.records = CarrierRecords(client, lists)
        self.numbers = CarrierNumbers(client, lists, messaging_service=messaging_service)
