"""Gives a recruiter-candidate pair its virtual number, or the session that it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

import structlog

from relay.domain.errors import (
    BeingChanged,
    Conflict,
    Fault,
    Invalid,
    PhoneTaken,
    PoolExhausted,
    RelayError,
)
from relay.domain.participant import Participant, Role
from relay.domain.phone import area_code_of
from relay.domain.pool import Geo, Pool
from relay.domain.session import Session, pool_of
from relay.store.claims import (
    Claimed,
    ClaimRequest,
    Elsewhere,
    Exhausted,
    Given,
    Held,
    Incapable,
    OtherPhone,
    Outdated,
    Pair,
    Refused,
    SamePhone,
)
from relay.workflows.change_phone import HELD_BY_ANOTHER
from relay.workflows.check_own_numbers import check_own_numbers
from relay.workflows.draw_up_side import (
    SessionRequest,
    draw_up_side,
    give_other_phone,
    not_a_session,
)
from relay.workflows.open_seals import open_phone_of
from relay.workflows.services import Services
from relay.workflows.session_terms import check_context, expiry_after
from relay.workflows.stamp_words import stamp_context

log = structlog.get_logger()

#: How often a pair that others change at the same time is looked at again.
_ATTEMPTS = 4


@dataclass(frozen=True)
class Opened:
    session: Session
    is_new: bool


def open_session(
    services: Services, wanted: SessionRequest, *, client_id: str, now: float
) -> Opened:
    """The pair's open session, or a new one. The open one follows the request (``docs/api.md``).
    ``client_id`` is the API key's; one that names phones may register people.

    Those come on record in the same step as the session, or not at all. Only somebody who is on
    record with another phone gets the new one before, when the session has been found possible.

    Raises Invalid, Conflict, PoolExhausted, RateLimited, Unavailable.
    """
    check_context(wanted.context or "")
    for _ in range(_ATTEMPTS):
        claimed = _claim(services, wanted, client_id, now)
        if isinstance(claimed, Claimed):
            _note_given(services, wanted)
            if claimed.is_new:
                log.info("session opened", session=claimed.session.id)
            return Opened(claimed.session, claimed.is_new)
        if claimed is not None:
            wanted = give_other_phone(services, wanted, claimed.person, now)
    raise BeingChanged("The pair is being changed by others; try again.")


def _note_given(services: Services, wanted: SessionRequest) -> None:
    """After the claim: the people's other sessions follow what is new of them."""
    for role in Role:
        someone = wanted.someone(role)
        if someone.details is not None:
            services.store.people.refresh_party(role, someone.ref)
            log.info("participant registered", role=role, ref=someone.ref)


# --- where ----------------------------------------------------------------------------


def _pool_for(services: Services, wanted: SessionRequest, pair: Pair, country: str) -> Pool:
    """The pool asked for; else where the pair has or last had a session; else the one pool of the
    candidate's country."""
    if wanted.pool is not None:
        return _known(pair.pool)
    if pair.latest and (latest := services.store.pools.get(pool_of(pair.latest))):
        return latest
    return _only_pool_of(services, country)


def _known(pool: Pool | None) -> Pool:
    if pool is None:
        raise not_a_session("/pool", "no pool has this name")
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
) -> Claimed | Given | None:
    """Somebody who is given is to get their phone first. None when the pair was changed by others
    meanwhile, and is to be looked at again."""
    pair = services.store.sessions.look_at_pair(
        wanted.recruiter.ref, wanted.candidate.ref, pool=wanted.pool
    )
    sides = {
        Role.RECRUITER: draw_up_side(services, wanted, Role.RECRUITER, pair.recruiter),
        Role.CANDIDATE: draw_up_side(services, wanted, Role.CANDIDATE, pair.candidate),
    }
    given = {role: side for role, side in sides.items() if isinstance(side, Given)}
    recruiter, candidate = (
        side.person if isinstance(side, Given) else side for side in sides.values()
    )
    check_own_numbers(
        services,
        wanted.context or "",
        (recruiter, candidate),
        latest=pair.latest,
        client_id=client_id,
    )
    pool = _pool_for(services, wanted, pair, candidate.country)
    _check_countries(pool, recruiter, candidate)
    request = replace(
        _request(services, wanted, pool, now),
        area=_area(services, pool, candidate),
        latest=pair.latest,
        given=tuple(given.values()),
        client=client_id,
    )
    outcome = services.store.sessions.claim(
        pool.name,
        recruiter,
        candidate,
        request,
        now=now,
        retention=services.settings.record_retention,
    )
    if isinstance(outcome, OtherPhone):
        return given[outcome.role]
    return _claimed(outcome, wanted)


def _claimed(
    outcome: Claimed | Elsewhere | Outdated | Refused, wanted: SessionRequest
) -> Claimed | None:
    """None for a pair that is to be looked at again; raises what it was refused for."""
    match outcome:
        case Claimed():
            return outcome
        case Elsewhere(session) if wanted.pool is not None:
            raise Conflict(
                "The pair has an open session in another pool.",
                code="pair_in_another_pool",
                sessions=(session.id,),
            )
        case Elsewhere() | Outdated():
            return None
        case _:
            raise _error_of(outcome)


def _error_of(outcome: Refused) -> RelayError:
    match outcome:
        case Incapable(session):
            return Conflict(
                "The number of the pair's open session cannot carry these channels.",
                code="channel_not_carried",
                sessions=(session.id,),
            )
        case SamePhone():
            return not_a_session("/candidate", "has the same phone as the recruiter")
        case Exhausted(reason, free):
            others = f"{free} are free for new pairs." if free else "None is free for new pairs."
            return PoolExhausted(
                f"{reason.sentence} {others}", reason=reason, free_for_new_pairs=free
            )
        case Held():
            return PhoneTaken(HELD_BY_ANOTHER)
        case _:
            assert_never(outcome)


def _request(services: Services, wanted: SessionRequest, pool: Pool, now: float) -> ClaimRequest:
    ttl = wanted.ttl if wanted.ttl is not None else pool.default_ttl
    refs = {"recruiter": wanted.recruiter.ref, "candidate": wanted.candidate.ref}
    context = wanted.context
    return ClaimRequest(
        expires_at=expiry_after(ttl, pool, now=now),
        expiry_was_asked_for=wanted.ttl is not None,
        channels=wanted.channels,
        stamped_context=None if context is None else stamp_context(services, context, **refs),
        take_over=wanted.candidate.take_over,
    )


def _area(services: Services, pool: Pool, candidate: Participant) -> str:
    """The candidate's area code, for a pool that looks at it. It is not kept: with it, the hint and
    the country, little would be left of a number to guess. Raises Conflict for a phone that cannot
    be opened."""
    if pool.geo is not Geo.AREA_CODE:
        return ""
    return area_code_of(open_phone_of(services, candidate).reveal())
