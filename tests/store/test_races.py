"""Sixteen processes at once on a real Redis: no binding twice, no number lost.

They claim, close, change phones, take over and recycle with cooldowns of a second, while this
process audits the pools again and again.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import random
import time
from collections import Counter
from multiprocessing.context import ForkServerProcess
from multiprocessing.queues import SimpleQueue
from typing import Any

import pytest
import structlog

from config.redis_location import locate_redis
from relay.domain.errors import Conflict, NotFound, RateLimited, RelayError
from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.domain.pool import Pool
from relay.store.calls import CallLimits, IncomingCall
from relay.workflows import register_participant as registering
from relay.workflows.close_session import close_session
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.erase_participant import erase_participant
from relay.workflows.open_session import open_session
from relay.workflows.recycle import recycle
from tests.board import end_unreported_calls
from tests.cluster.servers import Cluster, connect_whole
from tests.fake_redis import real_redis
from tests.invariants import audit_people, audit_pool, left_over
from tests.key_ring import marks_of
from tests.world import ASKER, World, make_world

PROCESSES = 16
SECONDS = 6.0
POOLS = {"us": 8, "ca": 8}
RECRUITERS = [f"r{i}" for i in range(10)]
CANDIDATES = [f"c{i}" for i in range(14)]
#: Fewer phones than people could have: they meet each other's on purpose.
PHONES = [f"+1{area}555{100 + i:04d}" for area in (213, 310, 917) for i in range(40)]


def numbers_of(pool: str) -> list[str]:
    return [f"+1{'212' if pool == 'us' else '416'}555{150 + i:04d}" for i in range(POOLS[pool])]


def client_of(url: str) -> Any:
    return connect_whole(url) if locate_redis(url).is_cluster else real_redis(url)


class EndsCalls:
    """The carrier ends whatever call it is asked to: those of somebody who is erased."""

    def __init__(self) -> None:
        self.calls = self

    def end(self, sid: str) -> None:
        """Nobody rings."""


def connected(url: str) -> World:
    return make_world(client_of(url), carrier=EndsCalls())


def work(url: str, seed: int, outcomes: SimpleQueue[Counter[str]]) -> None:
    """One process: random requests until the time is over; every refusal must be one we know."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    chance, world, counted = random.Random(seed), connected(url), Counter[str]()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        act = chance.choices([claim, call, close, move, erase, tidy], [10, 5, 4, 4, 1, 1])[0]
        try:
            act(world, chance)
            counted[act.__name__] += 1
        except (Conflict, NotFound, RateLimited) as refused:
            counted[f"{act.__name__} {refused.code}"] += 1
        except RelayError as refused:
            counted[f"{act.__name__} {refused.code} {refused.faults}"] += 1
        except Exception as unexpected:  # noqa: BLE001 - the test is told
            counted[f"unexpected {unexpected!r}"] += 1
            break
    outcomes.put(counted)


def claim(world: World, chance: random.Random) -> None:
    recruiter, candidate = chance.choice(RECRUITERS), chance.choice(CANDIDATES)
    open_session(
        world.services,
        SessionRequest(
            recruiter=Someone(ref=recruiter),
            candidate=Someone(ref=candidate),
            pool=chance.choice(list(POOLS)),
            ttl=chance.choice([1, 2, 600]),
        ),
        client_id=ASKER,
        now=time.time(),
    )


def close(world: World, chance: random.Random) -> None:
    store = world.services.store
    ids = store.client.hrandfield(store.keys.sessions, 1)
    if ids:
        close_session(world.services, ids[0], now=time.time())


def begin_day(world: World, role: Role, ref: str) -> None:
    """The limits of a day are not what is raced for here."""
    store = world.services.store
    store.client.delete(
        store.keys.guesses_of("phone", role, ref), store.keys.new_counterparts(role, ref)
    )


def move(world: World, chance: random.Random) -> None:
    """Another phone for somebody, by force or not."""
    phone, renumber = chance.choice(PHONES), chance.random() < 0.7
    if chance.random() < 0.5:
        recruiter = chance.choice(RECRUITERS)
        begin_day(world, Role.RECRUITER, recruiter)
        registering.register_recruiter(
            world.services,
            recruiter,
            RecruiterDetails(phone=phone),
            client_id=f"{chance.random()}",
            renumber=renumber,
            now=time.time(),
        )
        return
    candidate = chance.choice(CANDIDATES)
    begin_day(world, Role.CANDIDATE, candidate)
    registering.register_candidate(
        world.services,
        candidate,
        CandidateDetails(phone=phone),
        client_id=f"{chance.random()}",
        take_over=chance.random() < 0.3,
        renumber=renumber,
        now=time.time(),
    )


