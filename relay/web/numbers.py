"""``/v1/numbers``: the virtual numbers themselves."""

from __future__ import annotations

from apiflask import APIBlueprint
from pydantic import TypeAdapter

from relay.domain.api_key import Scope
from relay.domain.pool import NumberStatus
from relay.web.auth import needs
from relay.web.current import now, services
from relay.web.cursors import Cursors
from relay.web.presenting import present_number
from relay.web.schemas.numbers import (
    NumberAnswer,
    NumberBody,
    NumberChange,
    NumberList,
    NumberQuery,
)
from relay.workflows.change_number import change_number
from relay.workflows.find_number import find_number
from relay.workflows.give_number_back import give_number_back
from relay.workflows.import_number import import_number

numbers = APIBlueprint("numbers", __name__, url_prefix="/v1/numbers")

_places = Cursors("numbers", TypeAdapter(tuple[str, int]))


@numbers.post("")
@needs(Scope.NUMBERS)
@numbers.input(NumberBody)
@numbers.output(NumberAnswer, 201, description="A new number of the pool")
@numbers.doc(responses={200: "The pool has the number already"})
def post(json_data: NumberBody) -> tuple[NumberAnswer, int, dict[str, str]]:
    """Import a number that the account owns

    Its calls and texts come here before this answers.
    """
    imported = import_number(services(), json_data.phone_number, json_data.pool, now=now())
    answer = present_number(imported.number)
    location = f"/v1/numbers/{answer.phone_number}"
    return answer, 201 if imported.is_new else 200, {"Location": location}


@numbers.get("")
@needs(Scope.NUMBERS)
@numbers.input(NumberQuery, location="query")
@numbers.output(NumberList)
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
        data=[present_number(number) for number in page],
        next_cursor=_places.write((page[-1].pool, page[-1].ordinal) if more else None),
    )


@numbers.get("/<number>")
@needs(Scope.NUMBERS)
@numbers.output(NumberAnswer)
def get(number: str) -> NumberAnswer:
    """Read a number"""
    return present_number(find_number(services(), number))


@numbers.patch("/<number>")
@needs(Scope.NUMBERS)
@numbers.input(NumberChange)
@numbers.output(NumberAnswer)
def patch(number: str, json_data: NumberChange) -> NumberAnswer:
    """Say whether new sessions may use a number"""
    status = NumberStatus(json_data.status)
    return present_number(change_number(services(), number, status))


@numbers.delete("/<number>")
@needs(Scope.NUMBERS)
@numbers.output({}, 204)
def delete(number: str) -> tuple[str, int]:
    """Give a number back

    It leaves its pool; the carrier's account keeps it. Refused while sessions on it are open or
    cooling.
    """
    give_number_back(services(), number)
    return "", 204
