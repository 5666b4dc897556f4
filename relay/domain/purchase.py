"""Buying virtual numbers: what a job wants, how far a pool may go, and what a refusal means."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import assert_never

from relay.domain.board import BOARD_NAME, NumberPlace
from relay.domain.errors import CarrierError
from relay.domain.pool import POOL_NAME, Pool, PoolFigures
from relay.domain.trouble import Trouble

#: A request whose answer was lost has had its effect by then, or never will; in seconds. The
#: carrier ends a request of its own after 15 s.
CERTAIN_AFTER = 60.0
#: A buyer who takes longer from the reservation to the request may find it settled by others.
REQUEST_WITHIN = 20.0
#: A job that the carrier keeps waiting is given up after so many seconds.
PATIENCE = 3600
FIRST_PAUSE = 10.0
LONGEST_PAUSE = 300.0
MOST_AT_ONCE = 100

_LABEL = "relay:"
_ID_LENGTH = 12
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class JobKind(StrEnum):
    """Somebody ordered so many numbers, or the pool wants so many to keep its headroom."""

    ORDER = "order"
    HEADROOM = "headroom"


class FailureCode(StrEnum):
    MAX_NUMBERS = "max_numbers"
    MONTHLY_BUDGET = "monthly_budget"
    NOTHING_ON_OFFER = "nothing_on_offer"
    UNSUITABLE_NUMBER = "unsuitable_number"
    SERVICES_FULL = "services_full"
    BUNDLE_NEEDED = "bundle_needed"
    ADDRESS_NEEDED = "address_needed"
    CARRIER_REFUSED = "carrier_refused"
    CARRIER_UNAVAILABLE = "carrier_unavailable"
    POOL_GONE = "pool_gone"
    RESTORED = "restored"
    INTERNAL_ERROR = "internal_error"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    FailureCode.MAX_NUMBERS: "The pool may not have more numbers (max_numbers).",
    FailureCode.MONTHLY_BUDGET: (
        "One more number would pass the pool's monthly_budget; one that was given back counts "
        "until its month is over."
    ),
    FailureCode.NOTHING_ON_OFFER: "The carrier has no such number on offer.",
    FailureCode.UNSUITABLE_NUMBER: "The carrier sold a number that texts, and it does not.",
    FailureCode.SERVICES_FULL: (
        "No messaging service of the board has room for another US number (CAMPAIGN_NUMBERS, "
        "SERVICE_NUMBERS): give it one more, with a campaign of its own."
    ),
    FailureCode.BUNDLE_NEEDED: (
        "Such a number needs a regulatory bundle that the carrier has approved: set the pool's "
        "bundle_sid"
    ),
    FailureCode.ADDRESS_NEEDED: (
        "Such a number needs an address that the carrier accepts for it: set the pool's address_sid"
    ),
    FailureCode.CARRIER_REFUSED: "The carrier refused to sell a number",
    FailureCode.CARRIER_UNAVAILABLE: "The carrier could not be asked for an hour.",
    FailureCode.POOL_GONE: "The pool is not there any more.",
    FailureCode.RESTORED: (
        "The store was restored from a backup, and does not know what was bought since: order "
        "again what is missing."
    ),
    FailureCode.INTERNAL_ERROR: "A mistake of Relay's; the workers' logs say which.",
}


@dataclass(frozen=True)
class Failure:
    """Why a job bought fewer numbers than it wanted."""

    code: FailureCode
    detail: str

    @classmethod
    def of(cls, code: FailureCode, *, carrier_code: int = 0) -> Failure:
        detail = f"{code.sentence} (error {carrier_code})." if carrier_code else code.sentence
        return cls(code, detail)

    @classmethod
    def of_refusal(cls, error: CarrierError) -> Failure:
        """Names the piece that is missing, where one is."""
        code = _MISSING_PIECES.get(error.trouble, FailureCode.CARRIER_REFUSED)
        return cls.of(code, carrier_code=error.code)


_MISSING_PIECES = {
    Trouble.NO_BUNDLE: FailureCode.BUNDLE_NEEDED,
    Trouble.NO_ADDRESS: FailureCode.ADDRESS_NEEDED,
}


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """A job that buys numbers for a pool. Its id carries the pool, as a session's does."""

    id: str
    pool: str
    kind: JobKind
    country: str
    area_code: str = ""
    wanted: int
    bought: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    status: JobStatus = JobStatus.QUEUED
    created_at: int
    ended_at: int | None = None
    pauses: int = 0


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A number that a job was about to buy at ``since``; whether it did may be unknown."""

    number: str
    job: str
    since: float
    account: str = ""


def missing_headroom(pool: Pool, figures: PoolFigures, *, intents: int) -> int:
    """How many numbers to buy, those under way left out; 0 or less: none. A pool whose
    ``min_headroom`` is 0 never buys by itself."""
    if not pool.min_headroom:
        return 0
    return pool.min_headroom - figures.headroom - intents


class AfterRefusal(Enum):
    """What a carrier's refusal to sell a number means for the job."""

    PICK_ANOTHER = auto()
    #: Whether it was bought is not known: nothing else is bought before that is.
    LOOK_FIRST = auto()
    TRY_LATER = auto()
    GIVE_UP = auto()


