"""Sessions: claiming a number for a pair, changing, closing, finding and forgetting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relay.domain.access_code import draw_access_codes
from relay.domain.allocation import ExhaustedReason, draw_session_id
from relay.domain.errors import Conflict
from relay.domain.participant import Participant, Role
from relay.domain.pool import Geo, Pool, Selection
from relay.domain.session import Channel, ClosedReason, Session, pool_of
from relay.store.connection import Client
from relay.store.keys import BoardKeys, PoolKeys
from relay.store.records import pack_channels, unpack_session
from relay.store.scripts import Scripts, degrees_of, leaves


@dataclass(frozen=True)
class Claimed:
    session: Session
    is_new: bool


@dataclass(frozen=True)
class Exhausted:
    reason: ExhaustedReason


@dataclass(frozen=True)
class Incapable:
    """The pair's open session is on a number that cannot do what is asked now."""

    session: Session


@dataclass(frozen=True)
class Outdated:
    """A participant's phone is changing: read the participant again, then claim again."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a new session should be; a pair's open session follows it where it may.

    ``area`` is the candidate's area code, for a pool that looks at it; ``suppressed`` are virtual
    numbers whose texts one of the two has stopped.
    """

    expires_at: int
    expiry_was_asked_for: bool
    channels: frozenset[Channel]
    context: str
    area: str = ""
    suppressed: tuple[str, ...] = ()


