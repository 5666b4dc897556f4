"""Makes a number's calls and texts come here."""

from __future__ import annotations

from typing import TypedDict

from relay.carrier.numbers import OwnedNumber
from relay.carrier.urls import WebhookUrls
from relay.workflows.services import Services


class Webhooks(TypedDict):
    """A number's three, under the names that the carrier's adapter takes."""

    voice_url: str
    sms_url: str
    status_callback: str


def point_here(services: Services, owned: OwnedNumber) -> bool:
    """True when it is done. Raises CarrierError."""
    services.carrier.numbers.point_here(owned.sid, **webhooks_of(services))
    return True


def webhooks_of(services: Services) -> Webhooks:
    """Where the carrier finds us, for every number of ours."""
    urls = WebhookUrls(services.settings.public_base_url, services.board.name)
    return Webhooks(
        voice_url=urls.voice(), sms_url=urls.messages(), status_callback=urls.call_ended()
    )
