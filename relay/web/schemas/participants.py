"""Recruiters and candidates."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from relay.domain.erasure import ErasureStatus
from relay.domain.guard import GuardKind, GuardStyle
from relay.domain.message_progress import Reach
from relay.domain.participant import EXTENSION, LOCALE, LONGEST_NAME, ParticipantStatus
from relay.web.schemas.base import Answer, Body, Instant, Phone, Ref, shown

_Locale = Annotated[
    str,
    Field(
        pattern=f"^{LOCALE.pattern}$",
        description="The language we speak and write to the person in",
        examples=["en", "zh-CN"],
    ),
]
_FreeText = Annotated[
    str,
    Field(max_length=LONGEST_NAME, description="Refused when a phone number stands in it"),
]
TIME_ZONE_PATTERN = "^[A-Za-z0-9+/_-]{1,64}$"
_TimeZone = Annotated[str, Field(pattern=TIME_ZONE_PATTERN, examples=["America/New_York"])]
_GuardKind = Annotated[
    GuardKind,
    Field(
        description=(
            "`keys`: a call is connected when somebody has pressed 1. `none`: it is connected to "
            "whatever picks up, so that the recruiter may hear this person's private voicemail "
            "greeting or assistant: only for who cannot press keys"
        )
    ),
]
_GuardStyle = Annotated[
    GuardStyle,
    Field(
        description=(
            "What a phone's assistant is told when it asks who is calling. `discreet`: the board, "
            "and that it is about an application. `named`: recruiter and employer, too, which a "
            "voicemail may hear and keep"
        )
    ),
]
_Renumber = Annotated[
    bool,
    Field(
        description=(
            "When the new phone already has a binding on the number of one of the person's "
            "sessions, move that session to another number instead of refusing"
        )
    ),
]


class _Change(Body):
    @model_validator(mode="after")
    def _name_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name a field to change")
        return self


class _RecruiterWords(Body):
    name: _FreeText | None = None
    organization: _FreeText | None = None
    locale: _Locale | None = None
    screen_calls: Annotated[
        bool | None,
        Field(description="Ask the recruiter, too, to press 1 before a call is connected"),
    ] = None
    extension: Annotated[
        str | None,
        Field(
            pattern=f"^{EXTENSION.pattern}$",
            description=(
                "Keys that are sent when the phone, a switchboard's, has answered: digits, `*`, "
                "`#`, and commas that wait two seconds each, 16 in all at most. Kept with the "
                "phone and never shown; it goes when the phone changes, or with an empty one"
            ),
            examples=[",,1234"],
        ),
    ] = None


class RecruiterBody(_RecruiterWords):
    """A recruiter: whom the candidates' calls reach. What is left out stays as it was."""

    model_config = shown({"phone": "+12125550140", "name": "Rita Reyes", "organization": "Acme"})

    phone: Phone
    renumber: _Renumber = False


class RecruiterChange(_RecruiterWords, _Change):
    """What shall be different: at least one field. The phone stays; `PUT` changes that."""

    model_config = shown({"name": "Rita Reyes"}, minProperties=1)


class _CandidateWords(Body):
    locale: _Locale | None = None
    time_zone: _TimeZone | None = None
    guard: _GuardKind | None = None
    guard_style: _GuardStyle | None = None


class CandidateChange(_CandidateWords, _Change):
    """What shall be different: at least one field. The phone stays; `PUT` changes that."""

    model_config = shown({"locale": "zh-CN"}, minProperties=1)


class CandidateBody(_CandidateWords):
    """A candidate: whom the recruiters' calls reach. What is left out stays as it was."""

    model_config = shown({"phone": "+13105550141", "locale": "en"})

    phone: Phone
    take_over: Annotated[
        bool,
        Field(
            description=(
                "When another candidate has this phone, move it here and close the other's sessions"
            )
        ),
    ] = False
    renumber: _Renumber = False


class RecruiterGiven(RecruiterBody):
    """A recruiter who is created or updated on the way."""

    model_config = shown({"ref": "r-1001", "phone": "+12125550140", "name": "Rita Reyes"})

    ref: Ref


class CandidateGiven(CandidateBody):
    """A candidate who is created or updated on the way."""

    model_config = shown({"ref": "c-77", "phone": "+13105550141"})

    ref: Ref


class _Person(Answer):
    ref: Ref
    phone_hint: Annotated[
        str,
        Field(
            description="All of the number that any answer ever tells", examples=["+1 ••• ••• ••01"]
        ),
    ]
    status: ParticipantStatus
    sms: Annotated[Reach, Field(description="Whether texts reach the phone, by the last one tried")]
    locale: str
    created_at: Instant
    updated_at: Instant


class RecruiterAnswer(_Person):
    """A recruiter on record."""

    name: str
    organization: str
    screen_calls: bool


class CandidateAnswer(_Person):
    """A candidate on record."""

    time_zone: str
    guard: _GuardKind
    guard_style: _GuardStyle


class RecruiterList(Answer):
    """Some recruiters, by ref."""

    data: list[RecruiterAnswer]
    next_cursor: str | None


class CandidateList(Answer):
    """Some candidates, by ref."""

    data: list[CandidateAnswer]
    next_cursor: str | None


class SuppressionAnswer(Answer):
    """A STOP of a person that holds, for one virtual number or for all of a messaging service."""

    virtual_number: Annotated[
        str | None, Field(description="The number that may not text them; null for a service")
    ]
    messaging_service: Annotated[
        str | None, Field(description="The service none of whose numbers may; null for a number")
    ]
    said_at: Annotated[
        Instant, Field(description="When they said it, or when the carrier first told us of it")
    ]
    offered_again_at: Annotated[
        Instant | None,
        Field(
            description=(
                "From then on the next text that somebody writes to them is offered to the "
                "carrier: it arrives and this ends, or it is refused and this holds for another "
                "week. Null: never, since it was said to the number that a session had before"
            )
        ),
    ]


class SuppressionList(Answer):
    """Where a person has stopped texts."""

    data: list[SuppressionAnswer]
    next_cursor: str | None


class ErasureAnswer(Answer):
    """How far an erasure is."""

    status: Annotated[
        ErasureStatus,
        Field(
            description=(
                "`pending` until Redis's files are rewritten; `pending_provider` where Redis, or "
                "whoever runs it, refuses that: its operator has to do it; then `pending_carrier` "
                "until the carrier has deleted its records of the person's calls and texts"
            )
        ),
    ]
    erased_at: Instant
