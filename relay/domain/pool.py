"""A pool: the virtual numbers of one country, with its policy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from relay.domain.limits import DailyLimits
from relay.domain.policy import DAY, Cents, Count, Country, Limit, Seconds, Sid, Unit
from relay.domain.registration import Registration, TextingRegistration
from relay.domain.reputation import Complaint, ReputationPolicy

POOL_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

WEEK = 7 * DAY
#: Texts that wait are kept, sealed, as long.
LONGEST_TEXT_LIFETIME = 3 * DAY
TextLifetime = Annotated[int, Unit("seconds", 60, LONGEST_TEXT_LIFETIME)]
#: What came in during an outage is read from the carrier for a day back.
CarrierRetention = Annotated[int, Unit("seconds", 2 * DAY, 400 * DAY)]


class Selection(StrEnum):
    """Which of the numbers that are free for a pair it gets: the lowest one, which keeps the fewest
    in use, or the one with the fewest open sessions, which is kindest to reputations."""

    PACK = "pack"
    SPREAD = "spread"


class Geo(StrEnum):
    """Any number of the pool's country, or rather one of the candidate's area."""

    COUNTRY = "country"
    AREA_CODE = "area_code"


class Attestation(StrEnum):
    """Which recruiters must prove by their access code who they are: those whose caller ID failed
    the networks' check, or all that the networks do not vouch for (below A)."""

    ANY = "any"
    VERIFIED = "verified"


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
    """A pool and its policy. Durations are seconds, money is in cents of the account's currency.

    The cooldowns default to 90 and 30 days: a released number ages 45 to 90 days before the
    public network gives it to somebody else (47 CFR 52.15), and a candidate's late call must
    never reach a stranger either.
    """

    name: str
    country: Annotated[Country, "The country of its numbers (ISO 3166), such as US"]
    default_ttl: Annotated[Seconds, "How long a session lasts unless its request says so"] = WEEK
    max_ttl: Annotated[Seconds, "How long a session may last at most"] = 90 * DAY
    candidate_cooldown: Annotated[Seconds, "How long a candidate's binding cools"] = 90 * DAY
    recruiter_cooldown: Annotated[Seconds, "How long a recruiter's binding cools"] = 30 * DAY
    access_codes: Annotated[bool, "Recruiters may share a number by access codes"] = True
    allowed_countries: Annotated[
        tuple[Country, ...], "Countries of participants' phones; its own alone, unless given"
    ] = ()
    text_lifetime: Annotated[
        TextLifetime, "How long a text may wait to be sent; then its sender is told"
    ] = DAY
    carrier_retention: Annotated[
        CarrierRetention | None,
        "How long the carrier keeps its records of calls and texts, with both numbers; "
        "as long as it likes, if `null`",
    ] = WEEK
    selection: Annotated[
        Selection, "The lowest free number (fewest in use), or the least loaded one"
    ] = Selection.PACK
    geo: Annotated[Geo, "Any number of the country, or rather one of the candidate's area"] = (
        Geo.COUNTRY
    )
    strict_geo: Annotated[bool, "Refuse (`strict_geo`) rather than leave the candidate's area"] = (
        False
    )
    attestation: Annotated[
        Attestation,
        "Which recruiters prove by their access code who they are: `any` caller whose number "
        "failed the networks' check, or all that are not `verified` (A)",
    ] = Attestation.ANY
    max_sessions_per_number: Annotated[Limit | None, "Open sessions on one number at most"] = None
    min_headroom: Annotated[
        Count, "Buy numbers to keep so many free (headroom); 0: never by itself"
    ] = 0
    max_numbers: Annotated[Limit | None, "The pool never buys beyond so many"] = None
    monthly_budget: Annotated[
        Cents | None,
        "The pool buys nothing that would make the charges of a month exceed this; "
        "a number given back counts until its month is over",
    ] = None
    number_rent: Annotated[Cents, "Monthly rent of one number"] = 115
    bundle_sid: Annotated[
        Sid | None, "The regulatory bundle (BU…) under which the carrier sells numbers there"
    ] = None
    address_sid: Annotated[
        Sid | None, "The address (AD…) under which the carrier sells numbers there"
    ] = None
    release_idle_after: Annotated[
        Seconds | None, "Give numbers back that had no session for so long; never, if left out"
    ] = None
    texting_registration: Annotated[
        TextingRegistration,
        "Whether US numbers are for texting before carriers know of them: only once they do "
        "(`required`), or at once, with a warning (`warn`)",
    ] = TextingRegistration.WARN
    limits: Annotated[DailyLimits, "What is called and texted in a day at most"] = field(
        default_factory=DailyLimits
    )
    reputation: Annotated[
        ReputationPolicy, "When a number is tired and rests from new sessions"
    ] = field(default_factory=ReputationPolicy)

    def __post_init__(self) -> None:
        """No list stands for the pool's own country, and is never "everybody" (TW-fraud)."""
        if not self.allowed_countries:
            object.__setattr__(self, "allowed_countries", (self.country,))

    def admits(self, country: str) -> bool:
        """Whether participants of this country may have sessions here. ``US`` is the United States
        alone: Canada, the Caribbean and the Pacific territories of +1 are countries of their own.
        """
        return country in self.allowed_countries


@dataclass(frozen=True)
class SmsTrouble:
    """The carrier refuses texts from a number for the number's own sake: its last ``code`` for it,
    and ``since`` when it does (POSIX seconds). No code: the number is not registered, and its pool
    requires that (``VirtualNumber.registration`` says what is missing)."""

    code: int | None
    since: int


@dataclass(frozen=True, kw_only=True)
class VirtualNumber:
    """A number we rent; ``ordinal`` is its bit in the pool's bitmaps."""

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
    #: While there is one, no session that texts gets the number.
    sms_trouble: SmsTrouble | None = None
    registration: Registration = Registration.UNKNOWN
    #: The messaging service that it is in, or ""; None where that was not looked up yet.
    service: str | None = None
    #: Since when a resting number rests (POSIX seconds), and why.
    resting_since: int | None = None
    complaints: tuple[Complaint, ...] = ()

    @property
    def waits_for_registration(self) -> bool:
        """Whether no session that texts gets it before it is registered."""
        return self.sms_trouble is not None and self.sms_trouble.code is None

    @property
    def is_sms_ready(self) -> bool:
        return self.sms and self.sms_trouble is None


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
    ``free_for_new_pairs`` are those that two new people would get one of now, with every channel.
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
    free_for_new_pairs: int
    headroom: int

    @property
    def allocatable(self) -> int:
        return sum(count for status, count in self.numbers.items() if status.is_allocatable)

    @property
    def deciding_bound(self) -> int:
        """What the busiest person needs whom the pool cannot serve by codes."""
        return self.candidate_bound if self.access_codes else self.bound
