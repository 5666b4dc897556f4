"""Changes an open session's expiry, channels or context."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.errors import Fault, Invalid, NotFound, SessionClosed, Unavailable
from relay.domain.participant import Role
from relay.domain.pool import Pool
from relay.domain.session import Channel, Session
from relay.workflows.check_own_numbers import check_own_numbers
from relay.workflows.open_seals import NOT_BELIEVED, is_ours
from relay.workflows.services import Services
from relay.workflows.session_terms import check_context, expiry_after, expiry_at
from relay.workflows.stamp_words import stamp_context


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """What shall be different. ``ttl`` is in seconds from now, ``expires_at`` in POSIX seconds; a
    None leaves things as they are."""

    expires_at: float | None = None
    ttl: int | None = None
    channels: frozenset[Channel] | None = None
    context: str | None = None


def amend_session(
    services: Services, session_id: str, amendment: Amendment, *, client_id: str, now: float
) -> Session:
    """The session after the change. Unlike a repeated POST, this may bring an expiry forward.
    ``client_id`` is the API key's.

    Raises NotFound, Invalid, Conflict, SessionClosed, RateLimited, Unavailable.
    """
    _check_form(amendment)
    session = services.store.sessions.get(session_id)
    if session is None:
        raise NotFound("No session has this id.")
    pool = services.store.pools.get(session.pool)
    if pool is None or (session.is_live(now) and not is_ours(services, session)):
        raise Unavailable(NOT_BELIEVED)
    if amendment.context is not None:
        people = (services.store.people.get(role, session.party(role).ref) for role in Role)
        check_own_numbers(
            services,
            amendment.context,
            (person for person in people if person),
            latest=session_id,
            client_id=client_id,
        )
    amended = services.store.sessions.amend(
        session_id,
        now=now,
        expires_at=_expiry(amendment, pool, now),
        channels=amendment.channels,
        stamped_context=_context(services, session, amendment),
    )
    if amended is None:
        raise NotFound("No session has this id.")
    if not amended.is_live(now):
        raise SessionClosed("A closed session stays as it is; open a new one for the pair.")
    return amended


def _check_form(amendment: Amendment) -> None:
    if amendment == Amendment():
        raise Invalid("Nothing to change was given; name a field.")
    if amendment.ttl is not None and amendment.expires_at is not None:
        fault = Fault("/ttl", "either this or expires_at")
        raise Invalid("The expiry was given twice.", (fault,))
    if amendment.context is not None:
        check_context(amendment.context)


def _context(services: Services, session: Session, amendment: Amendment) -> str | None:
    if amendment.context is None:
        return None
    recruiter, candidate = session.recruiter.ref, session.candidate.ref
    return stamp_context(services, amendment.context, recruiter=recruiter, candidate=candidate)


def _expiry(amendment: Amendment, pool: Pool, now: float) -> int | None:
    if amendment.ttl is not None:
        return expiry_after(amendment.ttl, pool, now=now)
    if amendment.expires_at is not None:
        return expiry_at(amendment.expires_at, pool, now=now)
    return None
