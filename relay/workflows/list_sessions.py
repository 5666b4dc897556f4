"""Lists sessions by whom they connect, by number and by status, a page at a time.

Of a person, the latest first. Without one, in no order: the store is gone through by its own
cursor, so that a page of a million sessions costs no more than a page of a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay.domain.participant import Role
from relay.domain.phone import PhoneNumberRefused, normalise_virtual_number
from relay.domain.session import Session, SessionStatus
from relay.workflows.services import Services

#: How often the store is asked for one page that has no person to start from, and for how many
#: sessions at least. Few of them have no place in the page: their ids go into its cursor.
_MOST_STRIDES = 50
_SHORTEST_STRIDE = 20


@dataclass(frozen=True, kw_only=True)
class SessionFilter:
    recruiter: str | None = None
    candidate: str | None = None
    status: SessionStatus | None = None
    virtual_number: str | None = None

    def admits(self, session: Session, now: float) -> bool:
        return (
            self.recruiter in {None, session.recruiter.ref}
            and self.candidate in {None, session.candidate.ref}
            and self.virtual_number in {None, session.virtual_number}
            and self.status in {None, status_at(session, now)}
        )


@dataclass(frozen=True, kw_only=True)
class After:
    """Where a page of a person's list begins: after this session."""

    created_at: int
    id: str


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Where a page of the store begins: with the sessions that had no place in the one before,
    then at this cursor of this pool; no pool when all have been gone through."""

    pool: str
    cursor: int = 0
    left_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class SessionPage:
    """``go_on`` is where the next page begins; None when there is none."""

    sessions: list[Session]
    go_on: After | Scan | None


def status_at(session: Session, now: float) -> SessionStatus:
    """Closed from its expiry on, whatever the workers have done about it (P3)."""
    return SessionStatus.OPEN if session.is_live(now) else SessionStatus.CLOSED


def list_sessions(
    services: Services, wanted: SessionFilter, *, start: After | Scan | None, limit: int, now: float
) -> SessionPage:
    """At most ``limit`` sessions; fewer than that do not mean that there are no more.

    A ``start`` that belongs to the other kind of list begins anew. Raises Unavailable.
    """
    pools = services.store.pools.names()
    if wanted.virtual_number is not None:
        wanted = replace(wanted, virtual_number=_normalise(wanted.virtual_number))
        pool = services.store.numbers.pool_of(wanted.virtual_number or "")
        pools = [pool] if pool else []
    if wanted.recruiter is None and wanted.candidate is None:
        scan = start if isinstance(start, Scan) else Scan(pool=_pool_after("", pools))
        return _page_of_store(services, wanted, pools, at=scan, limit=limit, now=now)
    after = start if isinstance(start, After) else None
    return _page_of_person(services, wanted, pools, after=after, limit=limit, now=now)


def _normalise(number: str) -> str:
    try:
        return normalise_virtual_number(number)
    except PhoneNumberRefused:
        return ""


def _page_of_person(
    services: Services,
    wanted: SessionFilter,
    pools: list[str],
    *,
    after: After | None,
    limit: int,
    now: float,
) -> SessionPage:
    role, ref = Role.CANDIDATE, wanted.candidate
    if ref is None:
        role, ref = Role.RECRUITER, wanted.recruiter or ""
    found = [
        session
        for pool in pools
        for session in services.store.sessions.of_participant(pool, role, ref)
        if wanted.admits(session, now)
    ]
    found.sort(key=_latest_first)
    if after is not None:
        place = (-after.created_at, after.id)
        found = [session for session in found if _latest_first(session) > place]
    page = found[:limit]
    if len(found) == len(page):
        return SessionPage(page, None)
    return SessionPage(page, After(created_at=page[-1].created_at, id=page[-1].id))


def _latest_first(session: Session) -> tuple[int, str]:
    return (-session.created_at, session.id)


def _page_of_store(
    services: Services,
    wanted: SessionFilter,
    pools: list[str],
    *,
    at: Scan,
    limit: int,
    now: float,
) -> SessionPage:
    sessions = services.store.sessions
    found = [session for left in at.left_over if (session := sessions.get(left))]
    for _ in range(_MOST_STRIDES):
        if len(found) >= limit or not at.pool:
            break
        stride = max(limit - len(found), _SHORTEST_STRIDE)
        cursor, some = sessions.scan(at.pool, at.cursor, stride)
        found.extend(session for session in some if wanted.admits(session, now))
        next_pool = at.pool if cursor else _pool_after(at.pool, pools)
        at = Scan(pool=next_pool, cursor=cursor)
    rest = tuple(session.id for session in found[limit:])
    more = replace(at, left_over=rest) if at.pool or rest else None
    return SessionPage(found[:limit], more)


def _pool_after(name: str, pools: list[str]) -> str:
    """The next one in the order of names; no name after the last."""
    return min((pool for pool in pools if pool > name), default="")
