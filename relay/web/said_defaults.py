"""In the OpenAPI document a default is a sentence of the field's description, and no ``default``.

Generators of clients take that word for a promise: `openapi-typescript` makes such a field of a
request one that must be given, and `openapi-python-client` always sends it, which in a repeated
request would change what it does not name.
"""

from __future__ import annotations

import json
from typing import Any


def say_defaults(spec: dict[str, Any]) -> None:
    """Rewrites the fields of every form and the parameters of every operation."""
    for form in spec["components"]["schemas"].values():
        for field in form.get("properties", {}).values():
            _say_default(field)
    for operations in spec["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                _say_default(parameter["schema"])


def _say_default(schema: dict[str, Any]) -> None:
    default = schema.pop("default", None)
    # A form within a form says its defaults itself, and nothing needs no words.
    if isinstance(default, dict) or default in (None, "", []):
        return
    sentence = f"Default: `{json.dumps(default, ensure_ascii=False)}`."
    text = schema.get("description", "").rstrip()
    if text and not text.endswith((".", "?", "!")):
        text += "."
    schema["description"] = f"{text} {sentence}".strip()
