"""The benchmark of the pool is right on a trace that is small enough to check by other means."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import pytest

from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.store.store import Store
from tests.bench.document import put_part
from tests.bench.pool.bounds import bounds_of
from tests.bench.pool.plot import Curve, Lane, curves, lanes
from tests.bench.pool.replay import Replayed, pool_of, replay, stock
from tests.bench.pool.rivals import random_choice, whole_number_cooldown
from tests.bench.pool.trace import NO_COOLDOWN, Cooldown, Pairing, Shape, make_trace
from tests.fake_redis import FakeRedis
from tests.key_ring import SIGNER

SHAPE = Shape(0.8, 0.6, recruiters=100, candidates=1_000, days=5, pairs_a_day=100)
TRACE = make_trace(SHAPE)
COOLDOWNS = (NO_COOLDOWN, Cooldown(candidate=3 * DAY, recruiter=DAY))
each_cooldown = pytest.mark.parametrize("cooldown", COOLDOWNS, ids=lambda cooldown: cooldown.name)


def replayed_on(numbers: int, cooldown: Cooldown, *, access_codes: bool) -> Replayed:
    store = Store(FakeRedis(), SIGNER)
    pool = pool_of(cooldown, access_codes=access_codes)
    stock(store, pool, numbers)
    return replay(store, pool, TRACE)


def test_a_trace_is_the_same_every_time_and_opens_no_pair_twice_at_once() -> None:
    make_trace.cache_clear()
    assert make_trace(SHAPE) == TRACE
    assert len(TRACE) == 500
    instants = [pairing.at for pairing in TRACE]
    assert instants == sorted(instants)
    for place, one in enumerate(TRACE):
        for other in TRACE[:place]:
            if (one.recruiter, one.candidate) == (other.recruiter, other.candidate):
                assert other.expires_at <= one.at


@each_cooldown
def test_the_sweep_finds_what_counting_at_every_instant_finds(cooldown: Cooldown) -> None:
    bounds = bounds_of(TRACE, cooldown)

    assert bounds.recruiter == most_counterparts(Role.RECRUITER, cooldown.recruiter)
    assert bounds.candidate == most_counterparts(Role.CANDIDATE, cooldown.candidate)
    assert bounds.pairs == max(len(pairs_at(p.at, cooldown.longer)) for p in TRACE)
    assert bounds.open_pairs == max(len(pairs_at(p.at, 0)) for p in TRACE)
    assert bounds.koenig <= bounds.proxy <= bounds.pairs


def most_counterparts(role: Role, cooldown: int) -> int:
    most = 0
    for instant in TRACE:
        held: dict[int, set[int]] = {}
        for pairing in reserved_at(instant.at, cooldown):
            held.setdefault(pairing.person(role), set()).add(pairing.person(role.other))
        most = max(most, *(len(counterparts) for counterparts in held.values()))
    return most


def pairs_at(now: int, cooldown: int) -> set[tuple[int, int]]:
    return {(pairing.recruiter, pairing.candidate) for pairing in reserved_at(now, cooldown)}


def reserved_at(now: int, cooldown: int) -> list[Pairing]:
    return [pairing for pairing in TRACE if pairing.at <= now < pairing.expires_at + cooldown]


@each_cooldown
def test_without_access_codes_the_store_needs_the_koenig_bound(cooldown: Cooldown) -> None:
    bound = bounds_of(TRACE, cooldown).koenig

    replayed = replayed_on(2 * bound, cooldown, access_codes=False)

    assert replayed.refusals == 0
    assert bound <= replayed.numbers <= math.ceil(1.02 * bound)


@each_cooldown
def test_with_access_codes_the_busiest_candidate_sets_the_size_of_the_pool(
    cooldown: Cooldown,
) -> None:
    bounds = bounds_of(TRACE, cooldown)
    numbers = math.ceil(1.05 * bounds.candidate)
    assert numbers < bounds.koenig

    replayed = replayed_on(numbers, cooldown, access_codes=True)

    assert replayed.refusals == 0
    assert replayed.misjudged == 0
    assert 0 < replayed.dials_with_code < replayed.dials


@each_cooldown
def test_no_other_rule_needs_fewer_numbers(cooldown: Cooldown) -> None:
    bounds = bounds_of(TRACE, cooldown)

    assert bounds.koenig <= random_choice(TRACE, cooldown)
    assert bounds.koenig <= whole_number_cooldown(TRACE, cooldown)


def test_a_whole_number_rests_when_one_of_its_pairs_has_ended() -> None:
    cooldown = Cooldown(candidate=100, recruiter=50)
    first = Pairing(at=0, recruiter=1, candidate=1, expires_at=10)
    beside_it = Pairing(at=5, recruiter=2, candidate=2, expires_at=20)

    assert whole_number_cooldown([first, beside_it], cooldown) == 1
    while_it_rests = Pairing(at=119, recruiter=3, candidate=3, expires_at=200)
    assert whole_number_cooldown([first, beside_it, while_it_rests], cooldown) == 2
    rested = Pairing(at=120, recruiter=3, candidate=3, expires_at=200)
    assert whole_number_cooldown([first, beside_it, rested], cooldown) == 1


def test_plots_are_well_formed() -> None:
    for plot in (
        curves("a < b", "x", "y", [Curve("one", 0, [(15, 0.4), (300, 0.0)], dashed=True)]),
        lanes("a < b", "x", ["one", "two"], [Lane("rule", [14, 2_000]), Lane("other", [1, 10])]),
    ):
        assert ElementTree.fromstring(plot).tag.endswith("svg")


def test_a_part_of_the_document_is_written_anew_and_the_rest_stays(tmp_path: Path) -> None:
    report, theirs = tmp_path / "benchmarks.md", "<!-- b: begin -->\nours\n<!-- b: end -->\n"
    report.write_text(f"# B\n<!-- a: begin -->\nold\n<!-- a: end -->\n{theirs}")
    put_part("a", "new\n\n", report=report)
    assert report.read_text() == f"# B\n<!-- a: begin -->\nnew\n<!-- a: end -->\n{theirs}"
    with pytest.raises(ValueError, match="no part c"):
        put_part("c", "", report=report)
