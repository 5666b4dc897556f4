"""Lists in pages, newest first; a token anchors the next page, so new records shift nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode

from relay.sandbox.rest.request import ApiError, Json, RestCall

LARGEST_PAGE = 1000
USUAL_PAGE = 50


class Sequenced(Protocol):
    sequence: int


R = TypeVar("R", bound=Sequenced)


def page(call: RestCall, key: str, records: Iterable[R], shape: Callable[[R], Json]) -> Json:
    """One page in the form of api.twilio.com (relative URIs)."""
    chosen, more = _cut(call, records)
    number, size = _number(call), _size(call)
    start = number * size
    return {
        key: [shape(record) for record in chosen],
        "page": number,
        "page_size": size,
        "start": start,
        "end": start + max(len(chosen) - 1, 0),
        "uri": _link(call, number, call.get("PageToken")),
        "first_page_uri": _link(call, 0, None),
        "next_page_uri": _link(call, number + 1, _token(chosen)) if more else None,
        "previous_page_uri": _link(call, number - 1, None) if number == 1 else None,
    }


def meta_page(call: RestCall, key: str, records: Iterable[R], shape: Callable[[R], Json]) -> Json:
    """One page in the form of newer services (`meta`, absolute URLs)."""
    chosen, more = _cut(call, records)
    number = _number(call)
    meta: dict[str, Any] = {
        "key": key,
        "page": number,
        "page_size": _size(call),
        "url": call.origin + _link(call, number, call.get("PageToken")),
        "first_page_url": call.origin + _link(call, 0, None),
        "next_page_url": call.origin + _link(call, number + 1, _token(chosen)) if more else None,
        "previous_page_url": call.origin + _link(call, 0, None) if number == 1 else None,
    }
    return {key: [shape(record) for record in chosen], "meta": meta}


def _cut(call: RestCall, records: Iterable[R]) -> tuple[list[R], bool]:
    ordered = sorted(records, key=lambda record: record.sequence, reverse=True)
    token = call.get("PageToken")
    if token:
        ordered = [record for record in ordered if record.sequence < _anchor(token)]
    size = _size(call)
    return ordered[:size], len(ordered) > size


def _token(chosen: Sequence[Sequenced]) -> str:
    return f"PA{chosen[-1].sequence:x}"


def _anchor(token: str) -> int:
    try:
        return int(token.removeprefix("PA"), 16)
    except ValueError:
        raise ApiError(400, 20006, "Invalid page token") from None


def _size(call: RestCall) -> int:
    given = call.get("PageSize")
    if given is None or not given.isdigit() or int(given) < 1:
        return USUAL_PAGE
    return min(int(given), LARGEST_PAGE)


def _number(call: RestCall) -> int:
    given = call.get("Page")
    return int(given) if given and given.isdigit() else 0


def _link(call: RestCall, number: int, token: str | None) -> str:
    kept = [
        (name, value)
        for name, value in parse_qsl(call.query_string, keep_blank_values=True)
        if name not in ("Page", "PageSize", "PageToken")
    ]
    paging = [("PageSize", str(_size(call))), ("Page", str(number))]
    if token:
        paging.append(("PageToken", token))
    return f"{call.path}?{urlencode(kept + paging)}"
