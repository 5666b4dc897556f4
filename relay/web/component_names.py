"""APIFlask names a model within another one ``Outer.Inner``, once for each outer one; here each
model gets its own name, once."""

from __future__ import annotations

from typing import Any

_PREFIX = "#/components/schemas/"


def shorten_component_names(spec: dict[str, Any]) -> dict[str, Any]:
    """The document with ``Inner`` wherever ``Outer.Inner`` stood."""
    schemas = spec["components"]["schemas"]
    short: dict[str, Any] = {}
    for name in sorted(schemas, key=lambda name: ("." in name, name)):
        short.setdefault(name.rpartition(".")[2], schemas[name])
    spec["components"]["schemas"] = dict(sorted(short.items()))
    renamed: dict[str, Any] = _shorten(spec)
    return renamed


def _shorten(part: Any) -> Any:
    match part:
        case {"$ref": str(target)} if target.startswith(_PREFIX):
            return part | {"$ref": _PREFIX + target.rpartition("/")[2].rpartition(".")[2]}
        case dict():
            return {key: _shorten(value) for key, value in part.items()}
        case list():
            return [_shorten(value) for value in part]
        case _:
            return part
