"""Creates a pool, changes its policy, or deletes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
import structlog

from relay.carrier.countries import why_not_connected
from relay.domain.errors import Fault, Invalid, NotFound
from relay.domain.pool import POOL_NAME, Pool
from relay.workflows.services import Services

log = structlog.get_logger()

#: The participants' own hash tag (store/keys.py).
_RESERVED_NAMES = {"people"}
#: Codes that are often written, and what ISO 3166 has.
_MEANT = {"UK": "; the United Kingdom's is GB"}


@dataclass(frozen=True)
class PutPool:
    pool: Pool
    is_new: bool


def put_pool(services: Services, pool: Pool) -> PutPool:
    """Sessions that are open keep their expiry; the next ones follow the new policy.

    Raises Invalid, Conflict where a pool that is in use would change its country, Unavailable.
    """
    _check(pool)
    return PutPool(pool, is_new=services.store.pools.put(pool))


def change_pool(services: Services, name: str, change: Callable[[Pool], Pool]) -> Pool:
    """The pool after ``change``, which is given the policy on record and may be called again where
    others change that at the same time. Raises NotFound, and as ``put_pool`` does."""

    def checked(before: Pool) -> Pool:
        after = change(before)
        _check(after)
        return after

    pool = services.store.pools.amend(name, checked)
    if pool is None:
        raise NotFound("No pool has this name.")
    log.info("pool changed", pool=name)
    return pool


def delete_pool(services: Services, name: str) -> None:
    """Forgets a pool that has no number and no session that is open or cooling. Raises NotFound,
    Conflict for one that has, Unavailable."""
    if not services.store.pools.delete(name):
        raise NotFound("No pool has this name.")
    log.info("pool deleted", pool=name)


def _check(pool: Pool) -> None:
    faults = tuple(_faults_of(pool))
    if faults:
        raise Invalid("Some values are not allowed.", faults)


def _faults_of(pool: Pool) -> list[Fault]:
    faults = []
    if not POOL_NAME.fullmatch(pool.name):
        faults.append(Fault("/name", "1 to 32 of a-z, 0-9 and -, not - first"))
    if pool.name in _RESERVED_NAMES:
        faults.append(Fault("/name", "this name is reserved"))
    if why_not := _why_not_served(pool.country):
        faults.append(Fault("/country", why_not))
    if pool.default_ttl > pool.max_ttl:
        faults.append(Fault("/default_ttl", "at most max_ttl"))
    if pool.monthly_budget is not None and not pool.number_rent:
        faults.append(Fault("/number_rent", "at least 0.01, or monthly_budget bounds nothing"))
    faults.extend(
        Fault(f"/{name}", f"{kind} and 32 hexadecimal digits")
        for name, kind, sid in (
            ("bundle_sid", "BU", pool.bundle_sid),
            ("address_sid", "AD", pool.address_sid),
        )
        if sid is not None and not re.fullmatch(rf"{kind}[0-9a-fA-F]{{32}}", sid)
    )
    faults.extend(
        Fault(f"/allowed_countries/{position}", why_not)
        for position, country in enumerate(pool.allowed_countries)
        if country != pool.country and (why_not := _why_not_served(country))
    )
    return faults


def _why_not_served(country: str) -> str | None:
    if country not in phonenumbers.SUPPORTED_REGIONS:
        return "no country with telephones has this code" + _MEANT.get(country, "")
    return why_not_connected(country)
