"""Lists sessions by whom they connect, by number and by status, a page at a time.

Of a person, the latest first. Without one, in no order: the store is gone through by its own
cursor, so that a page of a million sessions costs no more than a page of a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay.domain.participant import Role
from relay.domain.phone import sought_virtual_number
from relay.domain.session import Session, SessionStatus
from relay.workflows.services import Services

#: How often the store is asked for one page that has no person to start from, and for how many
#: sessions at least. Those beyond the page are few: their ids go into its cursor.
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
    """Where a page of the store begins: with the sessions beyond the one before,
    then at this cursor; no cursor when all have been gone through."""

    cursor: int | None = 0
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
    if wanted.virtual_number is not None:
        wanted = replace(wanted, virtual_number=sought_virtual_number(wanted.virtual_number))
    if wanted.recruiter is None and wanted.candidate is None:
        scan = start if isinstance(start, Scan) else Scan()
        return _page_of_store(services, wanted, at=scan, limit=limit, now=now)
    after = start if isinstance(start, After) else None
    return _page_of_person(services, wanted, after=after, limit=limit, now=now)


def _page_of_person(
    services: Services, wanted: SessionFilter, *, after: After | None, limit: int, now: float
) -> SessionPage:
    role, ref = Role.CANDIDATE, wanted.candidate
    if ref is None:
        role, ref = Role.RECRUITER, wanted.recruiter or ""
    theirs = services.store.sessions.of_participant(role, ref)
    found = [session for session in theirs if wanted.admits(session, now)]
    if after is not None:
        position = (-after.created_at, after.id)
        found = [session for session in found if (-session.created_at, session.id) > position]
    page = found[:limit]
    if len(found) == len(page):
        return SessionPage(page, None)
    return SessionPage(page, After(created_at=page[-1].created_at, id=page[-1].id))


def _page_of_store(
    services: Services, wanted: SessionFilter, *, at: Scan, limit: int, now: float
) -> SessionPage:
    found = services.store.sessions.of_ids(at.left_over)
    for _ in range(_MOST_STRIDES):
        if len(found) >= limit or at.cursor is None:
            break
        stride = max(limit - len(found), _SHORTEST_STRIDE)
        cursor, some = services.store.sessions.scan(at.cursor, stride)
        found.extend(session for session in some if wanted.admits(session, now))
        at = Scan(cursor=cursor or None)
    rest = tuple(session.id for session in found[limit:])
    more = replace(at, left_over=rest) if at.cursor is not None or rest else None
    return SessionPage(found[:limit], more)
