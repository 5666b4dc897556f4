"""``/v1/numbers``: the virtual numbers themselves."""

from __future__ import annotations

from typing import Any, assert_never

from apiflask import APIBlueprint
from pydantic import TypeAdapter

from relay.domain.api_key import Scope
from relay.domain.pool import NumberStatus
from relay.web import idempotency
from relay.web.auth import needs
from relay.web.current import now, services
from relay.web.cursors import Cursors
from relay.web.presenting import present_job, present_number, present_numbers
from relay.web.schemas.jobs import JobAnswer
from relay.web.schemas.numbers import (
    NumberAnswer,
    NumberBody,
    NumberChange,
    NumberImport,
    NumberList,
    NumberPurchase,
    NumberQuery,
)
from relay.workflows.change_number import change_number
from relay.workflows.find_number import find_number
from relay.workflows.give_number_back import give_number_back
from relay.workflows.import_number import import_number
from relay.workflows.order_numbers import Order, order_numbers

numbers = APIBlueprint("numbers", __name__, url_prefix="/v1/numbers")

_ANSWERS: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "The pool has the number already"},
    202: {
        "description": "A job that buys the numbers; `Location` says where to ask for it",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobAnswer"}}},
    },
}

_places = Cursors("numbers", TypeAdapter(tuple[str, int]))


@numbers.post("")
@needs(Scope.NUMBERS)
@numbers.input(NumberBody)
@numbers.output(NumberAnswer, 201, description="A new number of the pool")
@numbers.doc(operation_id="add_numbers", responses=_ANSWERS)
def post(
    json_data: NumberBody,
) -> tuple[NumberAnswer | JobAnswer, int, dict[str, str]]:
    """Import a number that the account owns, or buy numbers

    The calls and texts of an imported number come here before this answers. Numbers are bought by
    a job, inside the pool's `max_numbers` and `monthly_budget`: 409 with the `reason` where these
    leave no room for all of them.
    """
    match json_data.root:
        case NumberImport() as body:
            return _import(body)
        case NumberPurchase() as body:
            return _buy(body)
        case body:
            assert_never(body)


def _import(body: NumberImport) -> tuple[NumberAnswer, int, dict[str, str]]:
    imported = import_number(services(), body.phone_number, body.pool, now=now())
    answer = present_number(services(), imported.number, now=now())
    location = f"/v1/numbers/{answer.phone_number}"
    return answer, 201 if imported.is_new else 200, {"Location": location}


def _buy(body: NumberPurchase) -> tuple[JobAnswer, int, dict[str, str]]:
    order = Order(
        pool=body.pool,
        country=body.buy.country,
        area_code=body.buy.area_code,
        count=body.count,
        request=idempotency.request_id(),
    )
    answer = present_job(order_numbers(services(), order, now=now()))
    return answer, 202, {"Location": f"/v1/jobs/{answer.id}"}


@numbers.get("")
@needs(Scope.NUMBERS)
@numbers.input(NumberQuery, location="query")
@numbers.output(NumberList)
@numbers.doc(operation_id="list_numbers")
def index(query_data: NumberQuery) -> NumberList:
    """List the numbers, by pool and in the order in which they are allocated"""
    after = _places.read(query_data.cursor) or ("", 0)
    store = services().store
    pools = [query_data.pool] if query_data.pool is not None else store.pools.names()
    found = [
        number
        for pool in pools
        if pool >= after[0]
        for number in store.numbers.of_pool(pool)
        if (pool, number.ordinal) > after
    ]
    page = found[: query_data.limit]
    more = len(found) > len(page)
    return NumberList(
        data=present_numbers(services(), page, now=now()),
        next_cursor=_places.write((page[-1].pool, page[-1].ordinal) if more else None),
    )


@numbers.get("/<number>")
@needs(Scope.NUMBERS)
@numbers.output(NumberAnswer)
@numbers.doc(operation_id="get_number")
def get(number: str) -> NumberAnswer:
    """Read a number"""
    return present_number(services(), find_number(services(), number), now=now())


@numbers.patch("/<number>")
@needs(Scope.NUMBERS)
@numbers.input(NumberChange)
@numbers.output(NumberAnswer)
@numbers.doc(operation_id="update_number")
def patch(number: str, json_data: NumberChange) -> NumberAnswer:
    """Say whether new sessions may use a number"""
    changed = change_number(
        services(),
        number,
        NumberStatus(json_data.status) if json_data.status else None,
        trusts_texts=json_data.sms_ready is True,
    )
    return present_number(services(), changed, now=now())


@numbers.delete("/<number>")
@needs(Scope.NUMBERS)
@numbers.output({}, 204)
@numbers.doc(operation_id="release_number")
def delete(number: str) -> tuple[str, int]:
    """Give a number back

    It leaves its pool and goes back to the carrier, for good. Refused while sessions on it are open
    or cooling: a number whose status is `draining` is given back by itself when they have ended.
    """
    give_number_back(services(), number, clock=now)
    return "", 204
