"""A job board to measure on: people, sessions and numbers, the same in every run."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import redis

from relay.domain.board import MAIN
from relay.domain.limits import DailyLimits
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.domain.phone import PhoneNumber
from relay.domain.policy import terms_of
from relay.domain.pool import Pool
from relay.domain.session import Channel
from relay.store.claims import Claimed, ClaimRequest
from relay.store.keys import PoolKeys
from relay.store.store import Store
from relay.vault import Vault
from tests.key_ring import RING

SEED = 20261123
NOW = 1_790_000_000.0
WEEK = 7 * 24 * 3600
RETENTION = 90 * 24 * 3600
#: Benchmarks call more often in an hour than people do in a day. Limits are looked at all the same.
POOL = Pool(
    name="us",
    country="US",
    limits=DailyLimits(
        **{one.name: None if "minutes" in one.name else 1_000_000 for one in terms_of(DailyLimits)}
    ),
)


@dataclass(frozen=True)
class Board:
    """``recruiters`` and ``candidates`` with sealed and indexed fictional numbers."""

    vault: Vault
    recruiters: list[Participant]
    candidates: list[Participant]

    def pairs(self, count: int) -> Iterator[tuple[Participant, Participant]]:
        """So many different pairs, evenly spread over both sides, in a fixed random order."""
        rng = random.Random(SEED)
        degrees = -(-count // len(self.recruiters))
        chosen: set[tuple[int, int]] = set()
        for _ in range(degrees):
            order = list(range(len(self.recruiters)))
            rng.shuffle(order)
            for recruiter in order:
                candidate = rng.randrange(len(self.candidates))
                while (recruiter, candidate) in chosen:
                    candidate = rng.randrange(len(self.candidates))
                chosen.add((recruiter, candidate))
                yield self.recruiters[recruiter], self.candidates[candidate]
                if len(chosen) == count:
                    return


def make_board(recruiters: int, candidates: int) -> Board:
    vault = Vault(RING, RING)
    return Board(
        vault,
        [person(vault, Role.RECRUITER, i) for i in range(recruiters)],
        [person(vault, Role.CANDIDATE, i) for i in range(candidates)],
    )


def person(vault: Vault, role: Role, ordinal: int) -> Participant:
    phone, ref = fictional_phone(role, ordinal), f"{role[0]}-{ordinal}"
    return Participant(
        ref=ref,
        role=role,
        status=ParticipantStatus.ACTIVE,
        sealed_phone=vault.seal_phone(phone, board=MAIN, role=role, ref=ref),
        phone_indexes=vault.indexes_of(phone.reveal()),
        index_key_ids=vault.index_key_ids,
        phone_hint=phone.hint,
        country="US",
        locale="en",
    )


def fictional_phone(role: Role, ordinal: int) -> PhoneNumber:
    """Shaped like a number, of an area code that does not exist, so that it is nobody's."""
    return PhoneNumber(f"+1{'0' if role is Role.RECRUITER else '1'}{ordinal:09d}")


def virtual_number(ordinal: int) -> str:
    """Fictional ones: 50 in each area."""
    return f"+1{200 + ordinal // 50}555{150 + ordinal % 50:04d}"


def stock(store: Store, numbers: int) -> None:
    store.pools.put(POOL)
    for ordinal in range(numbers):
        store.numbers.add(
            virtual_number(ordinal),
            POOL.name,
            carrier_sid=f"PN{ordinal:032d}",
            capabilities="vsm",
            now=NOW,
        )


def request(expires_at: int) -> ClaimRequest:
    return ClaimRequest(
        expires_at=expires_at,
        expiry_was_asked_for=False,
        channels=frozenset(Channel),
        stamped_context=f"{'s' * 22} Backend engineer, Acme",  # as it is kept: with a stamp
    )


def begin_day(store: Store, person: Participant) -> None:
    """The person may have new counterparts again, of whom Redis lets them have so many in a day of
    ours: a bench makes many days in one."""
    store.client.delete(store.keys.new_counterparts(person.role, person.ref))


def register(store: Store, board: Board) -> None:
    """Puts everybody on record."""
    for person in (*board.recruiters, *board.candidates):
        store.people.put(person, client="bench", now=NOW)


def fill(store: Store, board: Board, sessions: int, *, now: float = NOW) -> list[Claimed]:
    """Opens so many sessions; one expires each second from a week on."""
    register(store, board)
    opened = []
    for ordinal, (recruiter, candidate) in enumerate(board.pairs(sessions)):
        claimed = store.sessions.claim(
            POOL.name,
            recruiter,
            candidate,
            request(int(now) + WEEK + ordinal),
            now=now,
            retention=RETENTION,
        )
        assert isinstance(claimed, Claimed), claimed
        opened.append(claimed)
    return opened


def empty(store: Store) -> None:
    """Leaves the server with nothing. To free a million sessions takes it longer than the store's
    client waits, so it does that by the way."""
    store.client.flushall(asynchronous=True)
    while store.client.info("memory")["lazyfree_pending_objects"]:
        time.sleep(0.01)


def used_memory(client: redis.Redis) -> int:
    return int(client.info("memory")["used_memory"])


def script_time(client: redis.Redis) -> tuple[int, float]:
    """Calls of scripts since the last reset, and their time in Redis in microseconds."""
    stats = client.info("commandstats").get("cmdstat_evalsha", {"calls": 0, "usec": 0})
    return int(stats["calls"]), float(stats["usec"])


def pool_keys() -> PoolKeys:
    return PoolKeys("main", POOL.name)


CORES = os.cpu_count() or 1
