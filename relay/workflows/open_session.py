"""Gives a recruiter-candidate pair its virtual number, or the session that it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import assert_never

import structlog

from relay.domain.errors import Conflict, Fault, Invalid, PoolExhausted, RelayError
from relay.domain.participant import (
    CandidateDetails,
    Participant,
    ParticipantStatus,
    RecruiterDetails,
    Role,
)
from relay.domain.phone import area_code_of
from relay.domain.pool import Geo, Pool
from relay.domain.session import Channel, Session, pool_of
from relay.store.sessions import (
    Claimed,
    ClaimRequest,
    Elsewhere,
    Exhausted,
    Incapable,
    Outdated,
    Pair,
    SamePhone,
)
from relay.workflows.check_own_numbers import check_own_numbers
from relay.workflows.open_seals import open_phone_of
from relay.workflows.register_participant import register_candidate, register_recruiter
from relay.workflows.renew_indexes import renew_indexes
from relay.workflows.services import Services
from relay.workflows.session_terms import check_context, expiry_after
from relay.workflows.stamp_words import stamp_context

log = structlog.get_logger()

#: How often a pair that others change at the same time is looked at again.
_ATTEMPTS = 4


@dataclass(frozen=True, kw_only=True)
class Someone:
    """One side of the pair: a ref, and what to create or update the record with on the way."""

    ref: str
    details: RecruiterDetails | CandidateDetails | None = None
    take_over: bool = False
    renumber: bool = False


@dataclass(frozen=True, kw_only=True)
class SessionRequest:
    """``ttl`` is in seconds; None takes the pool's default."""

    recruiter: Someone
    candidate: Someone
    pool: str | None = None
    ttl: int | None = None
    channels: frozenset[Channel] = field(default=frozenset(Channel))
    context: str = ""


@dataclass(frozen=True)
class Opened:
    session: Session
    is_new: bool


def open_session(
    services: Services, wanted: SessionRequest, *, client_id: str, now: float
) -> Opened:
    """The pair's open session, or a new one. The open one follows the request (``docs/api.md``).
    ``client_id`` is the API key's; one that names phones may register people.

    Raises Invalid, Conflict, PoolExhausted, RateLimited, Unavailable.
    """
    check_context(wanted.context)
    if wanted.recruiter.details or wanted.candidate.details:
        _register_given(services, wanted, client_id, now)
    for _ in range(_ATTEMPTS):
        claimed = _claim(services, wanted, client_id, now)
        if claimed is not None:
            if claimed.is_new:
                log.info("session opened", session=claimed.session.id)
            return Opened(claimed.session, claimed.is_new)
    raise Conflict("The pair is being changed by others; try again.", retry_after=1)


# --- who ------------------------------------------------------------------------------


def _register_given(services: Services, wanted: SessionRequest, client_id: str, now: float) -> None:
    """Puts people on record, when nothing else of the request can be refused. Raises Invalid for a
    ref that is only named and unknown."""
    if wanted.pool is not None:
        _request(services, wanted, _known(services.store.pools.get(wanted.pool)), now)
    for role, someone in ((Role.RECRUITER, wanted.recruiter), (Role.CANDIDATE, wanted.candidate)):
        if someone.details is not None:
            with _pointers_below(f"/{role}"):
                _register(services, someone, someone.details, client_id, now)
        else:
            _check_known(role, services.store.people.get(role, someone.ref))


def _register(
    services: Services,
    someone: Someone,
    details: RecruiterDetails | CandidateDetails,
    client_id: str,
    now: float,
) -> None:
    if isinstance(details, RecruiterDetails):
        register_recruiter(
            services,
            someone.ref,
            details,
            renumber=someone.renumber,
            client_id=client_id,
            now=now,
        )
    else:
        register_candidate(
            services,
            someone.ref,
            details,
            take_over=someone.take_over,
            renumber=someone.renumber,
            client_id=client_id,
            now=now,
        )


@contextmanager
def _pointers_below(pointer: str) -> Iterator[None]:
    """What is wrong with a participant's own body is addressed as the part of ours that it is."""
    try:
        yield
    except RelayError as error:
        error.faults = tuple(
            replace(fault, pointer=f"{pointer}{fault.pointer}") for fault in error.faults
        )
        raise


def _ready(services: Services, role: Role, person: Participant | None) -> Participant:
    """The person as a claim needs them. Raises Invalid, Conflict."""
    return renew_indexes(services, _check_known(role, person))


