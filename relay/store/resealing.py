"""What stands under which key, and moving it: counts, the walks of ``reseal``, and its marks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from relay.domain.participant import Role
from relay.domain.session import Session, pool_of
from relay.store.connection import Client
from relay.store.figures import read_count, read_moment
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.phone_changes import ATTEMPTS, distinct
from relay.store.records import unpack_session
from relay.store.scripts import Scripts

_BATCH = 500


class Kind(StrEnum):
    """What is counted by key."""

    #: Sealed phones, and sealed texts that are kept.
    PHONE = "phone"
    TEXT = "text"
    #: People, by the key of their first index.
    INDEX = "index"


class Indexed(NamedTuple):
    """Somebody with a phone, as ``reseal`` looks at them first."""

    role: Role
    ref: str
    sealed: str
    indexes: tuple[str, ...]
    index_key_ids: tuple[str, ...]


class KeptText(NamedTuple):
    message: str
    session: str
    reader: Role
    sealed: str


class Cooling(NamedTuple):
    """A binding that cools until then, and the indexes of its session's person at present."""

    phone_index: str
    until: float
    person_indexes: tuple[str, ...]


class Resealing:
    """Every method raises Unavailable when Redis is away."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def counts(self) -> dict[tuple[Kind, str], int]:
        """How many of each kind are under each key id. A text that has ended by itself counts until
        the next one comes or goes."""
        counted: Mapping[str, str] = self._client.hgetall(self._keys.under_keys)
        found: dict[tuple[Kind, str], int] = {}
        for field, count in counted.items():
            kind, _, key_id = field.partition(":")
            if kind in set(Kind) and key_id and read_count(count):
                found[Kind(kind), key_id] = read_count(count)
        return found

    def how_much(self) -> int:
        """About how many steps a walk through everything has."""
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hlen(self._keys.seals)
            pipe.zcard(self._keys.kept_bodies)
            pipe.hlen(self._keys.sessions)
            return sum(pipe.execute())

    # --- people -----------------------------------------------------------------------

    def people(self) -> Iterator[list[Indexed]]:
        """Everybody who has a phone all the time, some twice, in batches."""
        for batch in self._batches_of_hash(self._keys.seals):
            places = [(Role(role), ref) for role, _, ref in (w.partition(":") for w in batch)]
            with self._client.pipeline(transaction=False) as pipe:
                for role, ref in places:
                    pipe.hmget(self._keys.person(role, ref), "indexes", "key_ids")
                records = pipe.execute()
            yield [
                Indexed(role, ref, sealed, _split(indexes), _split(key_ids))
                for (role, ref), sealed, (indexes, key_ids) in zip(
                    places, batch.values(), records, strict=True
                )
            ]

    def bound_elsewhere(self, people: Sequence[Indexed]) -> list[tuple[str, str]]:
        """Former and first index of those phones that are bound under another than their first."""
        pairs = distinct_pairs(people)
        with self._client.pipeline(transaction=False) as pipe:
            for former, _ in pairs:
                pipe.exists(self._keys.phone(former))
            return [pair for pair, is_bound in zip(pairs, pipe.execute(), strict=True) if is_bound]

    def move_bindings(self, former: str, index: str) -> bool:
        """What a phone is bound by is under this index from now on. False when others change it
        again and again; a later run comes back to it."""
        for _ in range(ATTEMPTS):
            held: Mapping[str, str] = self._client.hgetall(self._keys.phone(former))
            pools = distinct(pool_of(each) for ids in held.values() for each in ids.split())
            outcome = self._scripts.run(
                "move_bindings",
                self._keys,
                from_index=former,
                to_index=index,
                pools=pools,
                nodes=[{"pool": pool, "from": former, "to": index} for pool in pools],
                waiting=self._waiting(former, list(held)),
            )
            if outcome != "again":
                return bool(outcome != "both")
        return False

    def _waiting(self, index: str, numbers: Sequence[str]) -> list[str]:
        """Ids of messages that wait for the phone."""
        with self._client.pipeline(transaction=False) as pipe:
            for number in numbers:
                lane = f"{number}:{index}"
                pipe.zrangebylex(self._keys.lanes, f"[{lane}\t", f"({lane}\n")
            lanes = pipe.execute()
        return [entry.rpartition("\t")[2] for entries in lanes for entry in entries]

    # --- texts ------------------------------------------------------------------------

    def texts_not_under(self, key_id: str) -> Iterator[list[KeptText]]:
        """Kept texts that are sealed under another key, in batches."""
        members = self._client.zrange(self._keys.kept_bodies, 0, -1)
        ids = [member.partition(":")[2] for member in members if not _is_under(member, key_id)]
        for first in range(0, len(ids), _BATCH):
            batch = ids[first : first + _BATCH]
            with self._client.pipeline(transaction=False) as pipe:
                for message in batch:
                    pipe.get(self._keys.body(message))
                    pipe.hmget(self._keys.message(message), "session", "side")
                answers = pipe.execute()
            yield [
                KeptText(message, session, Role(side), sealed)
                for message, sealed, (session, side) in zip(
                    batch, answers[::2], answers[1::2], strict=True
                )
                if sealed and session and not _is_under(sealed, key_id)
            ]

    def replace_text(self, text: KeptText, sealed: str, *, now: float) -> bool:
        """False when it has gone or changed meanwhile."""
        return bool(
            self._scripts.run(
                "reseal_text",
                self._keys,
                now=now,
                id=text.message,
                seen=text.sealed,
                sealed=sealed,
            )
        )

    # --- sessions ---------------------------------------------------------------------

    def sessions(self) -> Iterator[list[tuple[Session, str]]]:
        """All that are kept all the time, some twice, each with its record, in batches."""
        for batch in self._batches_of_hash(self._keys.sessions):
            yield [(unpack_session(each, record), record) for each, record in batch.items()]

    def replace_session(self, session_id: str, *, seen: str, record: str) -> None:
        """Puts one record in the place of another, if that is still there."""
        self._scripts.run(
            "replace_stamped",
            self._keys,
            hash_name="sessions",
            field=session_id,
            seen=seen,
            record=record,
        )

    def cooling(self, pool: str) -> Iterator[list[Cooling]]:
        """A pool's bindings that cool all the time, in batches."""
        cursor, key = 0, self._keys.in_pool(pool).cooling
        while True:
            cursor, members = self._client.zscan(key, cursor, count=_BATCH)
            yield self._read_cooling(members)
            if cursor == 0:
                return

    def _read_cooling(self, members: Sequence[tuple[str, float]]) -> list[Cooling]:
        if not members:
            return []
        parted = [member.split(":", 3) for member, _ in members]
        records = self._client.hmget(self._keys.sessions, [each for *_, each in parted])
        with self._client.pipeline(transaction=False) as pipe:
            for (_, role, _, session_id), record in zip(parted, records, strict=True):
                party = unpack_session(session_id, record).party(Role(role)) if record else None
                pipe.hget(self._keys.person(role, party.ref if party else ""), "indexes")
            known = pipe.execute()
        return [
            Cooling(index, float(until), _split(indexes))
            for (_, _, index, _), (_, until), indexes in zip(parted, members, known, strict=True)
        ]

    def _batches_of_hash(self, key: str) -> Iterator[dict[str, str]]:
        cursor = 0
        while True:
            cursor, batch = self._client.hscan(key, cursor, count=_BATCH)
            if batch:
                yield batch
            if cursor == 0:
                return


