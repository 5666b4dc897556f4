"""Lists calls and messages, the latest first: of a session, or of the whole board by whom they
connect, by number, kind, status and time.

Each page is bounded work: the index is looked through in steps, and a page that has not been filled
after the last of them goes on where that ended. Of a person with few sessions these are looked
through, of all others everybody's; both are in one order, and go on from each other's places.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from relay.domain.call_progress import CallStatus
from relay.domain.errors import NotFound
from relay.domain.interaction import Interaction, InteractionKind
from relay.domain.message_progress import MessageStatus
from relay.domain.participant import Role
from relay.domain.phone import sought_virtual_number
from relay.domain.session import Session
from relay.store.interactions import Interactions, Place, Span
from relay.workflows.read_interactions import read_interactions
from relay.workflows.services import Services

#: Lines of the index in one step where not all are wanted, and steps for one page.
_STEP = 250
_MOST_STEPS = 20
#: So many sessions of a person are looked through one by one.
_FEW_SESSIONS = 100

Look = Callable[[Span, int], list[Place]]


@dataclass(frozen=True, kw_only=True)
class InteractionFilter:
    """``since`` is included, ``until`` is not; both are whole POSIX seconds."""

    since: int | None = None
    until: int | None = None
    kind: InteractionKind | None = None
    status: CallStatus | MessageStatus | None = None
    recruiter: str | None = None
    candidate: str | None = None
    number: str | None = None

    @property
    def wants_all(self) -> bool:
        """Whatever began in its time."""
        return self == InteractionFilter(since=self.since, until=self.until)

    def may_admit(self, place: Place, session: Session) -> bool:
        """Before the record is read."""
        return (
            self.recruiter in {None, session.recruiter.ref}
            and self.candidate in {None, session.candidate.ref}
            and (self.kind is None or (self.kind is InteractionKind.CALL) == place.is_call)
        )

    def admits(self, interaction: Interaction) -> bool:
        return (
            self.recruiter in {None, interaction.recruiter}
            and self.candidate in {None, interaction.candidate}
            and self.number in {None, interaction.virtual_number}
            and self.status in {None, interaction.status}
        )


@dataclass(frozen=True)
class InteractionPage:
    """``last`` is where the next page goes on from; None when there is none."""

    interactions: list[Interaction]
    last: Place | None


def list_session_interactions(
    services: Services, session_id: str, *, before: Place | None, limit: int
) -> InteractionPage:
    """Raises NotFound for an unknown session, Unavailable."""
    if services.store.sessions.get(session_id) is None:
        raise NotFound("No session has this id.")
    look = _look_in(services, [session_id])
    return _page(services, InteractionFilter(), look, before=before, limit=limit)


def list_interactions(
    services: Services, wanted: InteractionFilter, *, before: Place | None, limit: int
) -> InteractionPage:
    """At most ``limit``; fewer than that do not mean that there are no more. Nothing is found of
    somebody by a ref under which they were erased. Raises Unavailable."""
    if wanted.number is not None:
        wanted = replace(wanted, number=sought_virtual_number(wanted.number))
    people = _people_in(wanted)
    if len(services.store.people.known_since(people)) < len(people):
        return InteractionPage([], None)
    look = _look_in(services, _few_sessions(services, people))
    return _page(services, wanted, look, before=before, limit=limit)


def _people_in(wanted: InteractionFilter) -> list[tuple[Role, str]]:
    refs = {Role.CANDIDATE: wanted.candidate, Role.RECRUITER: wanted.recruiter}
    return [(role, ref) for role, ref in refs.items() if ref is not None]


def _few_sessions(services: Services, people: list[tuple[Role, str]]) -> list[str] | None:
    """Ids of all the sessions that one of the people has, where these are few; else None."""
    for role, ref in people:
        sessions = services.store.sessions.few_of(role, ref, most=_FEW_SESSIONS)
        if sessions is not None:
            return [session.id for session in sessions]
    return None


def _look_in(services: Services, sessions: list[str] | None) -> Look:
    index = Interactions(services.store.client, services.store.keys)
    if sessions is None:
        return lambda span, count: index.of_board(span, count=count)
    return lambda span, count: index.of_sessions(sessions, span, count=count)


def _page(
    services: Services, wanted: InteractionFilter, look: Look, *, before: Place | None, limit: int
) -> InteractionPage:
    count = limit + 1 if wanted.wants_all else max(limit + 1, _STEP)
    found: list[Interaction] = []
    for _ in range(_MOST_STEPS):
        places = look(Span(since=wanted.since, until=wanted.until, before=before), count)
        known = read_interactions(services, places, wanted.may_admit)
        for position, place in enumerate(places, 1):
            if place in known and wanted.admits(known[place]):
                found.append(known[place])
            if len(found) == limit:
                is_last = position == len(places) < count
                return InteractionPage(found, None if is_last else place)
        if len(places) < count:
            return InteractionPage(found, None)
        before = places[-1]
    return InteractionPage(found, before)
