"""A pool: the virtual numbers of one country, with its policy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

POOL_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

WEEK = 7 * 24 * 3600
DAY = 24 * 3600


class NumberStatus(StrEnum):
    AVAILABLE = "available"
    RESERVED = "reserved"
    RESTING = "resting"
    DRAINING = "draining"
    RELEASED = "released"

    @property
    def is_allocatable(self) -> bool:
        return self is NumberStatus.AVAILABLE


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The policy of a pool. Durations are seconds.

    The cooldowns default to 90 and 30 days: a released number ages 45 to 90 days before the
    public network gives it to somebody else (47 CFR 52.15), and a candidate's late call must
    never reach a stranger either.
    """

    name: str
    country: str
    default_ttl: int = WEEK
    max_ttl: int = 90 * DAY
    candidate_cooldown: int = 90 * DAY
    recruiter_cooldown: int = 30 * DAY
    access_codes: bool = True
    allowed_countries: tuple[str, ...] = field(default=())

    def admits(self, country: str) -> bool:
        """Whether participants of this country may have sessions here (empty list: everybody)."""
        return not self.allowed_countries or country in self.allowed_countries


@dataclass(frozen=True, kw_only=True)
class VirtualNumber:
    """A number we rent; ``ordinal`` is its place in the pool's bitmaps."""

    number: str
    pool: str
    ordinal: int
    status: NumberStatus
    carrier_sid: str
    voice: bool
    sms: bool
    mms: bool
    imported_at: int


@dataclass(frozen=True, kw_only=True)
class PoolFigures:
    """What a pool holds now. ``bound`` is the fewest numbers that could serve the present
    bindings: the most that any one phone has (König); ``headroom`` is what is left beyond it."""

    numbers: dict[NumberStatus, int]
    open_sessions: int
    cooling_bindings: int
    bound: int

    @property
    def headroom(self) -> int:
        return self.numbers.get(NumberStatus.AVAILABLE, 0) - self.bound
