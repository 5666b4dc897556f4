"""Pools."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from relay.domain.pool import DAY, WEEK, Geo, NumberStatus, Selection
from relay.domain.reputation import ReputationPolicy
from relay.web.schemas.base import Answer, Body, Country, Instant, PoolName, Seconds, shown

_Count = Annotated[int, Field(ge=0, le=100_000)]
_Limit = Annotated[int, Field(ge=1, le=1_000_000)]
_Money = Annotated[
    float, Field(ge=0, le=10_000_000, description="In the carrier account's currency")
]


_Share = Annotated[float, Field(ge=0, le=1, description="Between 0 and 1")]
_DEFAULTS = ReputationPolicy()


class ReputationBody(Body):
    """When a number is tired and rests from new sessions; null switches a threshold off."""

    min_calls: Annotated[
        _Limit, Field(description="Ended calls in 24 hours below which no share counts")
    ] = _DEFAULTS.min_calls
    min_texts: Annotated[
        _Limit, Field(description="Texts in 24 hours below which no share counts")
    ] = _DEFAULTS.min_texts
    min_answer_rate: _Share | None = _DEFAULTS.min_answer_rate
    max_short_share: Annotated[
        _Share | None, Field(description="Of answered calls, those under 6 seconds")
    ] = _DEFAULTS.max_short_share
    max_calls_per_minute: _Limit | None = _DEFAULTS.max_calls_per_minute
    max_calls_per_day: _Limit | None = _DEFAULTS.max_calls_per_day
    max_filtered_share: Annotated[
        _Share | None, Field(description="Of texts, those that the carrier filtered (30007)")
    ] = _DEFAULTS.max_filtered_share
    rest_for: Annotated[
        Seconds, Field(description="Seconds that a tired number rests at least")
    ] = _DEFAULTS.rest_for


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
    selection: Annotated[
        Selection,
        Field(description="The lowest free number (fewest in use), or the least loaded one"),
    ] = Selection.PACK
    geo: Annotated[
        Geo, Field(description="Any number of the country, or rather one of the candidate's area")
    ] = Geo.COUNTRY
    strict_geo: Annotated[
        bool, Field(description="Refuse (`strict_geo`) rather than leave the candidate's area")
    ] = False
    max_sessions_per_number: Annotated[
        _Limit | None, Field(description="Open sessions on one number")
    ] = None
    min_headroom: Annotated[
        _Count,
        Field(description="Buy numbers to keep so many free (headroom); 0: never by itself"),
    ] = 0
    max_numbers: Annotated[
        _Limit | None, Field(description="The pool never buys beyond so many")
    ] = None
    monthly_budget: Annotated[
        _Money | None,
        Field(
            description=(
                "The pool buys nothing that would make the charges of a month exceed this; a "
                "number given back counts until its month is over"
            )
        ),
    ] = None
    number_rent: Annotated[_Money, Field(description="Monthly rent of one number")] = 1.15
    release_idle_after: Annotated[
        Seconds | None,
        Field(description="Give numbers back that had no session for so long; never, if left out"),
    ] = None
    reputation: ReputationBody = ReputationBody()


class ReputationPolicyAnswer(Answer):
    """When a number is tired and rests from new sessions."""

    min_calls: int
    min_texts: int
    min_answer_rate: float | None
    max_short_share: float | None
    max_calls_per_minute: int | None
    max_calls_per_day: int | None
    max_filtered_share: float | None
    rest_for: int


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
    selection: Selection
    geo: Geo
    strict_geo: bool
    max_sessions_per_number: int | None
    min_headroom: int
    max_numbers: int | None
    monthly_budget: float | None
    number_rent: float
    release_idle_after: int | None
    reputation: ReputationPolicyAnswer


class PoolFiguresAnswer(Answer):
    """What a pool holds now."""

    numbers: dict[NumberStatus, int]
    open_sessions: int
    cooling_bindings: int
    bound: Annotated[
        int, Field(description="The fewest numbers that could serve the present bindings directly")
    ]
    candidate_bound: Annotated[
        int, Field(description="Enough with access codes: the busiest candidate's")
    ]
    usable: Annotated[
        int,
        Field(
            description=(
                "Numbers that a new session can be given: they may be allocated, are not full, "
                "and can call and text (call only, in a pool that never had one that texts)"
            )
        ),
    ]
    headroom: Annotated[
        int,
        Field(
            description=(
                "Usable numbers that are free for the candidate who has the fewest; without "
                "access codes, for whoever has the fewest"
            )
        ),
    ]


_Days = Annotated[
    float | None,
    Field(description="Null: the bound does not grow, or there is too little history"),
]


class GrowthAnswer(Answer):
    """The present rate: the line through hourly samples of the bound in the last seven days."""

    per_day: float
    samples: int
    since: Instant
    until: Instant


class OneMoreAnswer(Answer):
    """The pool with one more number."""

    headroom: int
    days_to_exhaustion: _Days
    monthly_rent: float
    recruiters_freed: Annotated[
        int, Field(description="Phones that could have every session without a code, at best")
    ]
    sessions_freed: Annotated[
        int,
        Field(description="Recruiters' bindings that could do without a code, at best"),
    ]


class ForecastAnswer(Answer):
    """When the pool runs out of numbers at the present rate. Money is in the account's currency."""

    deciding_bound: Annotated[
        int,
        Field(description="Of the busiest candidate with access codes, else of the busiest person"),
    ]
    numbers: Annotated[int, Field(description="That may be allocated, resting ones too")]
    headroom: int
    growth: GrowthAnswer | None
    days_to_exhaustion: _Days
    monthly_rent: float
    codes_share: Annotated[
        float | None, Field(description="Of recruiters' phones, those that share a number by codes")
    ]
    one_more: OneMoreAnswer


class PoolAnswer(PoolPolicy):
    """A pool: its policy, what it holds now, and what will become of it."""

    figures: PoolFiguresAnswer
    forecast: ForecastAnswer


class PoolList(Answer):
    """Some pools, by name."""

    data: list[PoolAnswer]
    next_cursor: str | None
