"""Anything in any order, against a model simple enough to be right.

The model knows only what people were promised: with whom each (virtual number, phone) was last
connected, and until when nobody else may be reached there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from relay.domain.participant import Role
from relay.domain.pool import Pool
from relay.domain.routing import Route, RouteState
from relay.domain.session import ClosedReason, Session
from relay.store.claims import Claimed, Exhausted
from relay.store.keys import PoolKeys
from relay.store.people import PutOutcome
from relay.store.phone_changes import Changed, Held, InTheWay
from relay.store.store import Store
from tests.board import RETENTION, Board, number
from tests.fake_redis import real_redis
from tests.invariants import audit_people, audit_pool, audit_under_keys
from tests.key_ring import SIGNER

#: For a busy machine: what hypothesis says of a timeout leads astray.
pytestmark = [pytest.mark.slow, pytest.mark.real_redis, pytest.mark.timeout(400)]

RECRUITERS = ["r0", "r1", "r2"]
CANDIDATES = ["c0", "c1", "c2"]
PHONES = [f"p{i}" for i in range(8)]
#: So few that recruiters share them by access codes.
NUMBERS = 3
#: So few that numbers are full at times.
MOST_SESSIONS = 3
COOLDOWNS = {Role.RECRUITER: 30, Role.CANDIDATE: 60}
POOL = Pool(
    name="us",
    country="US",
    recruiter_cooldown=COOLDOWNS[Role.RECRUITER],
    candidate_cooldown=COOLDOWNS[Role.CANDIDATE],
    max_sessions_per_number=MOST_SESSIONS,
)
LEASE = 40

people = st.one_of(
    st.tuples(st.just(Role.RECRUITER), st.sampled_from(RECRUITERS)),
    st.tuples(st.just(Role.CANDIDATE), st.sampled_from(CANDIDATES)),
)


@dataclass
class Known:
    """A session as its two people know it."""

    session_id: str
    refs: dict[Role, str]
    phones: dict[Role, str]
    number: str
    expires_at: float
    is_open: bool = True


@dataclass
class Promise:
    """Until then, this phone reaches this person on this number, or nobody; but that a recruiter
    reaches others by their codes."""

    counterpart: str
    role: Role
    until: float


@dataclass
class Call:
    """In progress, as far as anybody knows, until then."""

    number: str
    phones: tuple[str, ...]
    until: float


class Relay(RuleBasedStateMachine):
    #: A server of its own, which is much faster than fakeredis.
    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        client = real_redis(self.url)
        client.flushall()
        self.board = Board(client, Store(client, SIGNER), pool=POOL, numbers=NUMBERS)
        self.known: dict[str, Known] = {}
        self.promises: dict[tuple[str, str], list[Promise]] = {}
        self.calls: list[Call] = []
        self.seals = 0

    @initialize()
    def everybody_registers(self) -> None:
        for ref, phone in zip([*RECRUITERS, *CANDIDATES], PHONES, strict=False):
            role = Role.RECRUITER if ref in RECRUITERS else Role.CANDIDATE
            self.board.register(role, ref, phone)

    # --- the model --------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.board.now

    def is_live(self, known: Known) -> bool:
        return known.is_open and self.now < known.expires_at

    def live(self) -> list[Known]:
        return [known for known in self.known.values() if self.is_live(known)]

    def promise(self, known: Known, role: Role, since: float) -> None:
        """The cooldown of one side begins."""
        self.promises.setdefault((known.number, known.phones[role]), []).append(
            Promise(known.refs[role.other], role, since + COOLDOWNS[role])
        )

    def promised(self, virtual_number: str, phone: str) -> list[Promise]:
        return [p for p in self.promises.get((virtual_number, phone), []) if self.now < p.until]

    def end(self, known: Known, at: float) -> None:
        known.is_open = False
        for role in Role:
            self.promise(known, role, at)

    def notice_expiries(self) -> None:
        for known in self.known.values():
            if known.is_open and known.expires_at <= self.now:
                self.end(known, known.expires_at)

    def assert_promises_kept(
        self, virtual_number: str, phone: str, role: Role, counterpart: str
    ) -> None:
        for promise in self.promised(virtual_number, phone):
            by_code = role is Role.RECRUITER and promise.role is Role.RECRUITER
            assert by_code or promise.counterpart == counterpart, "a late call reaches a stranger"

    def take(self, session: Session) -> None:
        """A session as the store has it now."""
        self.known[session.id] = Known(
            session_id=session.id,
            refs={role: session.party(role).ref for role in Role},
            phones={role: session.party(role).phone_index for role in Role},
            number=session.virtual_number,
            expires_at=session.expires_at,
        )

    # --- what may happen --------------------------------------------------------------

    @rule(seconds=st.integers(min_value=1, max_value=50))
    def time_passes(self, seconds: int) -> None:
        self.board.now += seconds
        self.notice_expiries()

    @rule()
    def the_workers_tidy_up(self) -> None:
        self.board.recycle()

    @rule(
        recruiter=st.sampled_from(RECRUITERS),
        candidate=st.sampled_from(CANDIDATES),
        ttl=st.sampled_from([5, 20, 500]),
    )
    def a_pair_asks_for_a_number(self, recruiter: str, candidate: str, ttl: int) -> None:
        refs = {Role.RECRUITER: recruiter, Role.CANDIDATE: candidate}
        theirs = [known for known in self.live() if known.refs == refs]
        pair = self.board.enter(recruiter, candidate)
        match self.board.claim(pair, ttl=ttl):
            case Claimed(session, is_new=False):
                assert [known.session_id for known in theirs] == [session.id]
            case Claimed(session):
                assert not theirs
                for one, other in (pair, pair[::-1]):
                    self.assert_promises_kept(
                        session.virtual_number, one.phone_indexes[0], one.role, other.ref
                    )
                self.take(session)
            case Exhausted():
                assert not theirs
            case _:
                assert pair[0].phone_indexes[:1] == pair[1].phone_indexes[:1] or not all(
                    one.phone_indexes for one in pair
                )

    @rule(phone=st.sampled_from(PHONES), place=st.integers(0, NUMBERS - 1))
    def somebody_calls(self, phone: str, place: int) -> None:
        """P1 and P3: who is connected, and that nobody else is."""
        route = self.board.call(phone, number(place), lease=LEASE)
        expected = [
            (known, role)
            for known in self.live()
            for role in Role
            if (known.number, known.phones[role]) == (number(place), phone)
        ]
        if route.state is RouteState.CONNECT:
            ((known, role),) = expected
            self.assert_connected(route, known, role)
            others = {p.counterpart for p in self.promised(number(place), phone)}
            assert others <= {known.refs[role.other]}, "who has several sessions is asked"
        elif route.state is RouteState.SEVERAL:
            self.assert_only_a_recruiter_is_asked(number(place), phone)
            for known, role in expected:
                code = self.board.store.sessions.get(known.session_id).access_code
                self.assert_connected(
                    self.board.enter_code(phone, number(place), code), known, role
                )
        else:
            assert not expected

    def assert_connected(self, route: Route, known: Known, role: Role) -> None:
        assert route.state is RouteState.CONNECT
        assert route.session is not None
        assert route.session.id == known.session_id
        assert route.seals.of(role.other).endswith(known.phones[role.other])
        self.calls.append(Call(known.number, tuple(known.phones.values()), self.now + LEASE))

    def assert_only_a_recruiter_is_asked(self, virtual_number: str, phone: str) -> None:
        for promise in self.promised(virtual_number, phone):
            assert promise.role is Role.RECRUITER
        for known in self.live():
            assert (known.number, known.phones[Role.CANDIDATE]) != (virtual_number, phone)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def a_code_is_entered_from_any_phone(self, data: st.DataObject) -> None:
        """P1: it leads to its own pair or to nobody, however long ago it was given."""
        known = data.draw(st.sampled_from(sorted(self.known.values(), key=lambda k: k.session_id)))
        session = self.board.store.sessions.get(known.session_id)
        if session is None:
            return
        route = self.board.enter_code("", session.virtual_number, session.access_code)
        if route.state is RouteState.CONNECT:
            assert route.session is not None
            assert {role: route.session.party(role).ref for role in Role} == known.refs
            assert route.session.is_live(self.now)
            phones = tuple(route.session.party(role).phone_index for role in Role)
            self.calls.append(Call(session.virtual_number, phones, self.now + 60))
        else:
            assert not self.is_live(known) or route.state is RouteState.TRIED_OUT

    @precondition(lambda self: self.live())
    @rule(data=st.data(), reason=st.sampled_from([ClosedReason.BY_API, ClosedReason.BLOCKED]))
    def a_session_is_closed(self, data: st.DataObject, reason: ClosedReason) -> None:
        known = data.draw(st.sampled_from(self.live()))
        session = self.board.store.sessions.close(known.session_id, reason, now=self.now)
        assert session is not None
        self.end(known, self.now)

    # --- people change ----------------------------------------------------------------

    @rule(
        who=people,
        phone=st.sampled_from(PHONES),
        renumber=st.booleans(),
        take_over=st.booleans(),
    )
    def somebody_changes_their_phone(
        self, who: tuple[Role, str], phone: str, renumber: bool, take_over: bool
    ) -> None:
        role, ref = who
        found = self.board.store.people.get(role, ref)
        if found is not None and phone in found.phone_indexes:
            return
        self.seals += 1
        seal = chr(ord("a") + self.seals % 26)
        loser = self.board.client.get(self.board.store.keys.holder(phone))
        before = audit_pool(self.board.client, "us")
        outcome = self.board.change(role, ref, phone, take_over=take_over, seal=seal)
        if renumber and isinstance(outcome, InTheWay):
            assert audit_pool(self.board.client, "us") == before
            outcome = self.board.change(
                role, ref, phone, *outcome.session_ids, take_over=take_over, seal=seal
            )
        if not isinstance(outcome, Changed):
            assert audit_pool(self.board.client, "us") == before
            assert take_over or not isinstance(outcome, Held) or loser
            return
        if role is Role.CANDIDATE and loser and loser != ref:
            self.end_all_of(Role.CANDIDATE, loser)
        self.follow(role, ref, phone)

    def end_all_of(self, role: Role, ref: str) -> None:
        for known in self.live():
            if known.refs[role] == ref:
                self.end(known, self.now)

    def follow(self, role: Role, ref: str, phone: str) -> None:
        """The model's part of a phone change."""
        for known in self.live():
            if known.refs[role] != ref:
                continue
            session = self.board.store.sessions.get(known.session_id)
            assert session is not None
            self.promise(known, role, self.now)
            if session.virtual_number != known.number:
                self.promise(known, role.other, self.now)
            known.phones[role], known.number = phone, session.virtual_number
            for side in Role:
                self.assert_promises_kept(
                    known.number, known.phones[side], side, known.refs[side.other]
                )

    @rule(who=people, phone=st.sampled_from(PHONES))
    def somebody_is_erased_and_comes_back(self, who: tuple[Role, str], phone: str) -> None:
        role, ref = who
        self.board.erase(role, ref)
        self.end_all_of(role, ref)
        self.calls = []  # what was decided for them is taken back, and others' calls are unharmed
        self.board.forget_guesses(role, ref)  # by Redis's clock all of it is one day
        if self.board.register(role, ref, phone) is PutOutcome.HELD:
            self.seals += 1
            self.board.register(role, ref, f"own{self.seals}")

    # --- always -----------------------------------------------------------------------

    @invariant()
    def the_pool_is_consistent(self) -> None:
        audit_pool(self.board.client, "us")

    @invariant()
    def what_is_under_each_key_is_counted(self) -> None:
        audit_under_keys(self.board.client)

    @invariant()
    def no_number_carries_more_than_it_may(self) -> None:
        carried = self.board.client.zrange(PoolKeys("main", "us").busy, 0, -1, withscores=True)
        assert all(sessions <= MOST_SESSIONS for _, sessions in carried)

    @invariant()
    def live_sessions_are_as_promised(self) -> None:
        """What the model has live is open in the store, on its number, with its people."""
        for known in self.live():
            session = self.board.store.sessions.get(known.session_id)
            assert session is not None
            assert session.is_live(self.now)
            assert session.virtual_number == known.number
            assert {role: session.party(role).phone_index for role in Role} == known.phones

    @invariant()
    def p5_a_call_in_progress_keeps_its_pair(self) -> None:
        self.calls = [call for call in self.calls if self.now < call.until]
        for call in self.calls:
            for phone in call.phones:
                assert self.board.client.hexists(PoolKeys("main", "us").phone(phone), call.number)

    def teardown(self) -> None:
        """When everything has ended, nothing is left."""
        audit_people(self.board.client, self.board.store, ["us"], self.now)
        for _ in range(6):
            self.board.wait(10 * RETENTION)
        assert self.board.audit() == {}
        assert self.board.is_empty()
        self.board.client.close()


@pytest.fixture(autouse=True)
def server(real_redis_url: str) -> None:
    Relay.url = real_redis_url


class TestP1NeverTheWrongPersonP3ExpiredMeansClosed(Relay.TestCase):
    settings = settings(
        max_examples=60,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
