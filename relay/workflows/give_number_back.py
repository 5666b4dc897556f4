"""Takes a number out of its pool, once nobody can reach anybody by it any more."""

from __future__ import annotations

from relay.domain.errors import Conflict, NotFound
from relay.domain.pool import NumberStatus
from relay.workflows.find_number import find_number
from relay.workflows.services import Services


def give_number_back(services: Services, text: str) -> None:
    """The account keeps renting the number: only its owner may give that up, and for good.

    Raises NotFound, Conflict while sessions on it are open or cooling, Unavailable.
    """
    number = find_number(services, text)
    match services.store.numbers.remove(number.number, number.pool):
        case "bound":
            raise Conflict(_what_to_do(number.status))
        case "unknown":
            raise NotFound("This number is not in any pool.")


def _what_to_do(status: NumberStatus) -> str:
    why = "Sessions on this number are open or cooling: "
    if status is NumberStatus.DRAINING:
        return why + "wait until they have ended, then try again."
    return why + "set its status to draining, and try again when they have ended."
