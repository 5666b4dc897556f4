"""Puts a number that the account owns into a pool, and makes its calls and texts come here."""

from __future__ import annotations

from dataclasses import dataclass

from relay.carrier.codes import TEXTS_LOST_IN_SERVICE
from relay.carrier.numbers import OwnedNumber
from relay.domain.board import NumberPlace
from relay.domain.errors import CarrierError, Conflict, Fault, Invalid, NotFound
from relay.domain.phone import PhoneNumberRefused, normalise_virtual_number
from relay.domain.pool import VirtualNumber
from relay.domain.purchase import place_of_label
from relay.workflows.point_here import point_here
from relay.workflows.services import Services
from relay.workflows.take_number_in import add_to_pool, check_service, try_to_join


@dataclass(frozen=True)
class Imported:
    number: VirtualNumber
    is_new: bool


def import_number(services: Services, text: str, pool: str, *, now: float) -> Imported:
    """Safe to repeat: a number that is in the pool already gets its webhooks pointed here again.

    Raises Invalid (``not_owned`` among others), Conflict, CarrierError, Unavailable.
    """
    number = _normalise(text)
    if services.store.pools.get(pool) is None:
        raise Invalid(
            "There is no such pool. `PUT /v1/pools/{name}` or `python -m relay pools put` creates "
            "it.",
            (Fault("/pool", "no pool has this name"),),
        )
    here = NumberPlace(services.board.name, pool)
    if services.store.number_map.look_again(number) not in {None, here}:
        raise Conflict("The number is in another pool.")
    owned = services.carrier.numbers.find_owned(number)
    if owned is None:
        raise Invalid(
            "The carrier's account does not own this number.",
            (Fault("/phone_number", "not a number of the account"),),
            code="not_owned",
        )
    bought_for = place_of_label(owned.label)
    if bought_for is not None and bought_for.board != services.board.name:
        raise Conflict("The number was bought for another board.")
    _check_service(services, owned)
    # First these: a number that can be allocated must already be answered here.
    point_here(services, owned)
    try_to_join(services, owned)
    is_new = add_to_pool(services, owned, pool, now=now)
    imported = services.store.numbers.get(number)
    if imported is None:
        raise NotFound("The number was given back at the same time.")
    return Imported(imported, is_new)


def _check_service(services: Services, owned: OwnedNumber) -> None:
    """Raises Conflict for a messaging service in which the number would get no texts; what else is
    wrong with it keeps nobody from calling the number."""
    try:
        check_service(services, owned)
    except CarrierError as error:
        if error.code == TEXTS_LOST_IN_SERVICE:
            raise Conflict(
                f"The messaging service {services.board.messaging_service_sid} does not defer to"
                " its numbers' webhooks: texts to the number would be lost. `python -m relay doctor"
                " --fix` makes it defer."
            ) from None


def _normalise(text: str) -> str:
    try:
        return normalise_virtual_number(text)
    except PhoneNumberRefused as refusal:
        fault = Fault("/phone_number", str(refusal))
        raise Invalid("The number is not valid.", (fault,)) from None
