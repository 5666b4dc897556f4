"""Sessions."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Discriminator, Field, Tag

from relay.domain.session import (
    LONGEST_CONTEXT,
    Channel,
    ClosedReason,
    SessionStatus,
    SessionWarning,
)
from relay.web.schemas.base import (
    UNION_TAG,
    Answer,
    Body,
    Instant,
    Page,
    PoolName,
    Ref,
    Seconds,
    SoughtNumber,
    shown,
)
from relay.web.schemas.participants import CandidateGiven, RecruiterGiven

_REF, _GIVEN = f"{UNION_TAG}ref", f"{UNION_TAG}given"


def _ref_or_given(value: object) -> str:
    return _REF if isinstance(value, str) else _GIVEN


_RefOrGiven = Discriminator(_ref_or_given)


def _each_once(channels: list[Channel]) -> list[Channel]:
    if len(set(channels)) < len(channels):
        raise ValueError("each channel once")
    return channels


_Channels = Annotated[
    list[Channel],
    AfterValidator(_each_once),
    Field(min_length=1, max_length=2, json_schema_extra={"uniqueItems": True}),
]
_Context = Annotated[
    str,
    Field(
        max_length=LONGEST_CONTEXT,
        description="Said to the candidate before a call; refused when a phone number stands in it",
        examples=["Backend engineer, Acme"],
    ),
]


class SessionBody(Body):
    """A pair that shall reach each other."""

    model_config = shown(
        {
            "recruiter": {"ref": "r-1001", "phone": "+12125550140", "name": "Rita Reyes"},
            "candidate": {"ref": "c-77", "phone": "+13105550141"},
            "context": "Backend engineer",
        }
    )

    recruiter: Annotated[
        Annotated[Ref, Tag(_REF)] | Annotated[RecruiterGiven, Tag(_GIVEN)], _RefOrGiven
    ]
    candidate: Annotated[
        Annotated[Ref, Tag(_REF)] | Annotated[CandidateGiven, Tag(_GIVEN)], _RefOrGiven
    ]
    pool: Annotated[
        PoolName | None,
        Field(
            description=(
                "Default: where the pair has a session, else the one pool of the candidate's "
                "country"
            )
        ),
    ] = None
    ttl: Annotated[Seconds | None, Field(description="Default and maximum are the pool's")] = None
    channels: Annotated[
        _Channels | None,
        Field(description="Default: as the pair's open session has them; all of a new one"),
    ] = None
    context: Annotated[
        _Context | None,
        Field(description="Default: as the pair's open session has it; none of a new one"),
    ] = None


class SessionChange(Body):
    """What shall be different: at least one field, and not both ``expires_at`` and ``ttl``."""

    model_config = shown({"ttl": 86400}, minProperties=1)

    expires_at: AwareDatetime | None = None
    ttl: Annotated[Seconds | None, Field(description="Seconds from now")] = None
    channels: _Channels | None = None
    context: _Context | None = None


class SessionQuery(Page):
    """Which sessions."""

    recruiter: Ref | None = None
    candidate: Ref | None = None
    status: SessionStatus | None = None
    virtual_number: SoughtNumber | None = None


class SessionAnswer(Answer):
    """One recruiter-candidate pair on one virtual number."""

    id: str
    status: SessionStatus
    virtual_number: str
    access_code: Annotated[
        str,
        Field(
            description="Lets the recruiter in from any phone; begins a text where it is needed",
            examples=["482913"],
        ),
    ]
    code_needed: Annotated[
        bool,
        Field(description="The recruiter has several sessions on this number, open or cooling"),
    ]
    dial: Annotated[
        str,
        Field(
            description="What the recruiter's phone dials in one tap, with the code where needed",
            examples=["tel:+14155550192,,482913"],
        ),
    ]
    recruiter: str
    candidate: str
    pool: str
    channels: list[Channel]
    context: str
    created_at: Instant
    expires_at: Instant
    closed_at: Instant | None
    closed_reason: Annotated[
        ClosedReason | None,
        Field(
            description="`renumbered`: the pair has another number, after a phone change or as the "
            "account has lost this one, and this is what cools on the number that they left; "
            "`number_lost`: the account has lost it, and no other one was free for both"
        ),
    ]
    last_interaction_at: Instant | None
    sms_suspended: Annotated[
        bool,
        Field(
            description="One of the two texted STOP to the number since they were put on record "
            "with their phone: no text of it reaches them until their START"
        ),
    ]
    warnings: Annotated[
        list[SessionWarning],
        Field(
            description="`caller_id_may_differ`: a phone is in another country than the number, "
            "and the networks between them may show another caller than the number, or none"
        ),
    ]


class SessionList(Answer):
    """Some sessions; a page may be short or even empty as long as there is a ``next_cursor``."""

    data: list[SessionAnswer]
    next_cursor: str | None