def _check_known(role: Role, person: Participant | None) -> Participant:
    """Raises Invalid for somebody who is not there, Conflict for somebody without a phone."""
    if person is None:
        raise _invalid(
            f"/{role}",
            f"no {role} has this ref; a key with the scope participants puts people on record",
        )
    if person.status is ParticipantStatus.WITHOUT_PHONE:
        raise Conflict(f"The {role} has no phone: another candidate has taken it over.")
    return person


# --- where ----------------------------------------------------------------------------


def _pool_for(services: Services, wanted: SessionRequest, pair: Pair, country: str) -> Pool:
    """The pool asked for; else where the pair has or last had a session; else the one pool of the
    candidate's country."""
    if wanted.pool is not None:
        return _known(pair.pool)
    if pair.latest:
        return _known(services.store.pools.get(pool_of(pair.latest)))
    return _only_pool_of(services, country)


def _known(pool: Pool | None) -> Pool:
    if pool is None:
        raise _invalid("/pool", "no pool has this name")
    return pool


def _only_pool_of(services: Services, country: str) -> Pool:
    pools = [pool for pool in services.store.pools.all() if pool.country == country]
    if len(pools) != 1:
        found = "several pools are" if pools else "no pool is"
        raise Invalid(
            f"Name a pool: {found} of the candidate's country.",
            (Fault("/pool", f"needed, since {found} of the candidate's country"),),
            code="pool_required",
        )
    return pools[0]


def _check_countries(pool: Pool, *people: Participant) -> None:
    faults = tuple(
        Fault(f"/{person.role}", "the phone's country is not allowed in this pool")
        for person in people
        if not pool.admits(person.country)
    )
    if faults:
        raise Invalid("The pool is not for phones of every country.", faults)


# --- the claim ------------------------------------------------------------------------


def _claim(
    services: Services, wanted: SessionRequest, client_id: str, now: float
) -> Claimed | None:
    """None when the pair was changed by others meanwhile, and is to be looked at again."""
    pair = services.store.sessions.look_at_pair(
        wanted.recruiter.ref, wanted.candidate.ref, pool=wanted.pool
    )
    recruiter = _ready(services, Role.RECRUITER, pair.recruiter)
    candidate = _ready(services, Role.CANDIDATE, pair.candidate)
    check_own_numbers(
        services,
        wanted.context,
        (recruiter, candidate),
        latest=pair.latest,
        client_id=client_id,
    )
    pool = _pool_for(services, wanted, pair, candidate.country)
    _check_countries(pool, recruiter, candidate)
    area = _area(services, pool, candidate)
    request = replace(_request(services, wanted, pool, now), area=area, latest=pair.latest)
    outcome = services.store.sessions.claim(
        pool.name,
        recruiter,
        candidate,
        request,
        now=now,
        retention=services.settings.record_retention,
    )
    match outcome:
        case Claimed():
            return outcome
        case Incapable(session):
            raise Conflict(
                "The number of the pair's open session cannot carry these channels.",
                sessions=(session.id,),
            )
        case SamePhone():
            raise _invalid("/candidate", "has the same phone as the recruiter")
        case Exhausted(reason):
            raise PoolExhausted(reason.sentence, reason=reason)
        case Elsewhere(session) if wanted.pool is not None:
            raise Conflict("The pair has an open session in another pool.", sessions=(session.id,))
        case Elsewhere() | Outdated():
            return None
        case _:
            assert_never(outcome)


def _request(services: Services, wanted: SessionRequest, pool: Pool, now: float) -> ClaimRequest:
    ttl = wanted.ttl if wanted.ttl is not None else pool.default_ttl
    return ClaimRequest(
        expires_at=expiry_after(ttl, pool, now=now),
        expiry_was_asked_for=wanted.ttl is not None,
        channels=wanted.channels,
        stamped_context=stamp_context(
            services,
            wanted.context,
            recruiter=wanted.recruiter.ref,
            candidate=wanted.candidate.ref,
        ),
    )


def _area(services: Services, pool: Pool, candidate: Participant) -> str:
    """The candidate's area code, for a pool that looks at it. It is not kept: with it, the hint and
    the country, little would be left of a number to guess. Raises Conflict for a phone that cannot
    be opened."""
    if pool.geo is not Geo.AREA_CODE:
        return ""
    return area_code_of(open_phone_of(services, candidate).reveal())


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid("The session cannot be opened with these values.", (Fault(pointer, detail),))
