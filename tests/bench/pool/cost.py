"""What a claim costs on pools of different sizes that are loaded alike, access codes on.

All pools stand in one server, and are measured in turn, so that whatever else the machine does
meets all of them. Each measured session is closed and freed at once: the load stays what it was.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import count, product
from statistics import median

from rich.progress import Progress

from relay.domain.participant import Role
from relay.domain.pool import Pool, Selection
from relay.domain.session import Channel, ClosedReason, Session
from relay.store.claims import Claimed, ClaimRequest
from relay.store.store import Store
from tests.bench.board import NOW, SEED, WEEK, script_time
from tests.bench.pool.replay import RETENTION, Crowd, pool_of, stock
from tests.bench.pool.trace import NO_COOLDOWN
from tests.bench.table import Row

#: Each less than half of the next: `_load` numbers a pool's numbers from its size on.
SIZES = (100, 1_000, 5_000)
SESSIONS_PER_NUMBER = 10
ROUNDS = 1_000


class Recruiter(Enum):
    """Whose claims are measured, and the share of the numbers the recruiter is bound on."""

    LIGHT = ("of a recruiter with 10 sessions", 0.0)
    HEAVY = ("of a recruiter on 90 % of the numbers", 0.9)
    EVERYWHERE = ("of a recruiter on every number, who shares one", 1.0)

    def __init__(self, label: str, share: float) -> None:
        self.label = label
        self.share = share


@dataclass(frozen=True)
class Loaded:
    """A pool in use. Its recruiters are those with few sessions, then the heavy ones."""

    size: int
    pool: Pool
    crowd: Crowd
    newcomers: Iterator[int]

    def recruiter(self, kind: Recruiter, rng: random.Random) -> int:
        if kind is Recruiter.LIGHT:
            return rng.randrange(self.size)
        return self.size + list(Recruiter).index(kind)


@dataclass(frozen=True)
class Case:
    recruiter: Recruiter
    selection: Selection


CASES = tuple(Case(*case) for case in product(Recruiter, Selection))


def claim_cost(
    store: Store, progress: Progress, sizes: tuple[int, ...] = SIZES, rounds: int = ROUNDS
) -> list[Row]:
    pools = [_load(store, size, progress) for size in sizes]
    rng = random.Random(SEED)
    waits: dict[tuple[Case, int], list[float]] = defaultdict(list)
    works: dict[tuple[Case, int], list[float]] = defaultdict(list)
    turns = list(product(CASES, pools))
    for _ in progress.track(range(rounds), description="a claim's cost"):
        rng.shuffle(turns)
        for case, loaded in turns:
            wait, work = _measure(store, case, loaded, rng)
            waits[case, loaded.size].append(wait)
            works[case, loaded.size].append(work)
    return [_row(case, sizes, waits, works) for case in CASES]


def _load(store: Store, size: int, progress: Progress) -> Loaded:
    policy = replace(pool_of(NO_COOLDOWN, access_codes=True), name=f"n{size}")
    stock(store, policy, size, first=size)  # no number is in two pools
    loaded = Loaded(size, policy, Crowd(store), count())
    store.pools.put(replace(policy, selection=Selection.SPREAD))
    for place in progress.track(
        range(size * SESSIONS_PER_NUMBER), description=f"{size:,} numbers", total=None
    ):
        _claim(store, loaded, place % size, next(loaded.newcomers))
    store.pools.put(policy)
    # As a pool that packs: a heavy recruiter is on the lowest numbers.
    for kind in (Recruiter.HEAVY, Recruiter.EVERYWHERE):
        recruiter = loaded.recruiter(kind, random.Random())
        for _ in range(round(size * kind.share)):
            _claim(store, loaded, recruiter, next(loaded.newcomers))
    return loaded


def _measure(store: Store, case: Case, loaded: Loaded, rng: random.Random) -> tuple[float, float]:
    """Microseconds: of the claim as its caller waits for it, and of Redis at work on it."""
    store.pools.put(replace(loaded.pool, selection=case.selection))
    recruiter, candidate = loaded.recruiter(case.recruiter, rng), next(loaded.newcomers)
    loaded.crowd.somebody(Role.CANDIDATE, candidate)
    _, before = script_time(store.client)
    start = time.perf_counter()
    session = _claim(store, loaded, recruiter, candidate)
    wait = (time.perf_counter() - start) * 1e6
    _, after = script_time(store.client)
    assert session.code_needed == (case.recruiter is Recruiter.EVERYWHERE)
    store.sessions.close(session.id, ClosedReason.BY_API, now=NOW)
    store.recycling.release_cooled(loaded.pool.name, now=NOW + 1, batch=10, retention=RETENTION)
    return wait, after - before


def _claim(store: Store, loaded: Loaded, recruiter: int, candidate: int) -> Session:
    claimed = store.sessions.claim(
        loaded.pool.name,
        loaded.crowd.somebody(Role.RECRUITER, recruiter),
        loaded.crowd.somebody(Role.CANDIDATE, candidate),
        ClaimRequest(
            expires_at=int(NOW) + WEEK,
            expiry_was_asked_for=True,
            channels=frozenset(Channel),
            stamped_context="",
        ),
        now=NOW,
        retention=RETENTION,
    )
    assert isinstance(claimed, Claimed), claimed
    return claimed.session


def _row(
    case: Case,
    sizes: tuple[int, ...],
    waits: dict[tuple[Case, int], list[float]],
    works: dict[tuple[Case, int], list[float]],
) -> Row:
    wait = [median(waits[case, size]) for size in sizes]
    work = [median(works[case, size]) for size in sizes]
    return Row(
        f"`{case.selection}`, {case.recruiter.label}",
        f"{_compared(wait)}; in Redis {_compared(work)}",
        "flat within 1.3",
        max(wait) / min(wait) <= 1.3,
    )


def _compared(times: list[float]) -> str:
    each = " / ".join(f"{microseconds:.0f}" for microseconds in times)
    return f"{each} ({max(times) / min(times):.2f})"
