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
from relay.web.schemas.policies import as_asked, as_changed
from relay.web.schemas.pools import PoolAnswer, PoolBody, PoolChange, PoolList
from relay.workflows.put_pool import change_pool, delete_pool, put_pool

pools = APIBlueprint("pools", __name__, url_prefix="/v1/pools")

_names = Cursors("pools", TypeAdapter(str))


@pools.put("/<name>")
@needs(Scope.NUMBERS)
@pools.input(PoolBody)
@pools.output(PoolAnswer)
@pools.doc(operation_id="put_pool", responses={201: "A new pool"})
def put(name: str, json_data: PoolBody) -> tuple[PoolAnswer, int]:
    """Create a pool, or replace its policy

    The body is the whole policy: what is left out takes its default, also in a pool that had
    another value; `PATCH` changes just what it names. The country of a pool that is in use stays:
    409 `pool_in_use`.
    """
    done = put_pool(services(), Pool(name=name, **as_asked(Pool, json_data)))
    return present_pool(services(), done.pool, now=now()), 201 if done.is_new else 200


@pools.patch("/<name>")
@needs(Scope.NUMBERS)
@pools.input(PoolChange)
@pools.output(PoolAnswer)
@pools.doc(operation_id="update_pool")
def patch(name: str, json_data: PoolChange) -> PoolAnswer:
    """Change some of a pool's policy

    What is left out stays as it is. Open sessions keep their expiry; the next ones follow the new
    policy.
    """
    pool = change_pool(services(), check_form(name), lambda before: as_changed(before, json_data))
    return present_pool(services(), pool, now=now())


@pools.delete("/<name>")
@needs(Scope.NUMBERS)
@pools.output({}, 204)
@pools.doc(operation_id="delete_pool")
def delete(name: str) -> tuple[str, int]:
    """Delete a pool that is not in use

    409 `pool_in_use` while it has numbers, orders or gives back some, or has sessions that are open
    or cooling. Its history and its costs go with it; its ended sessions stay on record.
    """
    delete_pool(services(), check_form(name))
    return "", 204


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
