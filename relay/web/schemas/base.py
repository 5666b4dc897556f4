"""What the models of the API have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainSerializer, WithJsonSchema

from relay.domain.allocation import ExhaustedReason
from relay.domain.participant import LONGEST_REF, REF
from relay.domain.phone import AREA_CODE
from relay.domain.policy import LONGEST_DURATION
from relay.domain.pool import POOL_NAME
from relay.domain.purchase import FailureCode

#: Begins the tags of a union's members, which are no part of a pointer.
UNION_TAG = "§"

MOST_IN_A_LIST = 200
COUNTRY_PATTERN = "^[A-Z]{2}$"
AREA_CODE_PATTERN = f"^({AREA_CODE})?$"

Ref = Annotated[
    str,
    Field(
        pattern=f"^{REF.pattern}$",
        max_length=LONGEST_REF,
        description="Your own id of the person",
        examples=["r-1001"],
    ),
]
PoolName = Annotated[
    str, Field(pattern=f"^{POOL_NAME.pattern}$", description="A pool's name", examples=["us"])
]
Country = Annotated[
    str, Field(pattern=COUNTRY_PATTERN, description="ISO 3166 code", examples=["US"])
]
Seconds = Annotated[int, Field(ge=1, le=LONGEST_DURATION, description="Seconds", examples=[604800])]
Phone = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        description="International form with a leading +; spaces and punctuation are tolerated",
        examples=["+1 415 555 0101"],
    ),
]
#: A virtual number that a list is looked through for.
SoughtNumber = Annotated[
    str,
    Field(
        max_length=32,
        description="The virtual number; in a URL its plus is `%2B`",
        examples=["+14155550192"],
    ),
]


def shown(example: dict[str, JsonValue], **more: JsonValue) -> ConfigDict:
    """What a model's schema says besides its fields: a body to begin with."""
    return ConfigDict(json_schema_extra={"examples": [example], **more})


class Body(BaseModel):
    """What a client sends: no field we do not know, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Query(BaseModel):
    """What stands behind the question mark."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Page(Query):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=MOST_IN_A_LIST, description="How many at most")] = 50
    cursor: Annotated[
        str, Field(max_length=3000, description="``next_cursor`` of the page before")
    ] = ""


class Answer(BaseModel):
    """What we send."""

    model_config = ConfigDict(extra="forbid")


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


#: Our own POSIX seconds, written as RFC 3339 UTC.
Instant = Annotated[
    int,
    PlainSerializer(_rfc3339),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


_Limit = Literal[FailureCode.MAX_NUMBERS, FailureCode.MONTHLY_BUDGET]


class Problem(Answer):
    """An error (RFC 9457). ``code`` is stable; the sentences are for people."""

    model_config = ConfigDict(extra="allow")

    type: str
    status: int
    title: str
    code: Annotated[
        str,
        Field(examples=["pool_exhausted"], description="Stable; a table says what each means"),
    ]
    detail: str | None = None
    errors: list[ProblemFault] | None = None
    reason: Annotated[
        ExhaustedReason | _Limit | None,
        Field(
            description="Why there is no number: of a `pool_exhausted`, or of an order of numbers "
            "that a limit of the pool leaves no room for"
        ),
    ] = None
    free_for_new_pairs: Annotated[
        int | None,
        Field(
            description="Of a `pool_exhausted`: numbers that two new people would get one of now. "
            "Above 0 it is this pair alone that gets none"
        ),
    ] = None
    sessions: Annotated[
        list[str] | None, Field(description="Ids of the sessions that are in the way")
    ] = None


class ProblemFault(Answer):
    """One reason, addressed by a JSON pointer (RFC 6901) into the body or the query."""

    pointer: str
    detail: str


Problem.model_rebuild()
