"""Says whether new sessions may use a number."""

from __future__ import annotations

from relay.domain.errors import Conflict
from relay.domain.pool import NumberStatus, VirtualNumber
from relay.workflows.find_number import find_number
from relay.workflows.services import Services


def change_number(
    services: Services, text: str, status: NumberStatus | None, *, trusts_texts: bool = False
) -> VirtualNumber:
    """The number after the change; sessions that are on it stay. None leaves its status.
    ``trusts_texts``: what the carrier had against its texts is mended. Raises NotFound, Conflict
    for a number that has to be registered first, Unavailable."""
    number = find_number(services, text)
    if trusts_texts and not services.store.numbers.trust_texts(number.number, number.pool):
        raise Conflict(
            "The number waits for its registration, as its pool's texting_registration is required:"
            f" {number.registration.sentence}.",
            code="registration_needed",
        )
    if status is not None:
        services.store.numbers.set_status(number.number, number.pool, status)
    return find_number(services, number.number)
