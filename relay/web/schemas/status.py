"""How the deployment does."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from relay.domain.exchange import ExchangeEnd, Resource, Verb
from relay.web.schemas.base import Answer, Instant, PoolName


class StatusAnswer(Answer):
    """The workers, the scheduler and the carrier, and the boards that the key may see."""

    is_well: Annotated[
        bool,
        Field(
            description="Whether somebody serves each queue, the scheduler is at work, no periodic "
            "job is late, no text has waited for five minutes, and each board's store answers"
        ),
    ]
    workers: Annotated[
        list[QueueStatusAnswer] | None,
        Field(description="By queue; null while the queues' Redis is away"),
    ]
    scheduler: Annotated[
        SchedulerAnswer | None, Field(description="Null while the store does not answer")
    ]
    boards: list[BoardStatusAnswer]
    carrier: Annotated[
        list[CarrierTimeAnswer], Field(description="All requests to it so far, of all boards")
    ]


class QueueStatusAnswer(Answer):
    """A queue and who serves it."""

    queue: Annotated[str, Field(examples=["texts"])]
    alive: Annotated[int, Field(description="Worker processes that gave a sign of life lately")]
    waiting_jobs: Annotated[int, Field(description="Work that nobody has taken yet")]
    seen_at: Annotated[Instant | None, Field(description="The latest sign of life")]


class SchedulerAnswer(Answer):
    """What enqueues periodic work."""

    is_at_work: bool
    swept_at: Annotated[Instant | None, Field(description="Its latest sign of life")]
    periodic_jobs: list[PeriodicJobAnswer]


class PeriodicJobAnswer(Answer):
    """Periodic work."""

    name: Annotated[str, Field(examples=["recycle"])]
    every: Annotated[float, Field(description="Seconds", examples=[5])]
    succeeded_at: Annotated[Instant | None, Field(description="When it last ended well")]
    is_late: Annotated[
        bool, Field(description="Whether it has not for three of its intervals and two minutes")
    ]


class BoardStatusAnswer(Answer):
    """A board: what it has to send, and how far its numbers reach."""

    name: Annotated[str, Field(examples=["main"])]
    backlog: BacklogAnswer
    pools: list[PoolStatusAnswer]


class BacklogAnswer(Answer):
    """Texts that are not through."""

    unsent: Annotated[int, Field(description="Not with the carrier yet, notices of ours included")]
    oldest_age: Annotated[
        float, Field(description="Seconds for which the oldest of them could have been sent")
    ]
    unreported: Annotated[int, Field(description="At the carrier, and their end is not known")]


class PoolStatusAnswer(Answer):
    """A pool in short: `GET /v1/pools/{name}` says more."""

    name: PoolName
    headroom: Annotated[
        int, Field(description="Numbers that are free for the person who has the fewest")
    ]
    usable: Annotated[int, Field(description="Numbers that new sessions may get")]
    free_for_new_pairs: Annotated[
        int, Field(description="Numbers of which two new people get one now, with every channel")
    ]
    open_sessions: int
    days_to_exhaustion: Annotated[
        float | None, Field(description="Null while headroom does not shrink, or is not known to")
    ]


class CarrierTimeAnswer(Answer):
    """Requests of one kind that ended alike."""

    verb: Verb
    resource: Resource
    end: ExchangeEnd
    count: int
    mean_milliseconds: float


for _model in (StatusAnswer, SchedulerAnswer, BoardStatusAnswer):
    _model.model_rebuild()
