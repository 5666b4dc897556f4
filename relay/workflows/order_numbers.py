"""Takes an order of numbers on: puts a job on record that buys them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

from relay.domain.errors import Conflict, Fault, Invalid
from relay.domain.phone import AREA_CODE
from relay.domain.pool import Pool
from relay.domain.purchase import JobKind, Purchase, draw_job_id
from relay.domain.rent import allowance
from relay.workflows.services import Services

#: Countries that share the calling code 1 have area codes; elsewhere the carrier ignores them.
_NORTH_AMERICA = 1


@dataclass(frozen=True, kw_only=True)
class Order:
    """``request`` tells a repeated order from a new one; "" when there is nothing to tell it by."""

    pool: str
    country: str
    area_code: str = ""
    count: int = 1
    request: str = ""


def order_numbers(services: Services, order: Order, *, now: float) -> Purchase:
    """The job, which a worker begins at once; of a repeated order the same one.

    Raises Invalid, Conflict with the ``reason`` when the pool's limits leave no room for all of
    them, Unavailable.
    """
    known = services.store.purchases.ordered(order.pool, order.request) if order.request else None
    if known is not None:
        return known
    pool = services.store.pools.get(order.pool)
    if pool is None:
        raise Invalid("There is no such pool.", (Fault("/pool", "no pool has this name"),))
    _check_place(pool, order)
    _check_limits(services, pool, order.count, now=now)
    job = Purchase(
        id=draw_job_id(pool.name),
        pool=pool.name,
        kind=JobKind.ORDER,
        country=order.country,
        area_code=order.area_code,
        wanted=order.count,
        created_at=int(now),
    )
    job_id = services.store.purchases.create(job, request=order.request)
    services.jobs.buy_numbers(job_id)
    return services.store.purchases.get(job_id) or job


def _check_place(pool: Pool, order: Order) -> None:
    faults = []
    if order.country != pool.country:
        faults.append(Fault("/buy/country", f"the pool's numbers are in {pool.country}"))
    if order.area_code and not _has_area_codes(order.country):
        faults.append(Fault("/buy/area_code", "only where the calling code is +1"))
    elif order.area_code and not re.fullmatch(AREA_CODE, order.area_code):
        faults.append(Fault("/buy/area_code", "three digits, like 415"))
    if faults:
        raise Invalid("Such numbers cannot be bought for this pool.", tuple(faults))


def _has_area_codes(country: str) -> bool:
    return phonenumbers.country_code_for_region(country) == _NORTH_AMERICA


def _check_limits(services: Services, pool: Pool, count: int, *, now: float) -> None:
    rent = services.store.purchases.rent(pool.name, now=now)
    limit = allowance(pool).refusal(rent, more=count)
    if limit is not None:
        paid = f" and pays for {rent.prepaid} that were given back" if rent.prepaid else ""
        raise Conflict(
            f"The pool has {rent.rented} numbers{paid}: "
            f"its {limit} leaves no room for {count} more.",
            code="pool_limit",
            reason=limit,
        )
