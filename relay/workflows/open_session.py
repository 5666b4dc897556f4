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
from relay.domain.session import Channel, Session
from relay.store.sessions import Claimed, Exhausted, Incapable, Outdated, Wish
from relay.workflows.enter_pool import enter_pool
from relay.workflows.register_participant import register_candidate, register_recruiter
from relay.workflows.services import Services
from relay.workflows.session_terms import check_context, expiry_after

log = structlog.get_logger()

#: Claims that met a phone change under way; each is tried again with the person read anew.
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


@dataclass(frozen=True, kw_only=True)
class Asker:
    """The API client that asks."""

    client_id: str
    may_change_phone: bool


@dataclass(frozen=True)
class Opened:
    session: Session
    is_new: bool


@dataclass(frozen=True)
class _Pair:
    recruiter: Participant
    candidate: Participant


def open_session(services: Services, wanted: SessionRequest, *, asker: Asker, now: float) -> Opened:
    """The pair's open session, which follows the request as far as ``API.md`` says, or a new one.

    Raises Invalid, Conflict, PoolExhausted, whatever ``register_participant`` raises, Unavailable.
    """
    check_context(wanted.context)
    if wanted.pool is not None:
        # What can be refused is refused before anybody is put on record.
        _wish(wanted, _pool_named(services, wanted.pool), now)
    pair = _find_or_register(services, wanted, asker, now)
    if set(pair.recruiter.phone_indexes) & set(pair.candidate.phone_indexes):
        raise _invalid("/candidate", "has the same phone as the recruiter")
    pool = _pool_for(services, wanted, pair, now)
    _check_countries(pool, pair)
    claimed = _claim(services, pool, pair, _wish(wanted, pool, now), now)
    if claimed.is_new:
        log.info("session opened", session=claimed.session.id)
    return Opened(claimed.session, claimed.is_new)


def _wish(wanted: SessionRequest, pool: Pool, now: float) -> Wish:
    ttl = wanted.ttl if wanted.ttl is not None else pool.default_ttl
    return Wish(
        expires_at=expiry_after(ttl, pool, now=now),
        expiry_was_asked_for=wanted.ttl is not None,
        channels=wanted.channels,
        context=wanted.context,
    )


# --- who ------------------------------------------------------------------------------


def _find_or_register(
    services: Services, wanted: SessionRequest, asker: Asker, now: float
) -> _Pair:
    return _Pair(
        _find_or_register_one(services, Role.RECRUITER, wanted.recruiter, asker, now),
        _find_or_register_one(services, Role.CANDIDATE, wanted.candidate, asker, now),
    )


def _find_or_register_one(
    services: Services, role: Role, someone: Someone, asker: Asker, now: float
) -> Participant:
    if someone.details is not None:
        with _pointers_below(f"/{role}"):
            return _register(services, someone, someone.details, asker, now)
    person = services.store.people.get(role, someone.ref)
    if person is None:
        raise _invalid(f"/{role}", f"no {role} has this ref; send an object to create one")
    if person.status is ParticipantStatus.WITHOUT_PHONE:
        raise Conflict(f"The {role} has no phone: another candidate has taken it over.")
    return person


def _register(
    services: Services,
    someone: Someone,
    details: RecruiterDetails | CandidateDetails,
    asker: Asker,
    now: float,
) -> Participant:
    if isinstance(details, RecruiterDetails):
        return register_recruiter(
            services,
            someone.ref,
            details,
            renumber=someone.renumber,
            may_change_phone=asker.may_change_phone,
            client_id=asker.client_id,
            now=now,
        ).participant
    return register_candidate(
        services,
        someone.ref,
        details,
        take_over=someone.take_over,
        renumber=someone.renumber,
        may_change_phone=asker.may_change_phone,
        client_id=asker.client_id,
        now=now,
    ).participant


@contextmanager
def _pointers_below(place: str) -> Iterator[None]:
    """What is wrong with a participant's own body is addressed as the part of ours that it is."""
    try:
        yield
    except RelayError as error:
        error.faults = tuple(
            replace(fault, pointer=f"{place}{fault.pointer}") for fault in error.faults
        )
        raise


# --- where ----------------------------------------------------------------------------


def _pool_for(services: Services, wanted: SessionRequest, pair: _Pair, now: float) -> Pool:
    """The pool asked for; else where the pair has a session, the latest one if none is open; else
    the one pool of the candidate's country."""
    theirs = _sessions_of(services, pair)
    live = [session for session in theirs if session.is_live(now)]
    if wanted.pool is not None:
        elsewhere = tuple(session.id for session in live if session.pool != wanted.pool)
        if elsewhere:
            raise Conflict("The pair has an open session in another pool.", sessions=elsewhere)
        return _pool_named(services, wanted.pool)
    if theirs:
        latest = max(live or theirs, key=lambda session: session.created_at)
        return _pool_named(services, latest.pool)
    return _only_pool_of(services, pair.candidate.country)


def _sessions_of(services: Services, pair: _Pair) -> list[Session]:
    shared = [name for name in pair.recruiter.pools if name in pair.candidate.pools]
    return services.store.sessions.of_pair(shared, pair.recruiter.ref, pair.candidate.ref)


def _pool_named(services: Services, name: str) -> Pool:
    pool = services.store.pools.get(name)
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


def _check_countries(pool: Pool, pair: _Pair) -> None:
    faults = tuple(_unwelcome(pool, pair))
    if faults:
        raise Invalid("The pool is not for phones of every country.", faults)


def _unwelcome(pool: Pool, pair: _Pair) -> Iterator[Fault]:
    for person in (pair.recruiter, pair.candidate):
        if not pool.admits(person.country):
            yield Fault(f"/{person.role}", "the phone's country is not allowed in this pool")


# --- the claim ------------------------------------------------------------------------


def _claim(services: Services, pool: Pool, pair: _Pair, wish: Wish, now: float) -> Claimed:
    for _ in range(_ATTEMPTS):
        recruiter = enter_pool(services, Role.RECRUITER, pair.recruiter.ref, pool.name)
        candidate = enter_pool(services, Role.CANDIDATE, pair.candidate.ref, pool.name)
        outcome = services.store.sessions.claim(
            pool,
            recruiter,
            candidate,
            _with_what_is_known(services, pool, wish, recruiter, candidate),
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
            case Exhausted(reason):
                raise PoolExhausted(reason.sentence, reason=reason)
            case Outdated():
                continue
            case _:
                assert_never(outcome)
    raise Conflict("A phone of the pair is being changed; try again.", retry_after=1)


def _with_what_is_known(
    services: Services, pool: Pool, wish: Wish, recruiter: Participant, candidate: Participant
) -> Wish:
    """The wish, and what of the two people the choice of a number looks at. The area code is not
    kept: with it, the hint and the country, little would be left of a number to guess."""
    area, suppressed = "", set[str]()
    if pool.geo is Geo.AREA_CODE:
        area = area_code_of(services.vault.unseal_phone(candidate.sealed_phone).reveal())
    if Channel.SMS in wish.channels:
        for person in (recruiter, candidate):
            suppressed |= services.store.suppressions.stopped_numbers(person.phone_indexes)
    return replace(wish, area=area, suppressed=tuple(sorted(suppressed)))


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid("The session cannot be opened with these values.", (Fault(pointer, detail),))
