"""Creates a pool or changes its policy."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

from relay.carrier.countries import why_not_connected
from relay.domain.errors import Fault, Invalid
from relay.domain.pool import POOL_NAME, Pool
from relay.workflows.services import Services

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

    Raises Invalid, Unavailable.
    """
    faults = tuple(_faults_of(pool))
    if faults:
        raise Invalid("Some values are not allowed.", faults)
    return PutPool(pool, is_new=services.store.pools.put(pool))


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
