"""Who may talk with whom on which number, and until when: kept by the test from what the API told
it, and never looked up in the store. Every answer of the relay is held against it.

Where the moment of a release is the worker's to choose, both answers are right: a binding that has
cooled may still be there for ``GRACE``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from relay.domain.participant import Role
from relay.domain.pool import Pool
from relay.domain.routing import AskAccessCode, Bridge, CallDecision
from relay.domain.session import Session

#: A step of the month, and the lease of a call whose end nobody reported; in seconds.
GRACE = 4 * 3600


class WrongPerson(AssertionError):
    """The one thing that must never happen (P1)."""


@dataclass
class Talk:
    """A session as its board knows it."""

    id: str
    number: str
    refs: dict[Role, str]
    phones: dict[Role, str]
    code: str
    expires_at: int
    closed_at: float | None = None

    def is_open(self, now: float) -> bool:
        return self.closed_at is None and now < self.expires_at


@dataclass
class Binding:
    """A phone's on a number. ``until`` is when it has cooled; None while the talk is open."""

    talk: Talk
    role: Role
    until: float | None = None


@dataclass(frozen=True)
class Expected:
    """What the relay may do with a caller."""

    bridge: Talk | None = None
    ask: bool = False
    decline: bool = False


@dataclass
class Held:
    """A phone's bindings on a number: those that are there, and those that may be."""

    sure: list[Binding] = field(default_factory=list)
    perhaps: list[Binding] = field(default_factory=list)

    @property
    def shares_surely(self) -> bool:
        return len(self.sure) > 1

    @property
    def is_alone_surely(self) -> bool:
        return len(self.sure) + len(self.perhaps) <= 1


class Oracle:
    def __init__(self, pool: Pool) -> None:
        self._cooldowns = {
            Role.RECRUITER: pool.recruiter_cooldown,
            Role.CANDIDATE: pool.candidate_cooldown,
        }
        self.talks: dict[str, Talk] = {}
        self.open: dict[str, Talk] = {}
        self.closed: list[Talk] = []
        self._bindings: dict[tuple[str, str], list[Binding]] = defaultdict(list)
        self._codes: dict[tuple[str, str], Talk] = {}

    # --- what the board did -----------------------------------------------------------

    def opened(self, session: Session, phones: dict[Role, str]) -> Talk:
        refs = {role: session.party(role).ref for role in Role}
        talk = Talk(
            session.id,
            session.virtual_number,
            refs,
            phones,
            session.access_code,
            session.expires_at,
        )
        self.talks[talk.id] = self.open[talk.id] = talk
        self._codes[talk.number, talk.code] = talk
        for role in Role:
            self._bind(talk, role, phones[role])
        return talk

    def _bind(self, talk: Talk, role: Role, phone: str) -> None:
        """What cools of the pair's last session there passes over to this one."""
        place = self._bindings[talk.number, phone]
        place[:] = [one for one in place if one.talk.refs != talk.refs or one.role is not role]
        place.append(Binding(talk, role))

    def close(self, talk: Talk, at: float) -> None:
        if self.open.pop(talk.id, None) is None:
            return
        talk.closed_at = at
        self.closed.append(talk)
        for role in Role:
            self._cool(talk, role, talk.number, at)

    def _cool(self, talk: Talk, role: Role, number: str, at: float) -> None:
        for binding in self._bindings[number, talk.phones[role]]:
            if binding.talk is talk and binding.until is None:
                binding.until = at + self._cooldowns[role]

    def pass_time(self, now: float) -> None:
        for talk in [talk for talk in self.open.values() if not talk.is_open(now)]:
            self.close(talk, talk.expires_at)

    def moved(self, talk: Talk, role: Role, phone: str, session: Session, now: float) -> None:
        """Somebody's phone has changed; the session may have got another number by that."""
        self._cool(talk, role, talk.number, now)
        if session.virtual_number != talk.number:
            self._cool(talk, role.other, talk.number, now)
            self._renumber(talk, session)
            self._bind(talk, role.other, talk.phones[role.other])
        talk.phones[role] = phone
        self._bind(talk, role, phone)

    def renumbered(self, talk: Talk, session: Session, now: float) -> None:
        """Its number was lost, and it has another one."""
        for role in Role:
            self._cool(talk, role, talk.number, now)
        self._renumber(talk, session)
        for role in Role:
            self._bind(talk, role, talk.phones[role])

    def _renumber(self, talk: Talk, session: Session) -> None:
        talk.number, talk.code = session.virtual_number, session.access_code
        self._codes[talk.number, talk.code] = talk

    def numbers_of(self, phone: str, now: float) -> int:
        """How many numbers the phone has bindings on, open or cooling."""
        places = [number for number, of in list(self._bindings) if of == phone]
        return sum(
            bool(held.sure or held.perhaps) for held in (self.held(phone, n, now) for n in places)
        )

    # --- what the relay must answer ---------------------------------------------------

    def held(self, phone: str, number: str, now: float) -> Held:
        place = self._bindings[number, phone]
        place[:] = [b for b in place if b.until is None or now < b.until + GRACE]
        held = Held()
        for binding in place:
            is_sure = binding.until is None or now < binding.until
            (held.sure if is_sure else held.perhaps).append(binding)
        return held

    def expect_call(self, phone: str, number: str, now: float) -> Expected:
        """``phone`` is "" for a caller who withholds it."""
        held = self.held(phone, number, now) if phone else Held()
        if held.shares_surely:
            return Expected(ask=True)
        if not held.sure:
            return Expected(ask=True, decline=True)
        [binding] = held.sure
        ask = not held.is_alone_surely
        if binding.until is None:
            return Expected(bridge=binding.talk, ask=ask)
        return Expected(decline=True, ask=ask)

    def expect_code(self, number: str, code: str, now: float) -> Expected:
        talk = self._codes.get((number, code))
        if talk is None or talk.number != number:
            return Expected(ask=True, decline=True)
        if talk.is_open(now):
            return Expected(bridge=talk)
        return Expected(decline=True, ask=now >= (talk.closed_at or talk.expires_at))

    def is_code(self, number: str, code: str) -> bool:
        return (number, code) in self._codes

    def check(self, decision: CallDecision, expected: Expected, caller: Role | None) -> None:
        """``caller`` is whom the right answer takes the caller for; None: as they are bound."""
        match decision:
            case Bridge(session=session, caller=taken_for, counterpart=counterpart):
                talk = expected.bridge
                if talk is None or session.id != talk.id:
                    raise WrongPerson(f"connected by {session.id}, expected {expected}")
                if counterpart.reveal() != talk.phones[taken_for.other]:
                    raise WrongPerson(f"connected with somebody else in {session.id}")
                if caller is not None and taken_for is not caller:
                    raise WrongPerson(f"taken for the {taken_for} of {session.id}")
            case AskAccessCode():
                assert expected.ask, f"asked for a code, expected {expected}"
            case _:
                assert expected.decline, f"declined ({decision}), expected {expected}"
