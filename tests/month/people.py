"""The board's people. Their numbers are fictional, in areas from which the simulated carrier does
not sell."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

AREAS = (
    *("201", "203", "205", "207", "208", "210", "214", "217", "218", "219"),
    *("220", "223", "224", "225", "227", "228", "229", "231", "234", "235"),
)
_LINES = 50
T = TypeVar("T")


@dataclass
class Recruiter:
    """``mobile`` is a phone that we have not on record."""

    ref: str
    phone: str
    mobile: str


@dataclass
class Candidate:
    ref: str
    phone: str


class People:
    """Recruiters and candidates, some busier than others (Zipf's law).

    Some recruiters show one switchboard, and some of the least busy look for a job themselves: a
    recruiter who is on every number already could be a candidate on none, however many codes.
    """

    def __init__(self, chance: random.Random, *, recruiters: int, candidates: int) -> None:
        self._chance = chance
        self._unused = [f"+1{area}55501{line:02d}" for area in AREAS for line in range(_LINES)]
        chance.shuffle(self._unused)
        self.strangers = [self.new_phone() for _ in range(10)]
        self.recruiters = [
            Recruiter(f"recruiter-{n}", self.new_phone(), self.new_phone())
            for n in range(recruiters)
        ]
        self.candidates = [Candidate(f"candidate-{n}", self.new_phone()) for n in range(candidates)]
        for colleague in self.recruiters[4:7]:
            colleague.phone = self.recruiters[3].phone
        for seeker, recruiter in zip(self.candidates[20:23], self.recruiters[-3:], strict=True):
            seeker.phone = recruiter.phone
        self._recruiter_weights = _zipf(recruiters, 0.8)
        self._candidate_weights = _zipf(candidates, 0.5)

    def new_phone(self) -> str:
        return self._unused.pop()

    def draw_recruiter(self) -> Recruiter:
        return _draw(self._chance, self.recruiters, self._recruiter_weights)

    def draw_candidate(self) -> Candidate:
        return _draw(self._chance, self.candidates, self._candidate_weights)


def _zipf(count: int, exponent: float) -> list[float]:
    return list(accumulate(1 / (rank + 1) ** exponent for rank in range(count)))


def _draw(chance: random.Random, people: Sequence[T], weights: Sequence[float]) -> T:
    return chance.choices(people, cum_weights=weights)[0]
