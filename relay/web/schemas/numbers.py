"""Virtual numbers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    RootModel,
    Tag,
    model_validator,
)

from relay.domain.pool import NumberStatus
from relay.domain.purchase import MOST_AT_ONCE
from relay.domain.registration import Registration
from relay.domain.reputation import Complaint, Condition
from relay.web.schemas.base import (
    AREA_CODE_PATTERN,
    UNION_TAG,
    Answer,
    Body,
    Country,
    Instant,
    Page,
    Phone,
    PoolName,
    shown,
)

_IMPORT_EXAMPLE: dict[str, JsonValue] = {"phone_number": "+14155550192", "pool": "us"}
_PURCHASE_EXAMPLE: dict[str, JsonValue] = {
    "buy": {"country": "US", "area_code": "415"},
    "pool": "us",
    "count": 3,
}


class NumberImport(Body):
    """A number that the carrier's account owns."""

    model_config = shown(_IMPORT_EXAMPLE)

    phone_number: Phone
    pool: PoolName


class NumberOrder(Body):
    """Which numbers to buy."""

    country: Country
    area_code: Annotated[
        str,
        Field(
            pattern=AREA_CODE_PATTERN,
            description="Where the calling code is +1; any area, if left out",
            examples=["415"],
        ),
    ] = ""


class NumberPurchase(Body):
    """Numbers to buy from the carrier."""

    model_config = shown(_PURCHASE_EXAMPLE)

    buy: NumberOrder
    pool: PoolName
    count: Annotated[int, Field(ge=1, le=MOST_AT_ONCE, description="How many")] = 1


_IMPORT, _PURCHASE = f"{UNION_TAG}import", f"{UNION_TAG}purchase"


def _import_or_purchase(value: object) -> str:
    buys = isinstance(value, dict) and not {"buy", "count"}.isdisjoint(value)
    return _PURCHASE if buys else _IMPORT


class NumberBody(
    RootModel[
        Annotated[
            Annotated[NumberImport, Tag(_IMPORT)] | Annotated[NumberPurchase, Tag(_PURCHASE)],
            Discriminator(_import_or_purchase),
        ]
    ]
):
    """A number to import, or numbers to buy."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"examples": [_IMPORT_EXAMPLE, _PURCHASE_EXAMPLE]},
    )


class WantedStatus(StrEnum):
    """The statuses that a client may set; the others come about by themselves."""

    AVAILABLE = NumberStatus.AVAILABLE
    RESERVED = NumberStatus.RESERVED
    DRAINING = NumberStatus.DRAINING


class NumberChange(Body):
    """``reserved`` and ``draining`` keep new sessions off the number; its own go on."""

    model_config = shown({"status": "draining"})

    status: WantedStatus | None = None
    sms_ready: Annotated[
        Literal[True] | None,
        Field(
            description=(
                "What the carrier had against texts from the number is mended: sessions that text "
                "get it again. A text that arrives says so, too"
            )
        ),
    ] = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.status is None and self.sms_ready is None:
            raise ValueError("say status, sms_ready or both")
        return self


class NumberQuery(Page):
    """Which numbers."""

    pool: PoolName | None = None


class CapabilitiesAnswer(Answer):
    """What the carrier lets the number do."""

    voice: bool
    sms: bool
    mms: bool


_Share = Annotated[
    float | None, Field(description="Between 0 and 1; null while there is nothing to divide by")
]


class ReputationAnswer(Answer):
    """What was dialled and texted with the number as its sender in the last 24 hours, and what
    the pool's policy makes of that."""

    condition: Condition
    complaints: Annotated[list[Complaint], Field(description="What is wrong with a tired number")]
    resting_since: Instant | None
    resting_for: Annotated[list[Complaint], Field(description="Why it was put to rest")]
    answer_rate: _Share
    short_share: Annotated[_Share, Field(description="Of answered calls, those under 6 seconds")]
    filtered_share: Annotated[_Share, Field(description="Of texts, those that a carrier filtered")]
    calls_per_minute: Annotated[int, Field(description="The busiest minute of the last hour")]
    calls_per_day: int
    ended_calls: int
    answered_calls: Annotated[
        int, Field(description="Taken, or refused by a key; a voicemail is no answer")
    ]
    short_calls: int
    texts: int
    filtered_texts: int


class SmsTroubleAnswer(Answer):
    """Why no session that texts gets the number."""

    code: Annotated[
        int | None,
        Field(
            description="The carrier's code of the last text it refused; null for a number that "
            "waits for its registration, as its pool requires one"
        ),
    ]
    since: Instant
    reason: str


class NumberAnswer(Answer):
    """A virtual number."""

    phone_number: Annotated[str, Field(examples=["+14155550192"])]
    pool: PoolName
    status: NumberStatus
    capabilities: CapabilitiesAnswer
    sms_ready: Annotated[bool, Field(description="Whether sessions that text may get the number")]
    sms_trouble: SmsTroubleAnswer | None
    registration: Annotated[
        Registration,
        Field(description="How the number stands with the carriers of the United States"),
    ]
    messaging_service: Annotated[
        str | None,
        Field(
            description="The one that it is in; null for none, and where it was not looked up yet"
        ),
    ]
    imported_at: Instant
    reputation: ReputationAnswer


class NumberList(Answer):
    """Some numbers, by pool and in the order in which they are allocated."""

    data: list[NumberAnswer]
    next_cursor: str | None
