"""``/docs``: the OpenAPI document as a page, written by us.

The usual viewers load their scripts from somebody else's server, into a page where people handle
API keys; this one needs none.
"""

from __future__ import annotations

from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, render_template

from relay.web.auth import public

docs = APIBlueprint("docs", __name__, enable_openapi=False, template_folder="templates")

_PAGE = "relay.docs"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


@docs.get("/docs")
@public
def read_docs() -> Response:
    """The API, to read"""
    pages = current_app.extensions
    if _PAGE not in pages:
        pages[_PAGE] = _render(cast("APIFlask", current_app))
    return Response(
        pages[_PAGE], mimetype="text/html", headers={"Content-Security-Policy": _POLICY}
    )


def _render(app: APIFlask) -> str:
    spec = cast("dict[str, Any]", app.spec)
    return render_template(
        "docs.html", spec=spec, operations=_operations(spec), type_of=_type_of, name_of=_name_of
    )


def _operations(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"path": path, "method": method.upper(), **operation}
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
    ]


def _name_of(schema: dict[str, Any]) -> str:
    """The name of the component that a schema points at."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _type_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: ``string | null``, ``[Channel]``, ``integer``."""
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(_type_of(one) for one in schema[several])
    if "$ref" in schema:
        return _name_of(schema)
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if schema.get("type") == "array":
        return f"[{_type_of(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")
