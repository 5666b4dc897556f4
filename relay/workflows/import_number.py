"""Puts a number that the account owns into a pool, and makes its calls and texts come here."""

from __future__ import annotations

from dataclasses import dataclass

from relay.carrier.codes import TEXTS_LOST_IN_SERVICE
from relay.carrier.numbers import OwnedNumber
from relay.domain.board import NumberPlace
from relay.domain.errors import CarrierError, Conflict, Fault, Invalid, NotFound
from relay.domain.phone import PhoneNumberRefused, may_be_of, normalise_virtual_number
from relay.domain.pool import NumberStatus, VirtualNumber
from relay.domain.purchase import FailureCode, place_of_label
from relay.domain.registration import needs_campaign
from relay.workflows.join_service import check_services, has_room, try_to_join
from relay.workflows.point_here import point_here
from relay.workflows.services import Services
from relay.workflows.take_number_in import add_to_pool


@dataclass(frozen=True)
class Imported:
    number: VirtualNumber
    is_new: bool


def import_number(services: Services, text: str, pool: str, *, now: float) -> Imported:
    """Safe to repeat: a number that is in the pool already gets its webhooks pointed here again.

    Raises Invalid (``not_owned`` among others), Conflict, CarrierError, Unavailable.
    """
    number = _normalise(text)
    policy = services.store.pools.get(pool)
    if policy is None:
        raise Invalid(
            "There is no such pool. `PUT /v1/pools/{name}` or `python -m relay pools put` creates "
            "it.",
            (Fault("/pool", "no pool has this name"),),
        )
    here = NumberPlace(services.board.name, pool)
    place = services.store.number_map.look_again(number)
    if place not in {None, here}:
        raise Conflict("The number is in another pool.", code="number_in_another_pool")
    if place is None and not may_be_of(number, policy.country):
        raise Invalid(
            f"A pool has numbers of one country, and {pool} is of {policy.country}: put a pool of"
            " the number's own country.",
            (Fault("/phone_number", f"not a number of {policy.country}, the pool's country"),),
        )
    owned = services.carrier.numbers.find_owned(number)
    if owned is None:
        raise Invalid(
            "The carrier's account does not own this number.",
            (Fault("/phone_number", f"not a number of the account{_form(number)}"),),
            code="not_owned",
        )
    bought_for = place_of_label(owned.label)
    if bought_for is not None and bought_for.board != services.board.name:
        raise Conflict("The number was bought for another board.", code="number_in_another_pool")
    _check_services(services, owned)
    if services.store.numbers.get(number) is None:
        _check_room(services, owned)
    # First these: a number that can be allocated must already be answered here.
    point_here(services, owned)
    service = try_to_join(services, owned)
    is_new = add_to_pool(services, owned, pool, service, now=now)
    # One that was taken for lost is wanted again.
    services.store.numbers.set_status(
        number, pool, NumberStatus.AVAILABLE, expected=NumberStatus.RELEASED
    )
    imported = services.store.numbers.get(number)
    if imported is None:
        raise NotFound("The number was given back at the same time.")
    return Imported(imported, is_new)


def _form(number: str) -> str:
    """What may be wrong with how it is written. Some of the carrier's numbers have no plus."""
    return "" if number.startswith("+") else "; most are written with a leading +"


def _check_services(services: Services, owned: OwnedNumber) -> None:
    """Raises Conflict for a messaging service in which the number would get no texts; what else is
    wrong with one keeps nobody from calling the number."""
    try:
        check_services(services, owned)
    except CarrierError as error:
        if error.code == TEXTS_LOST_IN_SERVICE:
            raise Conflict(
                "A messaging service of the board does not defer to its numbers' webhooks: texts to"
                " the number would be lost. `python -m relay doctor --fix` makes it defer.",
                code="texts_would_be_lost",
            ) from None


def _check_room(services: Services, owned: OwnedNumber) -> None:
    if owned.sms and needs_campaign(owned.number) and not has_room(services, owned.sid):
        raise Conflict(FailureCode.SERVICES_FULL.sentence, code="services_full")


def _normalise(text: str) -> str:
    try:
        return normalise_virtual_number(text)
    except PhoneNumberRefused as refusal:
        fault = Fault("/phone_number", str(refusal))
        raise Invalid("The number is not valid.", (fault,)) from None
