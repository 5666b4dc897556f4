"""Says whether new sessions may use a number."""

from __future__ import annotations

from relay.domain.pool import NumberStatus, VirtualNumber
from relay.workflows.find_number import find_number
from relay.workflows.services import Services


def change_number(services: Services, text: str, status: NumberStatus) -> VirtualNumber:
    """The number after the change; sessions that are on it stay. Raises NotFound, Unavailable."""
    number = find_number(services, text)
    services.store.numbers.set_status(number.number, number.pool, status)
    return find_number(services, number.number)
