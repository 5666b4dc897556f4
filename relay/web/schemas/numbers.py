"""Virtual numbers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relay.domain.pool import NumberStatus
from relay.web.schemas.base import Answer, Body, Instant, Page, Phone, PoolName, shown


class NumberBody(Body):
    """A number that the carrier's account owns."""

    model_config = shown({"phone_number": "+14155550142", "pool": "us"})

    phone_number: Phone
    pool: PoolName


class WantedStatus(StrEnum):
    """The statuses that a client may set; the others come about by themselves."""

    AVAILABLE = NumberStatus.AVAILABLE
    RESERVED = NumberStatus.RESERVED
    DRAINING = NumberStatus.DRAINING


class NumberChange(Body):
    """``reserved`` and ``draining`` keep new sessions off the number; its own go on."""

    model_config = shown({"status": "draining"})

    status: WantedStatus


class NumberQuery(Page):
    """Which numbers."""

    pool: PoolName | None = None


class CapabilitiesAnswer(Answer):
    """What the carrier lets the number do."""

    voice: bool
    sms: bool
    mms: bool


class NumberAnswer(Answer):
    """A virtual number."""

    phone_number: Annotated[str, Field(examples=["+14155550142"])]
    pool: PoolName
    status: NumberStatus
    capabilities: CapabilitiesAnswer
    imported_at: Instant


class NumberList(Answer):
    """Some numbers, by pool and in the order in which they are allocated."""

    data: list[NumberAnswer]
    next_cursor: str | None
