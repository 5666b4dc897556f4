"""Boards."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from relay.domain.participant import LOCALE
from relay.web.schemas.base import Answer, Body, shown
from relay.workflows.put_board import (
    ACCOUNT_SID,
    CARRIER_KEY_SID,
    LONGEST_SPOKEN_NAME,
    MESSAGING_SERVICE_SID,
)

_SpokenName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_SPOKEN_NAME,
        description="As people hear and read it: it is the first thing that a call says",
        examples=["Second Jobs"],
    ),
]
_Locale = Annotated[
    str,
    Field(
        pattern=f"^{LOCALE.pattern}$",
        description="The language of people for whom none is given",
        examples=["en", "zh-CN"],
    ),
]
_PerMinute = Annotated[
    int, Field(ge=1, description="Requests a minute that each of its API keys may make")
]
_AccountSid = Annotated[
    str, Field(pattern=f"^{ACCOUNT_SID.pattern}$", description="Of the account at Twilio")
]
_KeySid = Annotated[str, Field(pattern=f"^{CARRIER_KEY_SID.pattern}$")]
_Secret = Annotated[
    SecretStr, Field(min_length=1, max_length=200, description="Kept sealed, and never shown")
]
_ServiceSid = Annotated[
    str,
    Field(
        pattern=f"^{MESSAGING_SERVICE_SID.pattern}$",
        description="The sid of a messaging service",
    ),
]


class CarrierKeyBody(Body):
    """An API key of the account: requests to Twilio are made with it, and not with the token."""

    sid: _KeySid
    secret: Annotated[
        _Secret | None, Field(description="Needed for a key that is not on record")
    ] = None


class AccountBody(Body):
    """The board's own account at Twilio."""

    sid: _AccountSid
    auth_token: Annotated[
        _Secret | None, Field(description="Needed for an account that is not on record")
    ] = None
    auth_token_next: Annotated[
        _Secret | None, Field(description="Accepted in signatures, too, for rotation")
    ] = None
    api_key: CarrierKeyBody | None = None


class BoardBody(Body):
    """A job board or brand. The body is all of it: what is left out takes its default."""

    model_config = shown({"spoken_name": "Second Jobs", "default_locale": "en"})

    spoken_name: _SpokenName
    default_locale: _Locale = "en"
    requests_per_minute: _PerMinute | None = None
    account: Annotated[
        AccountBody | None, Field(description="The deployment's account when left out")
    ] = None
    messaging_services: Annotated[
        list[_ServiceSid],
        Field(
            default_factory=list,
            max_length=100,
            description="Its numbers join the first of these that has room; none when left out",
        ),
    ]


class BoardAnswer(Answer):
    """A board as it is on record; null is the deployment's."""

    name: Annotated[str, Field(examples=["second"])]
    spoken_name: _SpokenName
    default_locale: _Locale
    requests_per_minute: int | None
    account_sid: str | None
    api_key_sid: str | None
    messaging_services: list[str]


class BoardList(Answer):
    data: list[BoardAnswer]
    next_cursor: str | None
