"""How the service is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from relay.web.schemas.base import Answer


class Alive(Answer):
    """The process is up."""

    status: Annotated[str, Field(examples=["ok"])]


class Ready(Answer):
    """Whether the service can do its work, and what keeps it from that."""

    status: Annotated[str, Field(examples=["ready", "not_ready"])]
    checks: list[CheckAnswer]


class CheckAnswer(Answer):
    """One thing that was looked at."""

    name: Annotated[str, Field(examples=["store", "writes", "clock"])]
    status: Annotated[str, Field(examples=["ok", "warning", "failed"])]
    detail: str


Ready.model_rebuild()
