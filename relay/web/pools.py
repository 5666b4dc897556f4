"""``/v1/pools``: numbers of one country and their policy."""

from __future__ import annotations

from apiflask import APIBlueprint
from pydantic import TypeAdapter

from relay.domain.api_key import Scope
from relay.domain.errors import NotFound
from relay.domain.pool import Pool
from relay.domain.reputation import ReputationPolicy
from relay.web.auth import needs
from relay.web.current import now, services
from relay.web.cursors import Cursors
from relay.web.presenting import present_pool
from relay.web.schemas.base import Page
from relay.web.schemas.pools import PoolAnswer, PoolBody, PoolList
from relay.workflows.put_pool import put_pool

pools = APIBlueprint("pools", __name__, url_prefix="/v1/pools")

_names = Cursors("pools", TypeAdapter(str))


@pools.put("/<name>")
@needs(Scope.NUMBERS)
@pools.input(PoolBody)
@pools.output(PoolAnswer)
@pools.doc(responses={201: "A new pool"})
def put(name: str, json_data: PoolBody) -> tuple[PoolAnswer, int]:
    """Create a pool, or change its policy

    The body is the whole policy: what is left out takes its default, also in a pool that had
    another value. Send what `GET` answered but its name, figures and forecast.
    """
    done = put_pool(services(), _pool(name, json_data))
    return present_pool(services(), done.pool, now=now()), 201 if done.is_new else 200


def _pool(name: str, body: PoolBody) -> Pool:
    cooldowns = {
        field: seconds
        for field in ("candidate_cooldown", "recruiter_cooldown")
        if (seconds := getattr(body, field) or body.cooldown) is not None
    }
    return Pool(
        name=name,
        country=body.country,
        default_ttl=body.default_ttl,
        max_ttl=body.max_ttl,
        access_codes=body.access_codes,
        allowed_countries=tuple(dict.fromkeys(body.allowed_countries)),
        selection=body.selection,
        geo=body.geo,
        strict_geo=body.strict_geo,
        max_sessions_per_number=body.max_sessions_per_number,
        min_headroom=body.min_headroom,
        max_numbers=body.max_numbers,
        monthly_budget=_cents(body.monthly_budget) if body.monthly_budget is not None else None,
        number_rent=_cents(body.number_rent),
        release_idle_after=body.release_idle_after,
        reputation=ReputationPolicy(**body.reputation.model_dump()),
        **cooldowns,
    )


def _cents(money: float) -> int:
    return round(money * 100)


@pools.get("")
@needs(Scope.NUMBERS)
@pools.input(Page, location="query")
@pools.output(PoolList)
def index(query_data: Page) -> PoolList:
    """List the pools by name"""
    after = _names.read(query_data.cursor) or ""
    found = [pool for pool in services().store.pools.all() if pool.name > after]
    page = found[: query_data.limit]
    at = now()
    return PoolList(
        data=[present_pool(services(), pool, now=at) for pool in page],
        next_cursor=_names.write(page[-1].name if len(found) > len(page) else None),
    )


@pools.get("/<name>")
@needs(Scope.NUMBERS)
@pools.output(PoolAnswer)
def get(name: str) -> PoolAnswer:
    """Read a pool: its policy and what it holds now"""
    pool = services().store.pools.get(name)
    if pool is None:
        raise NotFound("No pool has this name.")
    return present_pool(services(), pool, now=now())