class Sessions:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def claim(
        self,
        pool: Pool,
        recruiter: Participant,
        candidate: Participant,
        wish: Wish,
        *,
        now: float,
        retention: int,
    ) -> Claimed | Incapable | Exhausted | Outdated:
        """The pair's open session, or a new one on the number that the policy chooses; atomic.

        Both must be indexed under the same index keys. ``retention`` is how long, in seconds, an
        ended session is kept. Raises Unavailable.
        """
        while True:
            answer = self._claim(pool, recruiter, candidate, wish, now=now, retention=retention)
            match answer:
                case ["created" | "existing" as outcome, session_id, record]:
                    session = unpack_session(session_id, record)
                    return Claimed(session, is_new=outcome == "created")
                case ["incapable", session_id, record]:
                    return Incapable(unpack_session(session_id, record))
                case ["exhausted", reason]:
                    return Exhausted(ExhaustedReason(reason))
                case ["moving"]:
                    return Outdated()
                # "taken": the drawn id belongs to another pair's session; draw again.

    def _claim(
        self,
        pool: Pool,
        recruiter: Participant,
        candidate: Participant,
        wish: Wish,
        *,
        now: float,
        retention: int,
    ) -> list[str]:
        keys = self._keys.in_pool(pool.name)
        indexes = (*recruiter.phone_indexes, *candidate.phone_indexes)
        answer: list[str] = self._scripts.run_positional(
            "claim",
            [
                keys.policy,
                keys.numbers,
                keys.ordinals,
                keys.blocked,
                keys.resting,
                keys.full,
                keys.no_voice,
                keys.no_sms,
                keys.busy,
                keys.area(wish.area),
                keys.scratch,
                keys.sessions,
                keys.due,
                keys.cooling,
                keys.ended,
                keys.leases,
                keys.codes,
                keys.code_lengths,
                keys.load,
                *degrees_of(keys),
                keys.sharing,
                keys.moving,
                keys.pairs(Role.RECRUITER, recruiter.ref),
                keys.pairs(Role.CANDIDATE, candidate.ref),
                keys.idle,
                *(key for index in indexes for key in leaves(keys.shape("node", index))),
            ],
            [
                now,
                draw_session_id(pool.name),
                wish.expires_at,
                int(wish.expiry_was_asked_for),
                pack_channels(wish.channels),
                wish.context,
                pool.recruiter_cooldown,
                pool.candidate_cooldown,
                retention,
                recruiter.ref,
                recruiter.sealed_phone,
                recruiter.locale,
                int(recruiter.screen_calls),
                candidate.ref,
                candidate.sealed_phone,
                candidate.locale,
                *draw_access_codes(),
                int(pool.selection is Selection.SPREAD),
                int(pool.access_codes),
                geo_of(pool),
                len(recruiter.phone_indexes),
                *indexes,
                *wish.suppressed,
            ],
        )
        return answer

    def get(self, session_id: str) -> Session | None:
        """Raises Unavailable."""
        try:
            keys = self._keys.in_pool(pool_of(session_id))
        except ValueError:
            return None
        record = self._client.hget(keys.sessions, session_id)
        return unpack_session(session_id, record) if record else None

    def of_ids(self, pool: str, session_ids: Sequence[str]) -> list[Session]:
        """The sessions of a pool that have these ids, as far as they are kept."""
        return read_sessions(self._client, self._keys.in_pool(pool), session_ids)

    def amend(
        self,
        session_id: str,
        *,
        now: float,
        expires_at: int | None = None,
        channels: frozenset[Channel] | None = None,
        context: str | None = None,
    ) -> Session | None:
        """The session after the change; a closed or expired one comes back as it is. Raises
        Conflict when its number cannot carry a channel, Unavailable."""
        keys = self._keys.in_pool(pool_of(session_id))
        outcome, *record = self._scripts.run_positional(
            "amend",
            [keys.sessions, keys.due, keys.no_voice, keys.no_sms],
            [
                now,
                session_id,
                expires_at if expires_at is not None else "",
                pack_channels(channels) if channels is not None else "",
                int(context is not None),
                context or "",
            ],
        )
        if outcome == "incapable":
            raise Conflict("The session's number cannot carry these channels.")
        return None if outcome == "unknown" else unpack_session(session_id, record[0])

    def close(
        self, session_id: str, pool: Pool, reason: ClosedReason, *, now: float
    ) -> Session | None:
        """Closes at once; the session after it, or None when there is none. Raises Unavailable."""
        record = self._scripts.run(
            "close",
            self._keys.in_pool(pool.name),
            durably=True,
            now=now,
            id=session_id,
            reason=reason,
            revokes=reason.revokes_calls,
            cooldown_of_recruiter=pool.recruiter_cooldown,
            cooldown_of_candidate=pool.candidate_cooldown,
        )
        return unpack_session(session_id, record) if record else None

    def of_pair(self, pools: Iterable[str], recruiter: str, candidate: str) -> list[Session]:
        """The pair's latest session in each of the pools, open or not."""
        names = list(pools)
        with self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hget(self._keys.in_pool(name).pairs(Role.RECRUITER, recruiter), candidate)
            ids = pipe.execute()
        return [
            session
            for name, session_id in zip(names, ids, strict=True)
            if session_id
            for session in read_sessions(self._client, self._keys.in_pool(name), [session_id])
        ]

    def bound_to(self, pool: str, index: str, number: str) -> list[Session]:
        """The sessions, open or cooling, that a phone has on a virtual number; newest first."""
        keys = self._keys.in_pool(pool)
        held = self._client.hget(keys.phone(index), number) or ""
        found = read_sessions(self._client, keys, held.split())
        return sorted(found, key=lambda session: (-session.created_at, session.id))

    def of_participant(self, pool: str, role: Role, ref: str) -> list[Session]:
        """All kept sessions of a person in a pool, newest first: each counterpart's latest one and
        those before it."""
        keys = self._keys.in_pool(pool)
        found: dict[str, Session] = {}
        ids = [*self._client.hvals(keys.pairs(role, ref))]
        while ids:
            sessions = read_sessions(self._client, keys, ids)
            found.update((session.id, session) for session in sessions)
            ids = [s.previous for s in sessions if s.previous and s.previous not in found]
        return sorted(found.values(), key=lambda s: (-s.created_at, s.id))

    def scan(self, pool: str, cursor: int, count: int) -> tuple[int, list[Session]]:
        """Some sessions of a pool and the cursor to go on from; 0 begins and ends (``HSCAN``)."""
        next_cursor, records = self._client.hscan(
            self._keys.in_pool(pool).sessions, cursor=cursor, count=count
        )
        return int(next_cursor), [unpack_session(i, record) for i, record in records.items()]

    def last_interactions_at(self, sessions: Sequence[Session]) -> dict[str, int]:
        """Session id → when its latest call or message began, for those that have one."""
        with self._client.pipeline(transaction=False) as pipe:
            for session in sessions:
                keys = self._keys.in_pool(session.pool)
                pipe.zrange(
                    keys.interactions,
                    f"({session.id}\n",
                    f"[{session.id}\t",
                    bylex=True,
                    desc=True,
                    offset=0,
                    num=1,
                )
            answers = pipe.execute()
        return {
            session.id: int(members[0].split("\t")[1])
            for session, members in zip(sessions, answers, strict=True)
            if members
        }


def read_sessions(client: Client, keys: PoolKeys, ids: Sequence[str]) -> list[Session]:
    """The sessions of these ids, as far as they are kept. Raises RedisError."""
    records = client.hmget(keys.sessions, ids) if ids else []
    return [unpack_session(i, record) for i, record in zip(ids, records, strict=True) if record]


def geo_of(pool: Pool) -> str:
    """How far the policy looks at areas, as scripts that choose a number take it."""
    if pool.geo is Geo.COUNTRY:
        return ""
    return "strict" if pool.strict_geo else "prefer"
