"""A job board in small: one pool, a few numbers, and people by name, for tests of the store.

A phone is a letter; its index and its sealed form are made from it, so that a test can read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import redis

from relay.domain.call_progress import caller_gone
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.domain.pool import Pool
from relay.domain.routing import Route
from relay.domain.session import Channel, ClosedReason, Session
from relay.store.calls import CallLimits, IncomingCall
from relay.store.claims import (
    Claimed,
    ClaimRequest,
    Elsewhere,
    Exhausted,
    Given,
    Incapable,
    Outdated,
)
from relay.store.people import PutOutcome
from relay.store.phone_changes import Changed, ChangeOutcome
from relay.store.store import Store
from tests.invariants import audit_pool, left_over
from tests.key_ring import marks_of

NOW = 1_790_000_000
ASKER = "a-key"
RETENTION = 1000
POOL = Pool(name="us", country="US", candidate_cooldown=100, recruiter_cooldown=50)


def number(ordinal: int) -> str:
    """A virtual one: 50 in each area from 415 on."""
    return f"+1{415 + ordinal // 50}555{150 + ordinal % 50:04d}"


def person(role: Role, ref: str, phone: str, seal: str = "1") -> Participant:
    """Somebody whose phone is ``phone``; another ``seal`` is the same phone, sealed again."""
    return Participant(
        ref=ref,
        role=role,
        status=ParticipantStatus.ACTIVE,
        sealed_phone=f"k1:{seal * 16}{phone}" if phone else "",
        phone_indexes=(phone,) if phone else (),
        index_key_ids=("k1",),
        phone_hint="+1 ••01",
        country="US",
        locale="en",
    )


def take_out(store: Store, virtual_number: str, pool: str = "us") -> str:
    """Gives a number back to the carrier, as far as the store has to do with that."""
    outcome: str = store.numbers.retire(virtual_number, pool)
    release = store.numbers.releasing(pool).get(virtual_number)
    if release is not None:
        store.numbers.note_released(release, pool, now=NOW)
    return outcome


def end_unreported_calls(store: Store, *, now: float) -> None:
    """As when the carrier, asked about calls past their leases, says that they are over."""
    gone = caller_gone(was_accepted=False, duration=None)
    for call in store.calls.of_ids(store.calls.unended.due(now=now, most=1000)):
        store.calls.advance(call.id, gone, now=now, virtual_number=call.virtual_number)


@dataclass
class Board:
    client: redis.Redis
    store: Store
    pool: Pool = POOL
    numbers: int = 3
    now: float = NOW
    _calls: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    def __post_init__(self) -> None:
        self.store.pools.put(self.pool)
        for place in range(self.numbers):
            self.add_number(place)

    def add_number(self, place: int, capabilities: str = "vs") -> None:
        self.store.numbers.add(
            number(place), self.pool.name, carrier_sid="PN", capabilities=capabilities, now=self.now
        )

    def put(self, **policy: Any) -> None:
        """Changes the pool's policy."""
        self.pool = replace(self.pool, **policy)
        self.store.pools.put(self.pool)

    def register(self, role: Role, ref: str, phone: str, seal: str = "1") -> PutOutcome:
        return self.store.people.put(person(role, ref, phone, seal), client=ASKER, now=self.now)

    def forget_guesses(self, role: Role, ref: str) -> None:
        """A day is over for who asks about this person's phone."""
        keys = self.store.keys
        self.client.delete(keys.guesses_of("phone", role, ref), keys.guesses_by("phone", ASKER))

    def register_recruiter(self, ref: str, phone: str = "") -> None:
        assert self.register(Role.RECRUITER, ref, phone or ref) is PutOutcome.CREATED

    def register_candidate(self, ref: str, phone: str = "") -> None:
        assert self.register(Role.CANDIDATE, ref, phone or ref) is PutOutcome.CREATED

    def open(self, recruiter: str, candidate: str, *, ttl: int = 1000) -> Session:
        claimed = self.claim(self.enter(recruiter, candidate), ttl=ttl)
        assert isinstance(claimed, Claimed), claimed
        return claimed.session

    def enter(self, recruiter: str, candidate: str) -> tuple[Participant, Participant]:
        """The two people as they are on record."""
        found_recruiter = self.store.people.get(Role.RECRUITER, recruiter)
        found_candidate = self.store.people.get(Role.CANDIDATE, candidate)
        assert found_recruiter is not None
        assert found_candidate is not None
        return found_recruiter, found_candidate

    def claim(
        self,
        pair: tuple[Participant, Participant],
        *,
        ttl: int = 1000,
        asked: bool = False,
        channels: frozenset[Channel] = frozenset(Channel),
        context: str = "",
        area: str = "",
        suppressed: tuple[str, ...] = (),
        pool: str = "",
        given: tuple[Given, ...] = (),
        take_over: bool = False,
    ) -> Claimed | Incapable | Exhausted | Elsewhere | Outdated:
        """``suppressed`` are numbers whose texts the candidate has stopped."""
        for virtual_number in suppressed:
            self.stop_texts(pair[1].phone_indexes[0], virtual_number)
        return self.store.sessions.claim(
            pool or self.pool.name,
            *pair,
            ClaimRequest(
                expires_at=int(self.now) + ttl,
                expiry_was_asked_for=asked,
                channels=channels,
                stamped_context=context,
                area=area,
                given=given,
                take_over=take_over,
                client=ASKER,
            ),
            now=self.now,
            retention=RETENTION,
        )

    def stop_texts(self, phone: str, virtual_number: str) -> None:
        """The phone has said STOP to the number."""
        self.client.hset(self.store.keys.stopped(phone), virtual_number, f"stopped {self.now} SM1")

    def call(self, phone: str, virtual_number: str, *, sid: str = "", lease: int = 60) -> Route:
        """``phone`` is "" for a caller who is withheld."""
        return self.store.calls.route(
            self.pool.name,
            self._incoming(phone, virtual_number, sid),
            limits=CallLimits(lease=lease, repeatable=60, retention=RETENTION),
            now=self.now,
        )

    def enter_code(
        self,
        phone: str,
        virtual_number: str,
        code: str,
        *,
        sid: str = "",
        attempt: int = 1,
        attestation: str = "B",
    ) -> Route:
        """Of a call that was asked for one."""
        call = replace(self._incoming(phone, virtual_number, sid), attestation=attestation)
        self.client.hset(self.store.keys.tries(call.sid), "asked", "en")
        return self.store.calls.enter_code(
            self.pool.name,
            call,
            code=code,
            attempt=attempt,
            limits=CallLimits(lease=60, repeatable=60, retention=RETENTION),
            now=self.now,
        )

    def _incoming(self, phone: str, virtual_number: str, sid: str) -> IncomingCall:
        sid = sid or f"CAauto{next(self._calls)}"
        return IncomingCall(
            sid=sid,
            virtual_number=virtual_number,
            caller_indexes=(phone,) if phone else (),
            attestation="B",
            marks=marks_of(sid),
        )

    def refuse_call(self, phone: str, virtual_number: str, *, sid: str) -> None:
        self.store.calls.refuse(
            self.pool.name, self._incoming(phone, virtual_number, sid), now=self.now
        )

    def close(self, session: Session, reason: ClosedReason = ClosedReason.BY_API) -> Session:
        closed = self.store.sessions.close(session.id, reason, now=self.now)
        assert closed is not None
        return closed

    def read(self, session: Session) -> Session:
        found = self.store.sessions.get(session.id)
        assert found is not None
        return found

    def change(
        self,
        role: Role,
        ref: str,
        phone: str,
        *renumber: str,
        take_over: bool = False,
        seal: str = "2",
    ) -> ChangeOutcome:
        """The sessions of ``renumber`` may get another number."""
        return self.store.phone_changes.change(
            person(role, ref, phone, seal),
            take_over=take_over,
            renumber=renumber,
            pools={pool.name: pool for pool in self.store.pools.all()},
            now=self.now,
        )

    def change_phone(self, role: Role, ref: str, phone: str, *, seal: str = "2") -> None:
        outcome = self.change(role, ref, phone, seal=seal)
        assert isinstance(outcome, Changed), outcome

    def erase(self, role: Role, ref: str) -> bool:
        return self.store.erasures.erase(role, ref, now=self.now)

    def recycle(self) -> None:
        """Everything the workers do."""
        recycling, pool = self.store.recycling, self.pool.name
        recycling.close_due(pool, now=self.now, batch=100)
        recycling.release_cooled(pool, now=self.now, batch=100, retention=RETENTION)
        recycling.purge_ended(now=self.now, batch=100)

    def wait(self, seconds: float) -> None:
        """Time passes, and the workers are quick."""
        self.now += seconds
        end_unreported_calls(self.store, now=self.now)
        self.recycle()

    def audit(self) -> dict[str, Session]:
        return audit_pool(self.client, self.pool.name)

    def make_erasures_final(self) -> None:
        """As when the files of Redis have been rewritten, and the carrier's records deleted."""
        moment = self.store.erasures.latest_pending()
        if moment:
            self.store.erasures.note_final(moment)
        for erasure in self.store.erasures.at_carrier.pending():
            self.store.erasures.at_carrier.note_done(erasure)

    def is_empty(self) -> bool:
        """Whether nothing is left in the pool but its numbers and its policy."""
        return not left_over(self.client, self.pool.name)
