"""Jobs: work that takes longer than a request."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from relay.domain.purchase import FailureCode, JobKind, JobStatus
from relay.web.schemas.base import Answer, Country, Instant, PoolName


class JobFailureAnswer(Answer):
    """Why fewer numbers were bought than wanted."""

    code: FailureCode
    detail: str


class JobAnswer(Answer):
    """A job that buys numbers."""

    id: Annotated[str, Field(examples=["us.7k2m9x4v0q1z"])]
    status: Annotated[JobStatus, Field(description="`failed` when fewer were bought than wanted")]
    pool: PoolName
    kind: Annotated[
        JobKind, Field(description="Ordered by somebody, or by the pool to keep its `min_headroom`")
    ]
    country: Country
    area_code: str
    wanted: int
    bought: Annotated[list[str], Field(examples=[["+14155550192"]])]
    failures: list[JobFailureAnswer]
    created_at: Instant
    ended_at: Instant | None