class ClearedKeys:
    """Until when something may be under a former index key, as the last ``reseal`` has seen it:
    bindings of phones that their owners have left, and sessions with codes drawn under it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._key = DeploymentKeys().cleared_keys

    def note(self, key_id: str, *, bindings: float, codes: float) -> None:
        """Moments; 0 for none."""
        self._client.hset(self._key, key_id, f"{math.ceil(bindings)} {math.ceil(codes)}")

    def forget(self, key_id: str) -> None:
        """It is in use again."""
        self._client.hdel(self._key, key_id)

    def all(self) -> dict[str, tuple[float, float]]:
        """Bindings' and codes' moments, by key id."""
        noted: Mapping[str, str] = self._client.hgetall(self._key)
        found: dict[str, tuple[float, float]] = {}
        for key_id, moments in noted.items():
            bindings, codes = map(read_moment, moments.partition(" ")[::2])
            if bindings is not None and codes is not None:
                found[key_id] = (bindings, codes)
        return found


def distinct_pairs(people: Sequence[Indexed]) -> list[tuple[str, str]]:
    """Each further index of somebody's phone with their first."""
    pairs = ((each, person.indexes[0]) for person in people for each in person.indexes[1:])
    return list(dict.fromkeys(pairs))


def _is_under(sealed: str, key_id: str) -> bool:
    return sealed.partition(":")[0] == key_id


def _split(joined: str | None) -> tuple[str, ...]:
    return tuple(part for part in (joined or "").split(",") if part)
