"""The store alone: claims and routes per second, memory per session, recycling."""

from __future__ import annotations

import multiprocessing
import random
import time
from dataclasses import replace
from statistics import median

from relay.domain.board import MAIN
from relay.domain.participant import Role
from relay.domain.session import ClosedReason
from relay.embedded_redis import EmbeddedRedis
from relay.store.calls import CallLimits, IncomingCall
from relay.store.claims import Claimed
from relay.store.connection import connect
from relay.store.decided import decided_by
from relay.store.keys import BoardKeys
from relay.store.phone_changes import Changed
from relay.store.store import Store
from relay.vault import Vault
from relay.workflows.recycle import BATCH
from tests.bench.board import (
    NOW,
    POOL,
    RETENTION,
    SEED,
    WEEK,
    Board,
    begin_day,
    empty,
    fill,
    make_board,
    person,
    register,
    request,
    script_time,
    stock,
    used_memory,
)
from tests.bench.table import Row
from tests.key_ring import RING, SIGNER, marks_of

CLIENTS = 4
CLAIMS_PER_CLIENT = 15_000
SAMPLES = 2_000

_VAULT = Vault(RING, RING)


def claim_rate(server: EmbeddedRedis) -> list[Row]:
    """Four processes claim for pairs that have no session, on 1,000 numbers and 100,000 open."""
    store = Store(connect(server.url), SIGNER)
    empty(store)
    board = make_board(2_000, 20_000)
    stock(store, 1_000)
    fill(store, board, 100_000)
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(CLIENTS)
    with context.Pool(CLIENTS, _share, (barrier, board)) as pool:
        spans = pool.starmap(_claim_many, [(server.url, client) for client in range(CLIENTS)])
    seconds = max(end for _, end in spans) - min(start for start, _ in spans)
    rate = CLIENTS * CLAIMS_PER_CLIENT / seconds
    goal = "at least 5,000"
    return [
        Row("`store.claim`, four processes, allocations/s", f"{rate:,.0f}", goal, rate >= 5_000)
    ]


def _share(barrier: object, board: Board) -> None:
    _share.barrier, _share.board = barrier, board  # type: ignore[attr-defined]


def _claim_many(url: str, client: int) -> tuple[float, float]:
    board: Board = _share.board  # type: ignore[attr-defined]
    store = Store(connect(url), SIGNER)
    rng = random.Random(SEED + 1 + client)
    # Each client has recruiters of its own, so that every claim is of a new pair.
    mine = board.recruiters[client::CLIENTS]
    work = [(rng.choice(mine), rng.choice(board.candidates)) for _ in range(CLAIMS_PER_CLIENT)]
    _share.barrier.wait()  # type: ignore[attr-defined]
    start = time.monotonic()
    for recruiter, candidate in work:
        store.sessions.claim(
            POOL.name, recruiter, candidate, request(int(NOW) + WEEK), now=NOW, retention=RETENTION
        )
    return start, time.monotonic()


def remembered(server: EmbeddedRedis) -> list[Row]:
    """What it takes to remember the calls and texts that were decided on."""
    client, keys = connect(server.url), BoardKeys(MAIN)
    rows = []
    for a_day in (1_000, 100_000, 1_000_000):
        client.flushall()
        before = client.info("memory")["used_memory"]
        for first in range(0, 10 * a_day, 10_000):
            with client.pipeline(transaction=False) as pipe:
                for sid in range(first, min(first + 10_000, 10 * a_day)):
                    place = decided_by(_VAULT.marks_of(f"CA{sid:032x}"), now=NOW)["known"][0]
                    pipe.sadd(keys.decided(place["bucket"]), place["mark"])
                pipe.execute()
        each = (client.info("memory")["used_memory"] - before) / (10 * a_day)
        name = f"{a_day:,} calls and texts a day: to remember one, bytes"
        rows.append(Row(name, f"{each:.1f}", "at most 16", each <= 16))
    client.flushall()
    return rows


def memory(server: EmbeddedRedis) -> list[Row]:
    """100,000 sessions of 2,000 recruiters and 20,000 candidates, all keys counted: the people's,
    the pool's and the numbers', on an empty server."""
    store = Store(connect(server.url), SIGNER)
    empty(store)
    nothing = used_memory(store.client)
    board = make_board(2_000, 20_000)
    stock(store, 1_000)
    fill(store, board, 100_000)
    each = (used_memory(store.client) - nothing) / 100_000
    return [
        Row("Redis memory per open session, bytes", f"{each:,.0f}", "under 1,000", each < 1_000)
    ]


def flatness(server: EmbeddedRedis, sizes: tuple[int, ...]) -> list[Row]:
    """A claim and a route at growing numbers of open sessions, on pools that grow alike."""
    measured = [_at_size(server, sessions) for sessions in sizes]
    rows = []
    for name, position in (("claim", 0), ("route", 1)):
        times = [figures[position] for figures in measured]
        ratio = max(times) / min(times)
        figure = " / ".join(f"{seconds * 1e6:.0f}" for seconds in times)
        at = " / ".join(f"{size:,}" for size in sizes)
        rows.append(
            Row(
                f"{name} at {at} open sessions, median µs (ratio)",
                f"{figure} ({ratio:.2f})",
                "flat within 1.3",
                ratio <= 1.3,
            )
        )
    return rows


