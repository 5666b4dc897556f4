"""Takes a number out of its pool, once nobody can reach anybody by it any more, and gives it back
to the carrier, so that nobody pays for it."""

from __future__ import annotations

from relay.domain.errors import Conflict, NotFound
from relay.domain.pool import NumberStatus
from relay.workflows.find_number import find_number
from relay.workflows.release_numbers import Clock, finish_release
from relay.workflows.services import Services


def give_number_back(services: Services, text: str, *, clock: Clock) -> None:
    """It is on record before the carrier is asked: what the carrier does not do now is done by the
    next ``release_numbers``.

    Raises NotFound, Conflict while sessions on it are open or cooling, Unavailable.
    """
    number = find_number(services, text)
    match services.store.numbers.retire(number.number, number.pool):
        case "bound":
            raise Conflict(_what_to_do(number.status), code="number_in_use")
        case "unknown":
            raise NotFound("This number is not in any pool.")
    release = services.store.numbers.releasing(number.pool).get(number.number)
    if release is not None:  # else a worker was quicker
        finish_release(services, number.pool, release, clock=clock)


def _what_to_do(status: NumberStatus) -> str:
    why = "Sessions on this number are open or cooling: "
    if status is NumberStatus.DRAINING:
        return why + "it is given back by itself when they have ended."
    return why + "set its status to draining, and it is given back when they have ended."
