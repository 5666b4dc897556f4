"""Puts a number that the account owns into a pool, and makes its calls and texts come here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from relay.carrier.numbers import OwnedNumber
from relay.carrier.urls import WebhookUrls
from relay.domain.board import NumberPlace
from relay.domain.errors import Conflict, Fault, Invalid, NotFound
from relay.domain.phone import PhoneNumberRefused, normalise_virtual_number
from relay.domain.pool import VirtualNumber
from relay.domain.purchase import place_of_label
from relay.workflows.services import Services
from relay.workflows.take_number_in import add_to_pool, try_to_join


class Webhooks(TypedDict):
    """A number's three, under the names that the carrier's adapter takes."""

    voice_url: str
    sms_url: str
    status_callback: str


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
    # First these: a number that can be allocated must already be answered here.
    point_here(services, owned)
    try_to_join(services, owned)
    is_new = add_to_pool(services, owned, pool, now=now)
    imported = services.store.numbers.get(number)
    if imported is None:
        raise NotFound("The number was given back at the same time.")
    return Imported(imported, is_new)


def _normalise(text: str) -> str:
    try:
        return normalise_virtual_number(text)
    except PhoneNumberRefused as refusal:
        fault = Fault("/phone_number", str(refusal))
        raise Invalid("The number is not valid.", (fault,)) from None


def point_here(services: Services, owned: OwnedNumber) -> bool:
    """True when it is done. Raises CarrierError."""
    services.carrier.numbers.point_here(owned.sid, **webhooks_of(services))
    return True


def webhooks_of(services: Services) -> Webhooks:
    """Where the carrier finds us, for every number of ours."""
    urls = WebhookUrls(services.settings.public_base_url, services.board.name)
    return Webhooks(
        voice_url=urls.voice(), sms_url=urls.messages(), status_callback=urls.call_ended()
    )
