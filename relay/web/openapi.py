"""What the OpenAPI document says beyond what the views say themselves: keys, headers, problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from apiflask import APIFlask

from relay.domain.api_key import Scope
from relay.web.auth import access_of
from relay.web.component_names import shorten_component_names
from relay.web.idempotency import HEADER as IDEMPOTENCY_KEY
from relay.web.lifecycle import REQUEST_ID
from relay.web.problem_codes import PROBLEM_CODES
from relay.web.problems import MEDIA_TYPE
from relay.web.said_defaults import say_defaults
from relay.web.schemas.base import Problem

_BEGINNING = """\
A recruiter and a candidate reach each other by call and text, and neither sees the other's number.

Each request shows a key, which `python -m relay keys create NAME --scope SCOPE` makes:

```
curl $RELAY/v1/pools -H "Authorization: Bearer $KEY"
```

Times are RFC 3339 UTC, durations are seconds, phone numbers come in international form. No answer
to any key ever holds a participant's real number.

## Errors

They are `application/problem+json` with a `code` that stays:

"""
DESCRIPTION = _BEGINNING + "".join(
    f"- `{code}` ({status}). {when}\n" for status, code, when in PROBLEM_CODES
)

_SCHEME = "ApiKey"
_SETTINGS = {
    "OPENAPI_VERSION": "3.1.0",
    "DESCRIPTION": DESCRIPTION,
    "AUTO_SERVERS": False,  # the address a client came by says nothing about ours
    "AUTO_404_RESPONSE": False,
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
    "AUTO_AUTH_ERROR_RESPONSE": False,
    "SECURITY_SCHEMES": {
        _SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of `python -m relay keys create`",
        }
    },
}

_OF_KEYS = {
    401: "No valid API key",
    403: "The key lacks the scope",
    429: "Too many requests; `Retry-After` says when to try again",
    503: "The store or the carrier is away; `Retry-After` says when to try again",
}
_OF_BODIES = {400: "Not JSON", 413: "Larger than 64 KiB", 415: "Not application/json"}
_OF_CHANGES = {409: "Conflicts with existing data; `code` says how"}
_OF_PATHS = {404: "Not found"}
_OF_INPUT = {422: "Not valid; `errors` says what"}

_IDEMPOTENCY_PARAMETER = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "Kept for 24 h: the same key and body gives the same answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def configure_openapi(app: APIFlask) -> None:
    app.config.update(_SETTINGS)

    @app.spec_processor
    def complete(document: dict[str, Any] | str) -> dict[str, Any] | str:
        spec = cast("dict[str, Any]", document)
        _add_problem(spec)
        scopes = dict(_guarded_operations(app))
        for path, operations in spec["paths"].items():
            for method, operation in operations.items():
                _complete_operation(operation, path, method, scopes.get((path, method)))
        say_defaults(spec)
        return shorten_component_names(spec)


def _add_problem(spec: dict[str, Any]) -> None:
    template = "#/components/schemas/{model}"
    problem = Problem.model_json_schema(ref_template=template, mode="serialization")
    spec["components"]["schemas"].update(problem.pop("$defs"), Problem=problem)


def _guarded_operations(app: APIFlask) -> Iterator[tuple[tuple[str, str], Scope]]:
    for rule in app.url_map.iter_rules():
        access = access_of(app, rule.endpoint)
        if isinstance(access, Scope):
            path = rule.rule.replace("<", "{").replace(">", "}")
            for method in rule.methods or ():
                yield (path, method.lower()), access


def _complete_operation(
    operation: dict[str, Any], path: str, method: str, scope: Scope | None
) -> None:
    _share_form_of_success(operation["responses"])
    for parameter in operation["parameters"]:
        _take_away_null(parameter["schema"])
    if scope is not None:
        description = operation.get("description", "")
        operation["description"] = f"{description}\n\nNeeds the scope `{scope}`.".strip()
        operation["security"] = [{_SCHEME: []}]
        _add_problems(operation, _OF_KEYS | _problems_of(operation, path, method))
    if method == "post":
        operation["parameters"].append(_IDEMPOTENCY_PARAMETER)
    for response in operation["responses"].values():
        response.setdefault("headers", {})[REQUEST_ID] = {"schema": {"type": "string"}}


def _take_away_null(schema: dict[str, Any]) -> None:
    """An address has no null: what is left out is not there."""
    if schema.get("default", "") is None:
        del schema["default"]
        kinds = [kind for kind in schema.pop("anyOf") if kind.get("type") != "null"]
        schema |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _share_form_of_success(responses: dict[str, Any]) -> None:
    """A view that can answer with two statuses says the same with both."""
    content = next(iter(responses.values())).get("content", {})
    for response in responses.values():
        given = response.get("content", {}).get("application/json", {})
        if content and not given.get("schema"):
            response["content"] = content


def _problems_of(operation: dict[str, Any], path: str, method: str) -> dict[int, str]:
    problems: dict[int, str] = {}
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
        problems |= _OF_BODIES
    if "{" in path:
        problems |= _OF_PATHS
    if method != "get":
        problems |= _OF_CHANGES
    if operation["parameters"] or "requestBody" in operation:
        problems |= _OF_INPUT
    return problems


def _add_problems(operation: dict[str, Any], problems: dict[int, str]) -> None:
    form = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, sentence in problems.items():
        operation["responses"][str(status)] = {"description": sentence, "content": form}
