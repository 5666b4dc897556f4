"""The carrier's REST API behind one name."""

from __future__ import annotations

from twilio.rest import Client

from relay.carrier.account import CarrierAccountApi
from relay.carrier.calls import CarrierCalls
from relay.carrier.http import PAGE_TIMEOUT, TIMEOUT, CarrierHttp
from relay.carrier.messages import CarrierMessages
from relay.carrier.messaging_services import CarrierMessagingServices
from relay.carrier.numbers import CarrierNumbers
from relay.carrier.records import CarrierRecords
from relay.domain.board import CarrierAccount
from relay.domain.exchange import Observer
from relay.domain.throttle import Throttle

#: Not empty: for an empty one the SDK takes that of the process (TW-sdk-environment).
_NO_ENVIRONMENT = {"": ""}
#: How many requests at once, where nobody has said.
_AT_ONCE = 16


class Carrier:
    """One account at Twilio, or at the simulated carrier when ``base_url`` says so.

    Every method raises CarrierError and nothing else. ``throttle`` is what all have in common that
    use the account in this process; ``observe`` is told of each request.
    """

    def __init__(
        self,
        account: CarrierAccount,
        *,
        base_url: str = "",
        region: str = "",
        edge: str = "",
        timeout: float = TIMEOUT,
        page_timeout: float = PAGE_TIMEOUT,
        throttle: Throttle | None = None,
        observe: Observer | None = None,
    ) -> None:
        self.throttle = throttle or Throttle(_AT_ONCE)
        client, lists = (
            _client(
                account,
                CarrierHttp(self.throttle, base_url=base_url, timeout=seconds, observe=observe),
                region=region,
                edge=edge,
            )
            for seconds in (timeout, page_timeout)
        )
        self.account = CarrierAccountApi(client)
        self.messaging_services = CarrierMessagingServices(client, lists)
        self.calls = CarrierCalls(client)
        self.messages = CarrierMessages(client, lists)
        self.records = CarrierRecords(client, lists)
        self.numbers = CarrierNumbers(client, lists)


def _client(account: CarrierAccount, http: CarrierHttp, *, region: str, edge: str) -> Client:
    """The one place that makes a client of the SDK, which would take what is empty here from the
    environment."""
    user, password = account.credentials
    return Client(
        user,
        password,
        account.sid,
        region=region,
        edge=edge,
        http_client=http,
        environment=_NO_ENVIRONMENT,
    )
