"""Takes an order of numbers on: puts a job on record that buys them."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers

from relay.domain.errors import Conflict, Fault, Invalid
from relay.domain.pool import Pool
from relay.domain.purchase import JobKind, Purchase, allowance, draw_job_id
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
    job_id = draw_job_id(order.pool, order.request)
    known = services.store.jobs.get(job_id)
    if known is not None:
        return known
    pool = services.store.pools.get(order.pool)
    if pool is None:
        raise Invalid("There is no such pool.", (Fault("/pool", "no pool has this name"),))
    _check_place(pool, order)
    _check_limits(services, pool, order.count)
    job = Purchase(
        id=job_id,
        pool=pool.name,
        kind=JobKind.ORDER,
        country=order.country,
        area_code=order.area_code,
        wanted=order.count,
        created_at=int(now),
    )
    services.store.jobs.create(job)
    services.jobs.buy_numbers(job.id)
    return job


def _check_place(pool: Pool, order: Order) -> None:
    faults = []
    if order.country != pool.country:
        faults.append(Fault("/buy/country", f"the pool's numbers are in {pool.country}"))
    if order.area_code and not _has_area_codes(order.country):
        faults.append(Fault("/buy/area_code", "only where the calling code is +1"))
    if faults:
        raise Invalid("Such numbers cannot be bought for this pool.", tuple(faults))


def _has_area_codes(country: str) -> bool:
    return phonenumbers.country_code_for_region(country) == _NORTH_AMERICA


def _check_limits(services: Services, pool: Pool, count: int) -> None:
    rented = services.store.jobs.rented(pool.name)
    limit = allowance(pool).refusal(rented=rented, more=count)
    if limit is not None:
        raise Conflict(
            f"The pool has {rented} numbers, and its {limit} leaves no room for {count} more.",
            reason=limit,
        )