def _at_size(server: EmbeddedRedis, sessions: int) -> tuple[float, float]:
    store = Store(connect(server.url), SIGNER)
    empty(store)
    board = make_board(max(sessions // 50, 100), max(sessions // 5, 1_000))
    stock(store, 1_000)
    opened = fill(store, board, sessions)
    rng = random.Random(SEED)
    return _median_claim(store, board, rng), _median_route(store, board, opened, rng)


def _median_claim(store: Store, board: Board, rng: random.Random) -> float:
    times = []
    for _ in range(SAMPLES):
        recruiter, candidate = rng.choice(board.recruiters), rng.choice(board.candidates)
        start = time.perf_counter()
        store.sessions.claim(
            POOL.name, recruiter, candidate, request(int(NOW) + WEEK), now=NOW, retention=RETENTION
        )
        times.append(time.perf_counter() - start)
    return median(times)


def _median_route(store: Store, board: Board, opened: list[Claimed], rng: random.Random) -> float:
    indexes = {person.ref: person.phone_indexes for person in board.recruiters}
    times = []
    for call in range(SAMPLES):
        session = rng.choice(opened).session
        start = time.perf_counter()
        store.calls.route(
            POOL.name,
            IncomingCall(
                sid=f"CA{call:032d}",
                virtual_number=session.virtual_number,
                caller_indexes=indexes[session.recruiter.ref],
                attestation="",
                marks=marks_of(f"CA{call:032d}"),
            ),
            limits=CallLimits(lease=3_700, repeatable=60, retention=RETENTION),
            now=NOW,
        )
        times.append(time.perf_counter() - start)
    return median(times)


def phone_change(server: EmbeddedRedis) -> list[Row]:
    """A recruiter with 1,000 open and 20,000 ended sessions, who shares 100 numbers with themselves
    gets another phone. The time is that of the script alone; Redis does nothing else in it."""
    store = Store(connect(server.url), SIGNER)
    empty(store)
    board = make_board(1, 21_000)
    stock(store, 100)
    register(store, board)
    recruiter = board.recruiters[0]
    for place, candidate in enumerate(board.candidates):
        claimed = store.sessions.claim(
            POOL.name, recruiter, candidate, request(int(NOW) + WEEK), now=NOW, retention=RETENTION
        )
        assert isinstance(claimed, Claimed), claimed
        begin_day(store, recruiter)
        if place < 20_000:
            store.sessions.close(claimed.session.id, ClosedReason.BY_API, now=NOW)
            store.recycling.release_cooled(
                POOL.name, now=NOW + WEEK + POOL.candidate_cooldown, batch=10, retention=RETENTION
            )
    times = []
    for turn in range(1, 12):
        newer = person(board.vault, Role.RECRUITER, turn)
        moved = replace(newer, ref=recruiter.ref)
        store.client.config_resetstat()
        outcome = store.phone_changes.change(moved, take_over=False, pools={}, now=NOW + turn)
        assert outcome == Changed(1_000), outcome
        times.append(script_time(store.client)[1] / 1_000)
    longest = max(times)
    return [
        Row(
            "phone change with 1,000 open and 20,000 ended sessions, ms in Redis: median / longest",
            f"{median(times):.1f} / {longest:.1f}",
            "under 20",
            longest < 20,
        )
    ]


def recycling(server: EmbeddedRedis) -> list[Row]:
    """100,000 sessions expire at once: closing them, then freeing their numbers."""
    store = Store(connect(server.url), SIGNER)
    empty(store)
    board = make_board(2_000, 20_000)
    stock(store, 1_000)
    fill(store, board, 100_000)
    store.client.config_set("slowlog-log-slower-than", 5_000)
    store.client.slowlog_reset()
    store.client.config_resetstat()
    start = time.monotonic()
    _drain(lambda: store.recycling.close_due(POOL.name, now=NOW + 2 * WEEK, batch=BATCH)[0])
    later = NOW + 2 * WEEK + POOL.candidate_cooldown
    _drain(
        lambda: store.recycling.release_cooled(
            POOL.name, now=later, batch=BATCH, retention=RETENTION
        )
    )
    seconds = time.monotonic() - start
    slow = [entry["duration"] for entry in store.client.slowlog_get(128)]
    calls, microseconds = script_time(store.client)
    longest = f"{max(slow) / 1_000:.1f} ms ({len(slow)} over 5 ms)" if slow else "under 5 ms"
    return [
        Row(
            "100,000 expired sessions closed and freed, s",
            f"{seconds:.1f}",
            "under 10",
            seconds < 10,
        ),
        Row("longest script call", longest, "at most 5 ms", not slow),
        Row("mean script call, ms", f"{microseconds / max(calls, 1) / 1_000:.2f}"),
    ]


def _drain(step: object) -> None:
    while step():  # type: ignore[operator]
        pass
