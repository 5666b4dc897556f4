"""A trace replayed through the store, with a clock of its own.

Each pairing is a claim at its instant; every ten simulated minutes the pool is recycled as a worker
would do it, so a binding may stay up to ten minutes longer than the bounds count it.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

from relay.domain.participant import Participant, Role
from relay.domain.policy import DAY
from relay.domain.pool import Pool
from relay.domain.session import Channel, Session
from relay.store.claims import Claimed, ClaimRequest, Exhausted
from relay.store.store import Store
from relay.workflows.recycle import BATCH
from tests.bench.board import NOW, SEED, begin_day, virtual_number
from tests.bench.pool.trace import Cooldown, Pairing
from tests.board import person

STEP = 600
#: As in production (`RECORD_RETENTION`): no record is forgotten before the trace ends.
RETENTION = 90 * DAY
#: A recruiter dials after so many claims.
DIALS_EVERY = 10
#: Claims between two reports of progress.
_REPORT_EVERY = 500


@dataclass(frozen=True)
class Replayed:
    """``numbers`` is the highest ordinal used, plus one. ``dials`` are counted in the trace's
    second half, when the pool is loaded; ``misjudged`` are those, of all, for which the store and
    our own books disagree about the code."""

    claims: int
    numbers: int
    refusals: int
    dials: int
    dials_with_code: int
    misjudged: int

    @property
    def code_share(self) -> float:
        return self.dials_with_code / max(self.dials, 1)


def pool_of(cooldown: Cooldown, *, access_codes: bool) -> Pool:
    return Pool(
        name="us",
        country="US",
        candidate_cooldown=cooldown.candidate,
        recruiter_cooldown=cooldown.recruiter,
        access_codes=access_codes,
    )


def stock(store: Store, pool: Pool, numbers: int, *, first: int = 0) -> None:
    store.pools.put(pool)
    for place in range(first, first + numbers):
        store.numbers.add(
            virtual_number(place), pool.name, carrier_sid="PN", capabilities="vsm", now=NOW
        )


def replay(
    store: Store,
    pool: Pool,
    trace: list[Pairing],
    advance: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """On a pool that ``stock`` has filled. ``advance`` is told of each few hundred claims done.
    Recruiters dial when the pool has access codes."""
    books, crowd = _Books(pool), Crowd(store)
    rng = random.Random(SEED)
    half_time = trace[len(trace) // 2].at
    numbers = refusals = misjudged = 0
    dials: Counter[bool] = Counter()
    recycled_at = 0
    for place, pairing in enumerate(trace):
        while recycled_at + STEP <= pairing.at:
            recycled_at += STEP
            _recycle(store, pool, NOW + recycled_at)
            books.recycle(NOW + recycled_at)
        session = _claim(store, crowd, pool, pairing)
        if session is None:
            refusals += 1
            continue
        numbers = max(numbers, session.ordinal + 1)
        if pool.access_codes:
            books.open(session)
            if place % DIALS_EVERY == 0:
                dialled = books.draw(rng, NOW + pairing.at)
                needs_code = _needs_code(store, dialled)
                misjudged += needs_code != books.needs_code(dialled)
                dials[needs_code] += pairing.at >= half_time
        if place % _REPORT_EVERY == _REPORT_EVERY - 1:
            advance(_REPORT_EVERY)
    advance(len(trace) % _REPORT_EVERY)
    return Replayed(
        claims=len(trace),
        numbers=numbers,
        refusals=refusals,
        dials=dials.total(),
        dials_with_code=dials[True],
        misjudged=misjudged,
    )


def _claim(store: Store, crowd: Crowd, pool: Pool, pairing: Pairing) -> Session | None:
    answer = store.sessions.claim(
        pool.name,
        crowd.somebody(Role.RECRUITER, pairing.recruiter),
        crowd.somebody(Role.CANDIDATE, pairing.candidate),
        ClaimRequest(
            expires_at=int(NOW) + pairing.expires_at,
            expiry_was_asked_for=True,
            channels=_CHANNELS,
            stamped_context="",
        ),
        now=NOW + pairing.at,
        retention=RETENTION,
    )
    match answer:
        case Claimed(session, is_new=True):
            return session
        case Exhausted():
            return None
        case _:
            # The trace opens no pair twice at once, and nobody's phone changes.
            raise AssertionError(answer)


_CHANNELS = frozenset(Channel)


class Crowd:
    """People by their ordinal, each put on record when first met."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._met: dict[tuple[Role, int], Participant] = {}

    def somebody(self, role: Role, ordinal: int) -> Participant:
        if (role, ordinal) not in self._met:
            name = f"{role[0]}{ordinal}"
            self._met[role, ordinal] = person(role, name, name)
            self._store.people.put(self._met[role, ordinal], client="bench", now=NOW)
        begin_day(self._store, self._met[role, ordinal])
        return self._met[role, ordinal]


def _needs_code(store: Store, session: Session) -> bool:
    found = store.sessions.get(session.id)
    assert found is not None
    return found.code_needed


def _recycle(store: Store, pool: Pool, now: float) -> None:
    while store.recycling.close_due(pool.name, now=now, batch=BATCH)[0] == BATCH:
        pass
    while (
        store.recycling.release_cooled(pool.name, now=now, batch=BATCH, retention=RETENTION)
        == BATCH
    ):
        pass


class _Books:
    """What the store should say: who is bound where, by nothing but the sessions it gave out."""

    def __init__(self, pool: Pool) -> None:
        self._cooldown = pool.recruiter_cooldown
        self._open: list[Session] = []
        self._bound: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
        self._releases: list[tuple[float, tuple[str, int], str]] = []

    def open(self, session: Session) -> None:
        self._open.append(session)
        where = (session.recruiter.ref, session.ordinal)
        until = session.expires_at + self._cooldown
        # A pair that comes back takes its cooling binding over.
        self._bound[where][session.candidate.ref] = until
        heappush(self._releases, (until, where, session.candidate.ref))

    def recycle(self, now: float) -> None:
        while self._releases and self._releases[0][0] <= now:
            until, where, candidate = heappop(self._releases)
            if self._bound[where].get(candidate) == until:
                del self._bound[where][candidate]

    def needs_code(self, session: Session) -> bool:
        return len(self._bound[session.recruiter.ref, session.ordinal]) > 1

    def draw(self, rng: random.Random, now: float) -> Session:
        """Any session that is open now, each as likely. The trace's latest is always open."""
        while True:
            place = rng.randrange(len(self._open))
            session = self._open[place]
            if now < session.expires_at:
                return session
            self._open[place] = self._open[-1]
            self._open.pop()
