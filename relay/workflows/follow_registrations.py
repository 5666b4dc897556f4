"""Keeps on record how an account's numbers are registered for texting, and which have to wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from relay.domain.errors import CarrierError
from relay.domain.pool import Pool, VirtualNumber
from relay.domain.registration import Registered, Sender
from relay.workflows.find_registration import read_registry, registered_as
from relay.workflows.join_service import caps_of
from relay.workflows.pass_over_failures import (
    pass_over_failures,
    pass_over_refusal,
    pass_over_unavailable,
)
from relay.workflows.services import Services
from relay.workflows.take_number_in import is_of_this_account

log = structlog.get_logger()


@dataclass(frozen=True)
class Texting:
    """A number that can text, and whose it is."""

    services: Services
    pool: Pool
    number: VirtualNumber

    @property
    def sender(self) -> Sender:
        return Sender(self.number.number, self.number.carrier_sid)

    def is_noted(self, registered: Registered) -> bool:
        number = self.number
        noted = (number.registration, number.service, number.waits_for_registration)
        return noted == (registered.registration, registered.service, registered.must_wait)


def follow_registrations(boards: Sequence[Services], *, now: float) -> None:
    """Of the boards that use one account. While the carrier does not tell, all stays as it is.
    Raises Unavailable when the store is away; a board or a pool that alone is away is left out."""
    texting = [one for services in boards for one in _read_texting(services)]
    try:
        found = find_registrations(texting)
    except CarrierError as error:
        first = boards[0]
        pass_over_refusal(first.store, error, "registrations not read", account=first.account.sid)
        return
    for one, registered in found:
        with pass_over_unavailable(one.services, pool=one.pool.name, step="registration"):
            if not one.is_noted(registered):
                _note(one, registered, now)


def texting_of(
    services: Services, pool: Pool, numbers: Sequence[VirtualNumber]
) -> Iterator[Texting]:
    """Those of a pool's numbers of which the board's account can tell us."""
    for number in numbers:
        if number.sms and is_of_this_account(services, number.account):
            yield Texting(services, pool, number)


def find_registrations(texting: Sequence[Texting]) -> list[tuple[Texting, Registered]]:
    """What the carrier says of numbers of one account; nothing where it shows none of the services
    that their boards use: then it is another account's list, or another region's. Raises
    CarrierError."""
    if not texting:
        return []
    registry = read_registry(texting[0].services.carrier, [one.sender for one in texting])
    used = {sid for one in texting for sid in one.services.board.messaging_services}
    if used and not used & registry.services.keys():
        log.warning("none of the boards' messaging services found", services=sorted(used))
        return []
    return [
        (
            one,
            registered_as(
                registry.registration_of(one.sender, caps_of(one.services)),
                registry.service_of(one.sender.sid),
                one.pool,
            ),
        )
        for one in texting
    ]


def _read_texting(services: Services) -> list[Texting]:
    found: list[Texting] = []
    with pass_over_failures(services.store, board=services.board.name, step="registration"):
        for name in services.store.pools.names():
            with pass_over_unavailable(services, pool=name, step="registration"):
                pool = services.store.pools.get(name)
                if pool is not None:
                    found += texting_of(services, pool, services.store.numbers.of_pool(name))
    return found


def _note(one: Texting, registered: Registered, now: float) -> None:
    number = one.number
    one.services.store.numbers.note_registration(number.number, number.pool, registered, now=now)
    if number.registration is not registered.registration:
        log.info(
            "number's registration changed",
            virtual_number=number.number,
            pool=number.pool,
            registration=registered.registration,
            waits=registered.must_wait,
        )