def after_refusal(error: CarrierError) -> AfterRefusal:
    if error.trouble is Trouble.SOLD:
        return AfterRefusal.PICK_ANOTHER
    if error.ambiguous:
        return AfterRefusal.LOOK_FIRST
    return AfterRefusal.TRY_LATER if error.retryable else AfterRefusal.GIVE_UP


class Settled(Enum):
    """What became of an intent."""

    BOUGHT = auto()
    NOT_BOUGHT = auto()
    UNKNOWN = auto()


def settle(*, is_ours: bool, is_owned: bool, since: float, now: float) -> Settled:
    """``is_ours``: the account owns the number under our pool's label; ``is_owned``: under any."""
    if is_ours:
        return Settled.BOUGHT
    if is_owned or now >= since + CERTAIN_AFTER:
        return Settled.NOT_BOUGHT
    return Settled.UNKNOWN


def next_try_at(*, now: float, pauses: int, retry_after: float | None) -> float:
    """A carrier's Retry-After is the least pause."""
    pause: float = min(FIRST_PAUSE * 2 ** min(pauses, 10), LONGEST_PAUSE)
    return now + max(pause, retry_after or 0.0)


def is_given_up(job: Purchase, *, now: float) -> bool:
    return now >= job.created_at + PATIENCE


def label_of(board: str, pool: str) -> str:
    """What a number that we buy is called at the carrier: it tells whose an orphan is."""
    return f"{_LABEL}{board}:{pool}"


def place_of_label(label: str) -> NumberPlace | None:
    """Whose a number is by its label; None for one that we have not bought."""
    board, _, pool = label.removeprefix(_LABEL).partition(":")
    is_ours = label.startswith(_LABEL) and BOARD_NAME.fullmatch(board) and POOL_NAME.fullmatch(pool)
    return NumberPlace(board, pool) if is_ours else None


def draw_job_id(pool: str) -> str:
    """``us.7k2m9x4v0q1z``."""
    return f"{pool}." + "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


class Reservation(StrEnum):
    """What Redis says of one more number for a pool."""

    RESERVED = "reserved"
    #: Another job is after this number, or it is one of ours.
    TAKEN = "taken"
    #: Somebody else buys for the pool: this one's lease has ended.
    LOST = "lost"
    MAX_NUMBERS = "max_numbers"
    MONTHLY_BUDGET = "monthly_budget"

    @property
    def limit(self) -> FailureCode | None:
        match self:
            case Reservation.MAX_NUMBERS:
                return FailureCode.MAX_NUMBERS
            case Reservation.MONTHLY_BUDGET:
                return FailureCode.MONTHLY_BUDGET
            case Reservation.RESERVED | Reservation.TAKEN | Reservation.LOST:
                return None
            case _:
                assert_never(self)
