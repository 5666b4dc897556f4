"""A pool: the virtual numbers of one country, with its policy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from relay.domain.reputation import Complaint, ReputationPolicy

POOL_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

WEEK = 7 * 24 * 3600
DAY = 24 * 3600


class Selection(StrEnum):
    """Which of the numbers that are free for a pair it gets: the lowest one, which keeps the fewest
    in use, or the one with the fewest open sessions, which is kindest to reputations."""

    PACK = "pack"
    SPREAD = "spread"


class Geo(StrEnum):
    """Any number of the pool's country, or rather one of the candidate's area."""

    COUNTRY = "country"
    AREA_CODE = "area_code"


class NumberStatus(StrEnum):
    AVAILABLE = "available"
    RESERVED = "reserved"
    RESTING = "resting"
    DRAINING = "draining"
    RELEASED = "released"

    @property
    def is_allocatable(self) -> bool:
        """A resting number is allocated where no other one would do (P6)."""
        return self in {NumberStatus.AVAILABLE, NumberStatus.RESTING}


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The policy of a pool. Durations are seconds, money is in cents of the account's currency.

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
    selection: Selection = Selection.PACK
    geo: Geo = Geo.COUNTRY
    strict_geo: bool = False
    max_sessions_per_number: int | None = None
    min_headroom: int = 0
    max_numbers: int | None = None
    monthly_budget: int | None = None
    number_rent: int = 115
    release_idle_after: int | None = None
    reputation: ReputationPolicy = field(default_factory=ReputationPolicy)

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
    #: When the carrier charged it first: it does so again each month from then on.
    rented_since: int
    #: The carrier's account that rents it; "" where that was not noted.
    account: str = ""
    #: Since when a resting number rests (POSIX seconds), and why.
    resting_since: int | None = None
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PoolFigures:
    """What a pool holds now.

    ``bound`` is the fewest numbers that could serve the present bindings directly: the most that
    any one phone has (König). With access codes ``candidate_bound`` is enough: the most that any
    one phone has as a candidate's. ``recruiters`` are phones with bindings as such, ``on_codes``
    those of them that share a number with themselves.

    ``usable`` numbers can be given to a new session: they may be allocated, are not full, and can
    call and text (call only, in a pool that never had one that texts). ``headroom`` is how many of
    them are free for the person who has the fewest: with access codes a candidate, else anybody.
    """

    numbers: dict[NumberStatus, int]
    open_sessions: int
    cooling_bindings: int
    bound: int
    candidate_bound: int
    recruiters: int
    on_codes: int
    access_codes: bool
    usable: int
    headroom: int

    @property
    def allocatable(self) -> int:
        return sum(count for status, count in self.numbers.items() if status.is_allocatable)

    @property
    def deciding_bound(self) -> int:
        """What the busiest person needs whom the pool cannot serve by codes."""
        return self.candidate_bound if self.access_codes else self.bound
