"""Puts a number into the first of the board's messaging services that has room for it."""

from __future__ import annotations

from dataclasses import replace

import structlog

from relay.carrier.codes import SERVICE_FULL
from relay.carrier.numbers import OwnedNumber
from relay.domain.errors import CarrierError
from relay.domain.registration import Caps, Sender, SenderService, needs_campaign
from relay.workflows.point_here import webhooks_of
from relay.workflows.services import Services

log = structlog.get_logger()


def caps_of(services: Services) -> Caps:
    settings = services.settings
    return Caps(settings.campaign_numbers, settings.service_numbers)


def services_of_board(services: Services) -> list[SenderService]:
    """With the numbers that they have now. Raises CarrierError."""
    carrier = services.carrier.messaging_services
    return [SenderService(sid, carrier.senders(sid)) for sid in services.board.messaging_services]


def check_services(services: Services, owned: OwnedNumber) -> None:
    """Raises CarrierError for a messaging service of the board in which the number would get no
    texts, and when that cannot be found out."""
    if owned.sms:
        for sid in services.board.messaging_services:
            services.carrier.messaging_services.check(sid, sms_url=_sms_url(services))


def has_room(services: Services, sid: str = "") -> bool:
    """Whether one more number that needs a campaign finds room, or the one with this ``sid`` has
    it. A board without messaging services has room for all. Raises CarrierError for what may be
    tried again; what else is wrong with a service keeps nobody from calling a number."""
    try:
        found = services_of_board(services)
    except CarrierError as error:
        if error.retryable:
            raise
        return True
    caps = caps_of(services)
    return not found or any(one.has(sid) or one.has_room(caps, in_campaign=True) for one in found)


def join_service(services: Services, owned: OwnedNumber) -> SenderService | None:
    """The service that the number is in now; None when it cannot text, or no service has room.
    Raises CarrierError."""
    if not owned.sms:
        return None
    found = services_of_board(services)
    for one in found:
        if one.has(owned.sid):
            return one
    caps, in_campaign = caps_of(services), needs_campaign(owned.number)
    for one in found:
        if one.has_room(caps, in_campaign=in_campaign) and _enter(services, one.sid, owned):
            return replace(one, senders=(*one.senders, Sender(owned.number, owned.sid)))
    return None


def try_to_join(services: Services, owned: OwnedNumber) -> SenderService | None:
    """The same. Raises CarrierError for what may be tried again."""
    try:
        return join_service(services, owned)
    except CarrierError as error:
        if error.retryable:
            raise
        # It is rented, and can be called; reconciling tries again and says so each time.
        log.warning("number not in messaging service", owned_number=owned.number, code=error.code)
        return None


def _enter(services: Services, sid: str, owned: OwnedNumber) -> bool:
    """False when the carrier has no room for it in that service."""
    try:
        services.carrier.messaging_services.join(sid, owned.sid, sms_url=_sms_url(services))
    except CarrierError as error:
        if error.code == SERVICE_FULL:
            return False
        raise
    return True


def _sms_url(services: Services) -> str:
    return webhooks_of(services)["sms_url"]
