"""Pools."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from relay.domain.pool import DAY, WEEK, NumberStatus
from relay.web.schemas.base import Answer, Body, Country, PoolName, Seconds, shown


class PoolBody(Body):
    """A pool's policy. What is left out takes its default, not what it was before."""

    model_config = shown({"country": "US", "allowed_countries": ["US", "CA"]})

    country: Country
    default_ttl: Seconds = WEEK
    max_ttl: Seconds = 90 * DAY
    cooldown: Annotated[
        Seconds | None, Field(description="Sets both cooldowns that are not given themselves")
    ] = None
    candidate_cooldown: Annotated[
        Seconds | None, Field(description="Default: 90 days", examples=[7776000])
    ] = None
    recruiter_cooldown: Annotated[
        Seconds | None, Field(description="Default: 30 days", examples=[2592000])
    ] = None
    access_codes: Annotated[
        bool, Field(description="Whether recruiters may share a number by access codes")
    ] = True
    allowed_countries: list[Country] = Field(
        default=[],
        max_length=300,
        description="Of participants' phones; empty: every country",
    )


class PoolPolicy(Answer):
    """A pool's policy. Durations are seconds."""

    name: PoolName
    country: Country
    default_ttl: int
    max_ttl: int
    candidate_cooldown: int
    recruiter_cooldown: int
    access_codes: bool
    allowed_countries: list[Country]


class PoolFiguresAnswer(Answer):
    """What a pool holds now."""

    numbers: dict[NumberStatus, int]
    open_sessions: int
    cooling_bindings: int
    bound: Annotated[
        int, Field(description="The fewest numbers that could serve the present bindings")
    ]
    headroom: Annotated[int, Field(description="Available numbers beyond the bound")]


class PoolAnswer(PoolPolicy):
    """A pool: its policy and what it holds now."""

    figures: PoolFiguresAnswer


class PoolList(Answer):
    """Some pools, by name."""

    data: list[PoolAnswer]
    next_cursor: str | None
