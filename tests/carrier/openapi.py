"""A request that the simulated carrier got, against Twilio's description of its REST APIs."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from relay.sandbox.rest.request import RestRequest
from tests.carrier.twiml_schema import CONTRACTS

_PRODUCTS = {
    "/2010-04-01/": ("api_v2010_relay.json", "https://api.twilio.com"),
    "/v1/Services": ("messaging_v1_relay.json", "https://messaging.twilio.com"),
}
_FORM = "application/x-www-form-urlencoded"


def assert_follows_description(request: RestRequest) -> None:
    """Values of the right form under names that exist, all that are required among them.

    Skips the test where the description is not at hand.
    """
    [(file, host)] = [found for start, found in _PRODUCTS.items() if request.path.startswith(start)]
    document, description = _read(file)
    description.validate_request(_as_openapi(request, host))
    unknown = set(request.params) - _known_names(document, request)
    assert not unknown, f"{request.method} {request.path}: {unknown}"


@cache
def _read(file: str) -> tuple[dict[str, Any], OpenAPI]:
    path = CONTRACTS / file
    if not path.is_file():
        pytest.skip(f"no OpenAPI description at {path}: set TWILIO_CONTRACT_DIR")
    document = json.loads(path.read_text())
    return document, OpenAPI.from_dict(document)


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


def _known_names(document: dict[str, Any], request: RestRequest) -> set[str]:
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template.replace(".", r"\."))
        described = operations.get(request.method.lower())
        if described and re.fullmatch(pattern, request.path):
            form = described.get("requestBody", {}).get("content", {}).get(_FORM, {})
            in_query = {
                parameter["name"]
                for parameter in described.get("parameters", [])
                if parameter["in"] == "query"
            }
            return in_query | set(form.get("schema", {}).get("properties", {}))
    raise AssertionError(f"{request.method} {request.path} is not described")
