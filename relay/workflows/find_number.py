"""Finds one of our numbers by whatever spelling of it stands in an address."""

from __future__ import annotations

from relay.domain.errors import NotFound
from relay.domain.phone import PhoneNumberRefused, normalise_virtual_number
from relay.domain.pool import VirtualNumber
from relay.workflows.services import Services


def find_number(services: Services, text: str) -> VirtualNumber:
    """Raises NotFound, Unavailable."""
    try:
        number = services.store.numbers.get(normalise_virtual_number(text))
    except PhoneNumberRefused:
        number = None
    if number is None:
        raise NotFound("This number is not in any pool.")
    return number
