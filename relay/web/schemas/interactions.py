"""Calls and messages through a session."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from relay.domain.call_progress import CallStatus
from relay.domain.interaction import Direction, EnteredBy, InteractionKind
from relay.domain.message_progress import MessageStatus
from relay.web.schemas.base import Answer, Instant, Page, Ref, SoughtNumber


def _is_absent(value: object) -> bool:
    return value is None


class InteractionQuery(Page):
    """Which interactions."""

    since: Annotated[AwareDatetime | None, Field(description="Began at that moment or later")] = (
        None
    )
    until: Annotated[AwareDatetime | None, Field(description="Began before that moment")] = None
    kind: InteractionKind | None = None
    status: CallStatus | MessageStatus | None = None
    recruiter: Ref | None = None
    candidate: Ref | None = None
    number: SoughtNumber | None = None


class InteractionAnswer(Answer):
    """One call or one message; never its text."""

    id: str
    kind: InteractionKind
    direction: Direction
    status: CallStatus | MessageStatus
    outcome: Annotated[
        str,
        Field(
            description="The status in words, with what the carrier's code says",
            examples=["not delivered: the handset is off, or out of reach"],
        ),
    ]
    session: Annotated[str, Field(description="The session's id")]
    recruiter: Annotated[str | None, Field(description="Your id; null of one who was erased")]
    candidate: Annotated[str | None, Field(description="Your id; null of one who was erased")]
    virtual_number: Annotated[
        str, Field(description="The number that it went through", examples=["+14155550192"])
    ]
    started_at: Instant
    entered_by: Annotated[
        EnteredBy | None,
        Field(
            exclude_if=_is_absent,
            description="Of a call: what let the caller in. `phone`: the number they showed; "
            "`code`: an access code, from the phone of the session's recruiter; "
            "`code_from_other_phone`: one from another phone, or a hidden number",
        ),
    ] = None
    delivered_at: Annotated[
        Instant | None,
        Field(
            exclude_if=_is_absent,
            description="Of a message: when the report came in that it has arrived",
        ),
    ] = None
    duration: Annotated[
        int | None, Field(exclude_if=_is_absent, description="Seconds both sides were connected")
    ] = None
    segments: Annotated[int | None, Field(exclude_if=_is_absent)] = None
    media: Annotated[
        int | None, Field(exclude_if=_is_absent, description="Pictures and the like")
    ] = None
    error_code: Annotated[
        int | None, Field(exclude_if=_is_absent, description="The carrier's own code")
    ] = None
    attestation: Annotated[
        str | None,
        Field(
            exclude_if=_is_absent,
            description="A, B or C of the caller's STIR/SHAKEN check, or failed",
        ),
    ] = None


class InteractionList(Answer):
    """Some interactions, the latest first."""

    data: list[InteractionAnswer]
    next_cursor: str | None
