"""``/v1/pools``: numbers of one country and their policy."""

from __future__ import annotations

from apiflask import APIBlueprint
from pydantic import TypeAdapter

from relay.domain.api_key import Scope
from relay.domain.errors import NotFound
from relay.domain.pool import Pool
from relay.web.auth import needs
from relay.web.current import now, services
from relay.web.cursors import Cursors
from relay.web.ids import check_form
from relay.web.presenting import present_pool
from relay.web.schemas.base import Page
from relay.web.schemas.policies import as_asked
from relay.web.schemas.pools import PoolAnswer, PoolBody, PoolList
from relay.workflows.put_pool import put_pool

pools = APIBlueprint("pools", __name__, url_prefix="/v1/pools")

_names = Cursors("pools", TypeAdapter(str))


@pools.put("/<name>")
@needs(Scope.NUMBERS)
@pools.input(PoolBody)
@pools.output(PoolAnswer)
@pools.doc(operation_id="put_pool", responses={201: "A new pool"})
def put(name: str, json_data: PoolBody) -> tuple[PoolAnswer, int]:
    """Create a pool, or change its policy

    The body is the whole policy: what is left out takes its default, also in a pool that had
    another value. Send what `GET` answered but its name, figures and forecast.
    """
    done = put_pool(services(), Pool(name=name, **as_asked(Pool, json_data)))
    return present_pool(services(), done.pool, now=now()), 201 if done.is_new else 200


@pools.get("")
@needs(Scope.NUMBERS)
@pools.input(Page, location="query")
@pools.output(PoolList)
@pools.doc(operation_id="list_pools")
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
@pools.doc(operation_id="get_pool")
def get(name: str) -> PoolAnswer:
    """Read a pool: its policy and what it holds now"""
    pool = services().store.pools.get(check_form(name))
    if pool is None:
        raise NotFound("No pool has this name.")
    return present_pool(services(), pool, now=now())
