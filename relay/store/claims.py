"""A claim for a pair's virtual number: what is asked, and what may become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relay.domain.allocation import ExhaustedReason
from relay.domain.errors import RateLimited
from relay.domain.guesses import TOO_MANY_GUESSES, TOO_MANY_NEW_COUNTERPARTS
from relay.domain.participant import Participant, Role
from relay.domain.pool import Pool
from relay.domain.session import Channel, Session
from relay.store.records import unpack_session


@dataclass(frozen=True)
class Claimed:
    session: Session
    is_new: bool


@dataclass(frozen=True)
class Exhausted:
    """``free_for_new_pairs`` are numbers that two new people would get one of now."""

    reason: ExhaustedReason
    free_for_new_pairs: int


@dataclass(frozen=True)
class Incapable:
    """The pair's open session is on a number that cannot do what is asked now."""

    session: Session


@dataclass(frozen=True)
class Elsewhere:
    """The pair's open session is in another pool."""

    session: Session


@dataclass(frozen=True)
class SamePhone:
    """Both sides have one phone, which would call itself."""


@dataclass(frozen=True)
class Outdated:
    """The people are others by now: read them again, then claim again."""


@dataclass(frozen=True)
class Held:
    """Another candidate has the phone that is given."""


@dataclass(frozen=True)
class OtherPhone:
    """The session is possible when this person has the phone that is given: change it, then claim
    again."""

    role: Role


Refused = Incapable | Exhausted | SamePhone | Held
ClaimOutcome = Claimed | Refused | Elsewhere | OtherPhone | Outdated


@dataclass(frozen=True)
class Given:
    """Somebody who comes on record with the session. ``seen`` are the indexes that they had on
    record when the caller looked."""

    person: Participant
    seen: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClaimRequest:
    """What a new session should be; a pair's open session follows it where it may, in what is not
    None.

    ``area`` is the candidate's area code, for a pool that looks at it; ``latest`` the id of the
    pair's latest session, as ``look_at_pair`` says: an open one is signed anew by it. ``take_over``
    allows a phone that another candidate has; ``client`` is the API key's id, whose guesses count.
    """

    expires_at: int
    expiry_was_asked_for: bool
    channels: frozenset[Channel] | None
    stamped_context: str | None
    area: str = ""
    latest: str = ""
    given: tuple[Given, ...] = ()
    take_over: bool = False
    client: str = ""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two people as they are on record, their latest session's id, open or not, "" for none, and
    the pool that was asked for."""

    recruiter: Participant | None
    candidate: Participant | None
    latest: str
    pool: Pool | None


_TOO_MANY = {
    "too_many": TOO_MANY_NEW_COUNTERPARTS,
    "too_many_guesses": TOO_MANY_GUESSES,
}

_OUTCOMES: dict[str, Callable[..., ClaimOutcome]] = {
    "created": lambda *session: Claimed(unpack_session(*session), is_new=True),
    "existing": lambda *session: Claimed(unpack_session(*session), is_new=False),
    "incapable": lambda *session: Incapable(unpack_session(*session)),
    "elsewhere": lambda *session: Elsewhere(unpack_session(*session)),
    "exhausted": lambda reason, free: Exhausted(ExhaustedReason(reason), free),
    "phone": lambda role: OtherPhone(Role(role)),
    "held": Held,
    "same_phone": SamePhone,
    "again": Outdated,
}


def read_outcome(answer: list[Any]) -> ClaimOutcome | None:
    """A script's answer. None when the drawn id belongs to another pair's session: draw again.
    Raises RateLimited."""
    name, *rest = answer
    if name in _TOO_MANY:
        raise RateLimited(_TOO_MANY[name], retry_after=rest[0])
    return _OUTCOMES[name](*rest) if name in _OUTCOMES else None
