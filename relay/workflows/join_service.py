"""Puts a number into the first of the board's messaging services that has room for it."""

from __future__ import annotations

from collections.abc import Sequence
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
    """With the numbers that they have now. One that the carrier does not have, or does not show us,
    is left out, and said so. Raises CarrierError for what may be tried again."""
    found = []
    for sid in services.board.messaging_services:
        try:
            found.append(SenderService(sid, services.carrier.messaging_services.senders(sid)))
        except CarrierError as error:
            if error.retryable:
                raise
            log.warning("messaging service not seen", service=sid, code=error.code)
    return found


def check_services(services: Services, owned: OwnedNumber) -> None:
    """Raises CarrierError for a messaging service of the board in which the number would get no
    texts, and when that cannot be found out."""
    if owned.sms:
        for sid in services.board.messaging_services:
            services.carrier.messaging_services.check(sid, sms_url=_sms_url(services))


def has_room(services: Services, sid: str = "") -> bool:
    """Whether one more number that needs a campaign finds room, or the one with this ``sid`` has
    it. Without any messaging service that is the board's there is room for all: they can be called.
    Raises CarrierError for what may be tried again."""
    found, caps = services_of_board(services), caps_of(services)
    return not found or any(one.has(sid) or one.has_room(caps, in_campaign=True) for one in found)


def join_service(services: Services, owned: OwnedNumber) -> SenderService | None:
    """The service that the number is in now; None when it cannot text, or no service has room.
    Raises CarrierError, also where a service refuses it and no other one has room."""
    if not owned.sms:
        return None
    found = services_of_board(services)
    inside = next((one for one in found if one.has(owned.sid)), None)
    if inside:
        return inside
    caps, in_campaign = caps_of(services), needs_campaign(owned.number)
    return _enter_first(
        services, owned, [one for one in found if one.has_room(caps, in_campaign=in_campaign)]
    )


def _enter_first(
    services: Services, owned: OwnedNumber, with_room: Sequence[SenderService]
) -> SenderService | None:
    refused: CarrierError | None = None
    for one in with_room:
        try:
            services.carrier.messaging_services.join(one.sid, owned.sid, sms_url=_sms_url(services))
        except CarrierError as error:
            if error.retryable:
                raise
            refused = refused if error.code == SERVICE_FULL else error
        else:
            return replace(one, senders=(*one.senders, Sender(owned.number, owned.sid)))
    if refused:
        raise refused
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


def _sms_url(services: Services) -> str:
    return webhooks_of(services)["sms_url"]
