"""Calls and messages through a session."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from relay.domain.call_progress import CallStatus
from relay.domain.interaction import Direction, InteractionKind
from relay.domain.message_progress import MessageStatus
from relay.web.schemas.base import Answer, Instant


def _is_absent(value: object) -> bool:
    return value is None


class InteractionAnswer(Answer):
    """One call or one message; never its text."""

    id: str
    kind: InteractionKind
    direction: Direction
    status: CallStatus | MessageStatus
    started_at: Instant
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
