"""``/v1/interactions``: who called and wrote to whom, through the whole board."""

from __future__ import annotations

import csv
import io
import math
import re
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import TypeAdapter

from relay.domain.api_key import Scope
from relay.store.interactions import Place
from relay.web.auth import needs
from relay.web.current import services
from relay.web.cursors import Cursors
from relay.web.presenting import present_interaction
from relay.web.schemas.interactions import InteractionAnswer, InteractionList, InteractionQuery
from relay.workflows.list_interactions import InteractionFilter, list_interactions

interactions = APIBlueprint("interactions", __name__, url_prefix="/v1/interactions")

_places = Cursors("interactions", TypeAdapter(Place))

_JSON, _CSV = "application/json", "text/csv"
_COLUMNS = tuple(InteractionAnswer.model_fields)
#: What a spreadsheet takes for a formula. A number with its plus is none that does anything.
_FORMULA = re.compile(r"(?!\+\d+$)[=+\-@\t\r]")
_NEXT = "Next-Cursor"
_BY_ACCEPT = {"Vary": "Accept"}
_LAST_MOMENT = 9_999_999_999
_AS_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {_CSV: {"schema": {"type": "string"}}},
        "headers": {
            _NEXT: {
                "description": "Of CSV, where there is a next page: its `cursor`",
                "schema": {"type": "string"},
            }
        },
    }
}


@interactions.get("")
@needs(Scope.SESSIONS)
@interactions.input(InteractionQuery, location="query")
@interactions.output(InteractionList)
@interactions.doc(operation_id="list_interactions", responses=_AS_CSV)
def index(query_data: InteractionQuery) -> tuple[InteractionList, int, dict[str, str]] | Response:
    """List calls and messages of all sessions, the latest first; never what was said or written

    A page may be short or even empty before the list ends: go on until `next_cursor` is null. Who
    was erased is not found by their ref. With `Accept: text/csv` the page is CSV, and `Next-Cursor`
    is a header.
    """
    page = list_interactions(
        services(),
        _wanted(query_data),
        before=_places.read(query_data.cursor),
        limit=query_data.limit,
    )
    answers = [present_interaction(interaction) for interaction in page.interactions]
    next_cursor = _places.write(page.last)
    if request.accept_mimetypes.best_match([_JSON, _CSV], default=_JSON) == _CSV:
        return _as_csv(answers, next_cursor)
    return InteractionList(data=answers, next_cursor=next_cursor), 200, _BY_ACCEPT


def _wanted(query: InteractionQuery) -> InteractionFilter:
    return InteractionFilter(
        since=_whole(query.since),
        until=_whole(query.until),
        kind=query.kind,
        status=query.status,
        recruiter=query.recruiter,
        candidate=query.candidate,
        number=query.number,
    )


def _whole(moment: datetime | None) -> int | None:
    """What begins in a second begins at its start. Lines are in order as long as their moments have
    ten digits: until the year 2286."""
    return None if moment is None else min(max(0, math.ceil(moment.timestamp())), _LAST_MOMENT)


def _as_csv(answers: list[InteractionAnswer], next_cursor: str | None) -> Response:
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    for answer in answers:
        fields = answer.model_dump(mode="json")
        rows.writerow([as_cell(fields.get(column)) for column in _COLUMNS])
    response = Response(text.getvalue(), content_type=f"{_CSV}; charset=utf-8; header=present")
    response.headers.update(_BY_ACCEPT)
    if next_cursor is not None:
        response.headers[_NEXT] = next_cursor
    return response


def as_cell(value: object) -> str:
    """With an apostrophe before what a spreadsheet would compute."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text
