"""``/docs``: the OpenAPI document as a page, written by us.

The usual viewers load their scripts from somebody else's server, into a page where people handle
API keys; this one needs none.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, render_template
from markupsafe import Markup, escape

from relay.web.auth import public
from relay.web.problem_codes import PROBLEM_CODES
from relay.web.problems import MEDIA_TYPE

docs = APIBlueprint("docs", __name__, enable_openapi=False, template_folder="templates")

_PAGE = "relay.docs"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

#: What a reader comes for first; the others follow.
_FIRST_TAGS = ("Sessions", "Recruiters", "Candidates", "Pools", "Numbers")
#: What every operation behind a key can answer.
_EVERYWHERE = {"401", "403", "429", "503"}
_CODE = re.compile(r"(`+)(.+?)\1")

Operation = dict[str, Any]


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
    schemas = spec["components"]["schemas"]
    return render_template(
        "docs.html",
        spec=spec,
        schemas=schemas,
        groups=_groups(spec),
        problem_codes=PROBLEM_CODES,
        paragraphs=_paragraphs,
        line=_line,
        type_of=_type_of,
        about=_about,
        example_of=lambda schema: _example(schemas[_name_of(schema)]),
        answers_of=_answers,
        errors_of=_errors,
    )


def _groups(spec: dict[str, Any]) -> dict[str, list[Operation]]:
    """The operations by their tag."""
    groups: dict[str, list[Operation]] = {tag: [] for tag in _FIRST_TAGS}
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            here = {"path": path, "method": method.upper(), **operation}
            groups.setdefault(operation["tags"][0], []).append(here)
    return groups


# --- answers --------------------------------------------------------------------------


def _is_problem(response: dict[str, Any]) -> bool:
    return MEDIA_TYPE in response.get("content", {})


def _answers(operation: Operation) -> list[tuple[str, str, Markup]]:
    """Status, when, and what comes; of problems the table at the top tells."""
    return [
        (status, response["description"], _types_in(response))
        for status, response in sorted(operation["responses"].items())
        if not _is_problem(response)
    ]


def _types_in(response: dict[str, Any]) -> Markup:
    contents = response.get("content", {}).values()
    return Markup(", ").join(_type_of(c["schema"]) for c in contents if _name_of(c["schema"]))


def _errors(operation: Operation) -> list[str]:
    """The statuses of the problems that not every operation has."""
    responses = operation["responses"].items()
    return sorted(s for s, response in responses if _is_problem(response) and s not in _EVERYWHERE)


# --- words ----------------------------------------------------------------------------


def _line(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    escaped = str(escape(" ".join(text.split())))
    return Markup(_CODE.sub(r"<code>\2</code>", escaped))  # noqa: S704 - escaped above


def _paragraphs(text: str) -> Markup:
    """The same, a paragraph for each one of the text, whose lines may be broken anywhere."""
    parts = [_line(part) for part in text.split("\n\n") if part.strip()]
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in parts)


def _about(schema: dict[str, Any]) -> Markup:
    """What a field is for, and what it is when left out."""
    described = (schema, *schema.get("anyOf", ()))
    text = _line(next((one["description"] for one in described if "description" in one), ""))
    default = schema.get("default")
    if default is None or default == "":
        return text
    shown = Markup("Default: <code>{}</code>.").format(json.dumps(default))
    if not text:
        return shown
    return text + ("" if text.endswith((".", "?")) else ".") + " " + shown


# --- types ----------------------------------------------------------------------------


def _name_of(schema: dict[str, Any]) -> str:
    """The name of the component that a schema points at."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _type_of(schema: dict[str, Any]) -> Markup:
    """A schema in a few words, ``string | null``, ``[Channel]``; a component links to its form."""
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return Markup(" | ").join(_type_of(one) for one in schema[several])
    if name := _name_of(schema):
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "enum" in schema:
        return Markup(" | ").join(f'"{value}"' for value in schema["enum"])
    if schema.get("type") == "array":
        return Markup("[{}]").format(_type_of(schema.get("items", {})))
    return escape(schema.get("format") or schema.get("type") or "any")


def _example(schema: dict[str, Any]) -> str:
    """The first example of a schema as JSON to copy; empty when it has none."""
    examples = schema.get("examples", [])
    return json.dumps(examples[0], ensure_ascii=False, indent=2) if examples else ""
