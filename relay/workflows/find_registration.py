"""Finds out how numbers are registered for texting, and whether they have to wait for that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

import structlog

from relay.carrier.client import Carrier
from relay.carrier.codes import UNREGISTERED
from relay.carrier.numbers import OwnedNumber
from relay.domain.errors import CarrierError
from relay.domain.pool import Pool
from relay.domain.registration import (
    Registered,
    Registration,
    Registry,
    Sender,
    SenderService,
    TextingRegistration,
    is_toll_free,
    needs_campaign,
)
from relay.workflows.join_service import caps_of
from relay.workflows.services import Services

log = structlog.get_logger()


def read_registry(carrier: Carrier, ours: Collection[Sender]) -> Registry:
    """What the account that rents these numbers, which can text, says of them. Raises
    CarrierError."""
    return _registry(carrier, ours, _services_of_account(carrier))


def find_registration(
    services: Services, owned: OwnedNumber, pool: Pool | None, service: SenderService | None
) -> Registered:
    """Of one number, which is in this service of the board's; None: in none of them, as far as we
    know. What would take a look at the whole account is left to ``follow_registrations``. Raises
    nothing."""
    if not owned.sms:
        return registered_as(Registration.NOT_NEEDED, "", pool)
    sid = service.sid if service else None
    if service is None and needs_campaign(owned.number):
        return registered_as(Registration.UNKNOWN, sid, pool)
    number, known = Sender(owned.number, owned.sid), [service] if service else []
    try:
        registry = _registry(services.carrier, [number], known)
    except CarrierError as error:
        log.warning("registration not found", owned_number=owned.number, code=error.code)
        return registered_as(Registration.UNKNOWN, sid, pool)
    return registered_as(registry.registration_of(number, caps_of(services)), sid, pool)


def registered_as(registration: Registration, service: str | None, pool: Pool | None) -> Registered:
    """``service`` as ``Registered`` has it."""
    is_required = pool is not None and pool.texting_registration is TextingRegistration.REQUIRED
    return Registered(
        registration=registration,
        service=service,
        must_wait=is_required and registration.is_missing,
        codes=UNREGISTERED,
    )


def _services_of_account(carrier: Carrier) -> Iterator[SenderService]:
    for service in carrier.messaging_services.all():
        yield SenderService(service.sid, carrier.messaging_services.senders(service.sid))


def _registry(
    carrier: Carrier, ours: Collection[Sender], services: Iterable[SenderService]
) -> Registry:
    """Campaigns and verifications are asked for where one of ours needs them."""
    in_campaign = [one.sid for one in ours if needs_campaign(one.number)]
    found = {
        one.sid: replace(
            one,
            has_campaign=any(map(one.has, in_campaign))
            and carrier.messaging_services.has_verified_campaign(one.sid),
        )
        for one in services
    }
    is_asked = any(is_toll_free(one.number) for one in ours)
    verified = carrier.messaging_services.verified_toll_free() if is_asked else set()
    return Registry(found, verified)