def call(world: World, chance: random.Random) -> None:
    pool, sid = chance.choice(list(POOLS)), f"CA{chance.random()}"
    world.services.store.calls.route(
        pool,
        IncomingCall(
            sid=sid,
            virtual_number=chance.choice(numbers_of(pool)),
            caller_indexes=world.services.vault.indexes_of(chance.choice(PHONES)),
            attestation="",
            marks=marks_of(sid),
        ),
        limits=CallLimits(lease=1, repeatable=1, retention=60),
        now=time.time(),
    )


def erase(world: World, chance: random.Random) -> None:
    """Somebody is erased and comes back."""
    ref = chance.choice(CANDIDATES)
    begin_day(world, Role.CANDIDATE, ref)
    erase_participant(world.services, Role.CANDIDATE, ref, now=time.time())
    registering.register_candidate(
        world.services,
        ref,
        CandidateDetails(phone=chance.choice(PHONES)),
        client_id=f"{chance.random()}",
        take_over=True,
        renumber=True,
        now=time.time(),
    )


def tidy(world: World, _: random.Random) -> None:
    recycle(world.services, now=time.time())


def prepare(url: str) -> World:
    client_of(url).flushall()
    world = connected(url)
    store = world.services.store
    for name in POOLS:
        store.pools.put(
            Pool(
                name=name,
                country=name.upper(),
                allowed_countries=("US",),
                candidate_cooldown=2,
                recruiter_cooldown=1,
            )
        )
        for number in numbers_of(name):
            store.numbers.add(number, name, carrier_sid="PN", capabilities="vs", now=1)
    people = [*RECRUITERS, *CANDIDATES]
    for ref, phone in zip(people, PHONES, strict=False):
        register = (
            registering.register_recruiter if ref in RECRUITERS else registering.register_candidate
        )
        details = RecruiterDetails if ref in RECRUITERS else CandidateDetails
        register(  # type: ignore[operator]
            world.services,
            ref,
            details(phone=phone),
            client_id=ref,
            now=time.time(),
        )
    return world


def cluster_url(request: pytest.FixtureRequest) -> str:
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.url


@pytest.mark.real_redis
@pytest.mark.slow
@pytest.mark.parametrize("where", ["redis", "cluster"])
def test_p1_sixteen_processes_at_once_bind_nobody_twice_and_lose_no_number(
    request: pytest.FixtureRequest, where: str
) -> None:
    one = where == "redis"
    url = request.getfixturevalue("real_redis_url") if one else cluster_url(request)
    world = prepare(url)
    client = world.services.store.client
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # or each of them imports everything anew
    outcomes: SimpleQueue[Counter[str]] = context.SimpleQueue()
    workers: list[ForkServerProcess] = [
        context.Process(target=work, args=(url, seed, outcomes)) for seed in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    total: Counter[str] = Counter()
    audits = 0
    while any(worker.is_alive() for worker in workers):
        for pool in POOLS:
            audit_pool(client, pool)
            audits += 1
        while not outcomes.empty():
            total += outcomes.get()
        time.sleep(0.05)
    while not outcomes.empty():
        total += outcomes.get()

    assert not [outcome for outcome in total if outcome.startswith("unexpected")], total
    assert audits > 20
    assert total["claim"] > 200, total
    assert total["move"] > 20, total
    everything_ends(world)


def everything_ends(world: World) -> None:
    """When all has been closed and has cooled, every number is free again."""
    services, client = world.services, world.services.store.client
    recycle(services, now=time.time())
    audit_people(client, services.store, POOLS, time.time())
    for pool in POOLS:
        for session in audit_pool(client, pool).values():
            with contextlib.suppress(NotFound):
                close_session(services, session.id, now=time.time())
    retention = services.settings.record_retention
    end_unreported_calls(services.store, now=time.time() + 10_000)
    for later in (10_000, 20_000 + retention, 30_000 + 2 * retention):
        recycle(services, now=time.time() + later)
    for pool in POOLS:
        assert audit_pool(client, pool) == {}
        assert left_over(client, pool) == set()
        assert len(services.store.numbers.of_pool(pool)) == len(numbers_of(pool)) + (pool == "us")
