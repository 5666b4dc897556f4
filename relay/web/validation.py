"""Bodies and queries are read by pydantic models; the same models write the OpenAPI document.

APIFlask's own adapter takes any content type and lets Python's parser read the body; this one
insists on JSON, reads it with pydantic's parser (which refuses lone surrogates and bottomless
nesting), and says what is wrong with pointers, never with the value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from relay.domain.errors import Fault, Invalid
from relay.domain.participant import EXTENSION, LOCALE, LONGEST_EXTENSION, REF, REF_IN_WORDS
from relay.domain.pool import POOL_NAME
from relay.web.schemas.base import AREA_CODE_PATTERN, COUNTRY_PATTERN, UNION_TAG, Answer
from relay.web.schemas.participants import TIME_ZONE_PATTERN
from relay.workflows.put_board import ACCOUNT_SID, CARRIER_KEY_SID, MESSAGING_SERVICE_SID

#: A name that the client made up may be anything, even a phone number.
_HARMLESS_NAME = re.compile(r"[A-Za-z_]{1,40}")

#: As pydantic names the members of a union of enums.
_ENUM_TAG = "str-enum["
#: A plus that was not written %2B is read as a space: of a number, and of a moment's offset.
_LOST_PLUS = re.compile(r"^ (?=\d)| (?=\d\d:\d\d$)")
_WHERE = re.compile(r"line \d+ column \d+$")

_MOMENT = "must be a moment of RFC 3339 with its offset, like 2026-10-01T12:00:00Z"
#: pydantic's types of errors, as we say them. What stands in braces comes from our own models.
_PLAIN_WORDS = {
    "missing": "is needed",
    "extra_forbidden": "unknown field",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    # The one value of the only literal that a body has.
    "literal_error": "must be true",
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "timezone_aware": _MOMENT,
    "list_type": "must be a list",
    "too_short": "must not be empty",
    "too_long": "at most {max_length} items",
    "model_type": "must be an object",
    "enum": "must be {expected}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}
#: For all other types of errors, by how their names begin: never in the library's own words.
_IN_GENERAL = {
    "string_": "must be text",
    "int_": "must be a whole number",
    "float_": "must be a number",
    "finite_number": "must be a number",
    "bool_": "must be true or false",
    "date": _MOMENT,
    "time": _MOMENT,
    "list_": "must be a list",
    "dict_": "must be an object",
    "model_": "must be an object",
}
_NOT_ALLOWED = "is not a value that is allowed here"
_OF_PATTERNS = {
    f"^{REF.pattern}$": REF_IN_WORDS,
    f"^{LOCALE.pattern}$": "a language like en or zh-CN",
    f"^{POOL_NAME.pattern}$": "1 to 32 of a-z, 0-9 and -, not - first",
    COUNTRY_PATTERN: "a country's two capital letters, like US",
    f"^{EXTENSION.pattern}$": f"at most {LONGEST_EXTENSION} of 0-9 * # and commas",
    TIME_ZONE_PATTERN: "a name of the IANA time zone database, like Asia/Shanghai",
    f"^{ACCOUNT_SID.pattern}$": "AC and 32 letters and digits",
    f"^{CARRIER_KEY_SID.pattern}$": "SK and 32 letters and digits",
    f"^{MESSAGING_SERVICE_SID.pattern}$": "MG and 32 letters and digits",
    AREA_CODE_PATTERN: "an area code of three digits, like 415",
}


class NotJson(BadRequest):
    """``where`` the body cannot be read, ``line 1 column 2``; "" when that is not known."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where


class ModelAdapter(PydanticAdapter):
    """How APIFlask's ``input`` and ``output`` treat our models."""

    def validate_input(self, request: Request, location: str, **_: Any) -> BaseModel:
        """Raises Invalid, NotJson, UnsupportedMediaType."""
        if location == "json" and not request.is_json:
            raise UnsupportedMediaType
        try:
            if location == "json":
                return self.model_class.model_validate_json(request.get_data())
            # ``?recruiter=&status=open`` names no recruiter.
            given = {
                name: _LOST_PLUS.sub("+", value) for name, value in request.args.items() if value
            }
            return self.model_class.model_validate_strings(given)
        except ValidationError as error:
            raise _refusal(error) from None

    def get_openapi_schema(self, **_: Any) -> dict[str, Any]:
        mode = "serialization" if issubclass(self.model_class, Answer) else "validation"
        return super().get_openapi_schema(mode=mode)


def _refusal(error: ValidationError) -> Exception:
    details = error.errors(include_url=False, include_input=False)
    for detail in details:
        if detail["type"] == "json_invalid":
            where = _WHERE.search(detail["msg"])
            return NotJson(where.group() if where else "")
    said: dict[str, list[str]] = {}
    for detail in details:
        said.setdefault(_pointer(detail), []).append(_sentence(detail))
    faults = tuple(Fault(pointer, "; or ".join(words)) for pointer, words in said.items())
    return Invalid("The request does not have the form that is asked for.", faults)


def _pointer(detail: ErrorDetails) -> str:
    """RFC 6901, without the tags by which pydantic names a union's members."""
    steps: Sequence[str | int] = [
        step for step in detail["loc"] if not str(step).startswith((UNION_TAG, _ENUM_TAG))
    ]
    if detail["type"] == "extra_forbidden" and not _HARMLESS_NAME.fullmatch(str(steps[-1])):
        steps = steps[:-1]
    return "".join(f"/{step}" for step in steps)


def _sentence(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch" and context["pattern"] in _OF_PATTERNS:
        return _OF_PATTERNS[context["pattern"]]
    if detail["type"] in _PLAIN_WORDS:
        return _PLAIN_WORDS[detail["type"]].format_map(context)
    if detail["type"] == "value_error":  # raised by a model of ours
        return str(context["error"])
    return next(
        (said for start, said in _IN_GENERAL.items() if detail["type"].startswith(start)),
        _NOT_ALLOWED,
    )
