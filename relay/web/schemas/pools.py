"""Pools."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from relay.domain.pool import NumberStatus, Pool
from relay.web.schemas.base import Answer, Body, Instant, PoolName, Seconds, shown
from relay.web.schemas.policies import answer_of, body_of, change_of

_COOLDOWNS = ("candidate_cooldown", "recruiter_cooldown")


class _BothCooldowns(Body):
    cooldown: Annotated[
        Seconds | None, Field(description="Sets both cooldowns that are not given themselves")
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _leave_out_null_cooldowns(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {k: v for k, v in body.items() if v is not None or k not in _COOLDOWNS}

    @model_validator(mode="after")
    def _set_both_cooldowns(self) -> Self:
        if self.cooldown is not None:
            for side in _COOLDOWNS:
                if side not in self.model_fields_set:
                    setattr(self, side, self.cooldown)
        return self


class PoolBody(body_of(Pool), _BothCooldowns):  # type: ignore[misc]
    """A pool's policy. What is left out takes its default, not what it was before."""

    model_config = shown({"country": "US", "allowed_countries": ["US", "CA"]})


class PoolChange(change_of(Pool), _BothCooldowns):  # type: ignore[misc]
    """What shall be different in a pool's policy: at least one field. What is left out stays as it
    is, in `limits` and `reputation`, too; null switches a limit off."""

    model_config = shown({"max_ttl": 7776000}, minProperties=1)

    @model_validator(mode="after")
    def _name_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name a field to change")
        return self


class PoolPolicy(answer_of(Pool)):  # type: ignore[misc]
    """A pool's policy."""

    name: PoolName


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
    free_for_new_pairs: Annotated[
        int,
        Field(
            description=(
                "Numbers of which two people who are new to the pool get one now, with every "
                "channel: 0 is when nobody new is served"
            )
        ),
    ]
    headroom: Annotated[
        int,
        Field(
            description=(
                "Usable numbers that are free for the candidate who has the fewest (without "
                "access codes, for whoever has the fewest). At 0 the next session of that person "
                "is refused, and others still get theirs: see `free_for_new_pairs`"
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


class SessionCostAnswer(Answer):
    """What a session costs on average: its share of the pool's rent and traffic since then. An
    estimate."""

    sessions: Annotated[int, Field(description="Opened since then")]
    since: Instant
    rent: float
    traffic: float


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
    """When the pool runs out of numbers for its busiest person, who is refused first, at the
    present rate. Money is in the account's currency."""

    deciding_bound: Annotated[
        int,
        Field(description="Of the busiest candidate with access codes, else of the busiest person"),
    ]
    numbers: Annotated[int, Field(description="That may be allocated, resting ones too")]
    headroom: int
    growth: GrowthAnswer | None
    days_to_exhaustion: _Days
    monthly_rent: float
    monthly_traffic: Annotated[
        float | None,
        Field(
            description=(
                "What calls and texts cost in a month at the rate of the last seven days: an "
                "estimate by the deployment's price table. Null: less than a day is known"
            )
        ),
    ]
    session_cost: Annotated[
        SessionCostAnswer | None,
        Field(description="Null: less than a day is known, or no session was opened"),
    ]
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
