"""A request that the simulated carrier got, against our table of requests and, where it is at hand,
Twilio's description of its REST APIs."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import urlencode

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from relay.sandbox.rest.request import RestRequest
from tests.carrier.contract import TABLE, as_pattern, carriers_own, in_table

_PRODUCTS = {
    "/2010-04-01/": ("api_v2010_relay.json", "https://api.twilio.com"),
    "/v1/Services": ("messaging_v1_relay.json", "https://messaging.twilio.com"),
}
_FORM = "application/x-www-form-urlencoded"


def assert_follows_description(request: RestRequest) -> None:
    """Values of the right form under names that exist, all that are required among them; and what
    we read is in the answer."""
    operation, rule = in_table(request.method, request.path)
    _assert_follows_table(request, rule)
    if rule.get("undescribed"):
        return
    file, host = product_of(request.path)
    document = carriers_own(file)
    if document is None:
        return
    _reader(file).validate_request(_as_openapi(request, host))
    unknown = set(request.params) - names_in(described(document, request.method, request.path))
    assert not unknown, f"{operation}: {unknown}"


def _assert_follows_table(request: RestRequest, rule: dict[str, Any]) -> None:
    where, given = f"{request.method} {request.path}", set(request.params)
    needed = set(rule.get("needs", []))
    assert needed <= given, f"{where} lacks {needed - given}"
    unknown = given - needed - set(rule.get("takes", []))
    assert not unknown, f"{where}: {unknown}"
    if "answer" in rule and request.response is not None and request.status in {200, 201}:
        missing = set(TABLE["answers"][rule["answer"]]) - set(request.response)
        assert not missing, f"{where} answers without {missing}"


def product_of(path: str) -> tuple[str, str]:
    """The description of the product that has this path, and its address."""
    [found] = [product for start, product in _PRODUCTS.items() if path.startswith(start)]
    return found


def described(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """The operation as the carrier describes it."""
    for template, operations in document["paths"].items():
        if method.lower() in operations and re.fullmatch(as_pattern(template), path):
            operation: dict[str, Any] = operations[method.lower()]
            return operation
    raise AssertionError(f"{method} {path} is not described")


def names_in(operation: dict[str, Any], *, required: bool = False) -> set[str]:
    """The names of an operation's parameters, in the query or the form."""
    parameters = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    form = operation.get("requestBody", {}).get("content", {}).get(_FORM, {}).get("schema", {})
    if required:
        needed = {one["name"] for one in parameters if one.get("required")}
        return needed | set(form.get("required", []))
    return {one["name"] for one in parameters} | set(form.get("properties", {}))


@cache
def _reader(file: str) -> OpenAPI:
    document = carriers_own(file)
    assert document is not None
    return OpenAPI.from_dict(document)


def _as_openapi(request: RestRequest, host: str) -> MockRequest:
    """The request as openapi-core reads it: a form for POST, a query for GET.

    Without empty values: they clear a field, which the description says nothing of.
    """
    is_form = request.method == "POST"
    given = {name: values for name, values in request.params.items() if any(values)}
    return MockRequest(
        host,
        request.method.lower(),
        request.path,
        args={} if is_form else {name: values[0] for name, values in given.items()},
        data=urlencode(given, doseq=True).encode() if is_form else b"",
        content_type=_FORM,
        headers={"Authorization": "Basic QUM6dG9rZW4="},
    )
