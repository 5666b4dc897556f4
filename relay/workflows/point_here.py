"""Makes a number's calls and texts come here."""

from __future__ import annotations

from relay.carrier.numbers import OwnedNumber
from relay.carrier.urls import Webhooks, WebhookUrls
from relay.workflows.services import Services


def point_here(services: Services, owned: OwnedNumber) -> bool:
    """True when it is done. Raises CarrierError."""
    services.carrier.numbers.point_here(owned.sid, **webhooks_of(services))
    return True


def webhooks_of(services: Services) -> Webhooks:
    """Where the carrier finds us, for every number of ours."""
    settings = services.settings
    return {
        **webhooks_at(services, settings.public_base_url),
        "voice_fallback_url": settings.voice_fallback_url,
        "sms_fallback_url": settings.sms_fallback_url,
    }


def webhooks_at(services: Services, base_url: str) -> Webhooks:
    """Those at a public address of ours, the present one or the one before."""
    urls = WebhookUrls(base_url, services.board.name)
    return Webhooks(
        voice_url=urls.voice(), sms_url=urls.messages(), status_callback=urls.call_ended()
    )
