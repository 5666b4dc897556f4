"""Traces of a job board: who is put through to whom, when, and for how long.

People are drawn by Zipf's law, since a few recruiters and a few candidates are in most pairs. Every
trace is the same in every run. Instants and durations are whole seconds from the trace's beginning.
"""

from __future__ import annotations

import random
from bisect import bisect
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from relay.domain.participant import Role
from relay.domain.policy import DAY
from tests.bench.board import SEED

MEAN_LIFETIME = 7 * DAY


@dataclass(frozen=True)
class Shape:
    """What a trace is like. The exponents are Zipf's: person number ``i`` of a side is drawn with a
    weight of ``i ** -exponent``."""

    recruiter_exponent: float
    candidate_exponent: float
    recruiters: int = 2_000
    candidates: int = 20_000
    days: int = 60
    pairs_a_day: int = 3_000

    @property
    def name(self) -> str:
        return f"{self.recruiter_exponent}/{self.candidate_exponent}"

    def tenth(self) -> Shape:
        """The same board with a tenth of the people and of the pairs."""
        return Shape(
            self.recruiter_exponent,
            self.candidate_exponent,
            self.recruiters // 10,
            self.candidates // 10,
            self.days,
            self.pairs_a_day // 10,
        )


SHAPES = (Shape(0.5, 0.3), Shape(0.8, 0.6), Shape(0.8, 0.8))


@dataclass(frozen=True)
class Cooldown:
    """Seconds for which a side's binding stays reserved after its session has ended."""

    candidate: int
    recruiter: int

    @property
    def name(self) -> str:
        if self == NO_COOLDOWN:
            return "0"
        return f"{self.candidate // DAY}/{self.recruiter // DAY}"

    @property
    def longer(self) -> int:
        return max(self.candidate, self.recruiter)

    def of(self, role: Role) -> int:
        return self.recruiter if role is Role.RECRUITER else self.candidate


#: The API takes durations from one second up.
NO_COOLDOWN = Cooldown(1, 1)
COOLDOWNS = (NO_COOLDOWN, Cooldown(7 * DAY, 7 * DAY), Cooldown(90 * DAY, 30 * DAY))


@dataclass(frozen=True, slots=True)
class Pairing:
    """One session: open from ``at`` on, and no longer at ``expires_at``."""

    at: int
    recruiter: int
    candidate: int
    expires_at: int

    def person(self, role: Role) -> int:
        return self.recruiter if role is Role.RECRUITER else self.candidate


@lru_cache(maxsize=1)
def make_trace(shape: Shape) -> list[Pairing]:
    """In the order of time. So many uniform instants are a Poisson process of that many arrivals;
    a pair that is still open is drawn anew; lifetimes are exponential, a second at least."""
    rng = random.Random(f"{SEED} {shape}")
    recruiters = _Zipf(shape.recruiters, shape.recruiter_exponent, rng)
    candidates = _Zipf(shape.candidates, shape.candidate_exponent, rng)
    instants = sorted(
        rng.randrange(shape.days * DAY) for _ in range(shape.days * shape.pairs_a_day)
    )
    open_until: dict[tuple[int, int], int] = {}
    trace = []
    for at in instants:
        pair = (recruiters.draw(), candidates.draw())
        while open_until.get(pair, 0) > at:
            pair = (recruiters.draw(), candidates.draw())
        expires_at = at + max(1, round(rng.expovariate(1 / MEAN_LIFETIME)))
        open_until[pair] = expires_at
        trace.append(Pairing(at, *pair, expires_at))
    return trace


class _Zipf:
    def __init__(self, people: int, exponent: float, rng: random.Random) -> None:
        self._weights = list(accumulate(place**-exponent for place in range(1, people + 1)))
        self._rng = rng

    def draw(self) -> int:
        return bisect(self._weights, self._rng.random() * self._weights[-1])
