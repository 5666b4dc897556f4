"""How many numbers other ways of choosing would need for the same trace, without a store.

Each pool begins empty and gets one more number whenever none of those it has will do.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

from relay.domain.participant import Role
from tests.bench.board import SEED
from tests.bench.pool.trace import Cooldown, Pairing

_TRIES = 64


def random_choice(trace: list[Pairing], cooldown: Cooldown) -> int:
    """Any number that is free for both, each as likely; pairs share numbers and cool alone, as
    with us. (Nobody gets an old number back.)"""
    rng = random.Random(SEED)
    people = _People(cooldown)
    numbers = 0
    for pairing in trace:
        people.release(pairing.at)
        number = _random_free(people.used_by_either(pairing), numbers, rng)
        numbers = max(numbers, number + 1)
        people.bind(pairing, number)
    return numbers


def whole_number_cooldown(trace: list[Pairing], cooldown: Cooldown) -> int:
    """As Plivo's number masking does it. "A single virtual number can host several thousand
    sessions" (docs.plivo.com, virtual number allocation), but once one of them has ended,
    ``virtual_number_cooloff_period`` keeps the whole number from "any other session for a specified
    time" (support.plivo.com, Number Masking). Modelled: the lowest number on which neither person
    has an open session and whose latest ended session is past its cooldown, which must be the
    longer one, as it guards both sides. Sessions that are open on it go on meanwhile."""
    people = _People(Cooldown(0, 0))
    ends: list[tuple[int, int]] = []
    rests: list[tuple[int, int]] = []
    resting_until: dict[int, int] = {}
    resting = 0
    numbers = 0
    for pairing in trace:
        now = pairing.at
        people.release(now)
        while ends and ends[0][0] <= now:
            ended_at, number = heappop(ends)
            resting_until[number] = ended_at + cooldown.longer
            heappush(rests, (resting_until[number], number))
            resting |= 1 << number
        while rests and rests[0][0] <= now:
            until, number = heappop(rests)
            if resting_until[number] == until:
                resting &= ~(1 << number)
        number = _lowest_free(people.used_by_either(pairing) | resting)
        numbers = max(numbers, number + 1)
        people.bind(pairing, number)
        heappush(ends, (pairing.expires_at, number))
    return numbers


class _People:
    """Who is bound on which numbers: for each person a bitmap of them."""

    def __init__(self, cooldown: Cooldown) -> None:
        self._cooldown = cooldown
        self._used: dict[tuple[Role, int], int] = defaultdict(int)
        self._releases: list[tuple[int, Role, int, int]] = []

    def used_by_either(self, pairing: Pairing) -> int:
        recruiter, candidate = self._nodes(pairing)
        return self._used[recruiter] | self._used[candidate]

    def bind(self, pairing: Pairing, number: int) -> None:
        for role, person in self._nodes(pairing):
            self._used[role, person] |= 1 << number
            until = pairing.expires_at + self._cooldown.of(role)
            heappush(self._releases, (until, role, person, number))

    def release(self, now: int) -> None:
        while self._releases and self._releases[0][0] <= now:
            _, role, person, number = heappop(self._releases)
            self._used[role, person] &= ~(1 << number)

    def _nodes(self, pairing: Pairing) -> Iterator[tuple[Role, int]]:
        return ((role, pairing.person(role)) for role in Role)


def _random_free(used: int, numbers: int, rng: random.Random) -> int:
    """One of the numbers below ``numbers`` that are free, or the next one when there is none."""
    for _ in range(_TRIES if numbers else 0):
        number = rng.randrange(numbers)
        if not used >> number & 1:
            return number
    free = [number for number in range(numbers) if not used >> number & 1]
    return rng.choice(free) if free else numbers


def _lowest_free(used: int) -> int:
    return (~used & (used + 1)).bit_length() - 1
