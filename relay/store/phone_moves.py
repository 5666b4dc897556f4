"""What a phone change and an erasure do in one pool; each is one atomic script."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from relay.domain.access_code import draw_access_codes
from relay.domain.allocation import draw_session_id
from relay.domain.participant import Participant, Role
from relay.domain.phone import area_code_of
from relay.domain.pool import Pool, Selection
from relay.domain.session import ClosedReason, Session
from relay.store.connection import Client
from relay.store.keys import BoardKeys, PoolKeys
from relay.store.phone_changes import PhoneChange
from relay.store.records import unpack_session
from relay.store.scripts import Scripts, degrees_of, leaves
from relay.store.sessions import geo_of

#: For how long after a change claims that know nothing of it are refused, in seconds: longer than
#: any request lives between reading a person and claiming.
_MARKED = 3600
#: Sessions closed in one script call.
_BATCH = 200


@dataclass(frozen=True)
class Reserved:
    """All live sessions of the person have the new phone reserved, or have none."""


@dataclass(frozen=True)
class Gone:
    """The change was undone meanwhile."""


@dataclass(frozen=True)
class Busy:
    """The phone of the other side of one of the sessions is changing, too."""


@dataclass(frozen=True)
class InTheWay:
    """The new phone has a binding on these sessions' numbers: they could be renumbered."""

    session_ids: tuple[str, ...]


@dataclass(frozen=True)
class SamePhone:
    """The new phone is the other side's in these sessions."""

    session_ids: tuple[str, ...]


@dataclass(frozen=True)
class NoNumber:
    """No number is free for both sides of this session, which would need another one."""

    session_ids: tuple[str, ...]


ReserveOutcome = Reserved | Gone | Busy | InTheWay | SamePhone | NoNumber


@dataclass(frozen=True)
class Renumbering:
    """A session that may get another number. ``suppressed`` are virtual numbers whose texts one of
    the two has stopped, by the phones that they will have."""

    session_id: str
    suppressed: Collection[str] = ()


class PhoneMoves:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def reserve(
        self, pool: Pool, change: PhoneChange, *, renumber: Sequence[Renumbering] = (), now: float
    ) -> ReserveOutcome:
        """Reserves the new phone on all live sessions of the person in the pool, or nothing.
        The sessions in ``renumber`` may get another number, in the area of the one they leave as
        far as the policy looks at areas. Raises Unavailable."""
        keys = self._keys.in_pool(pool.name)
        suppressed = {each.session_id: each.suppressed for each in renumber}
        sessions = self._read(keys, list(suppressed))
        others = _distinct(s.party(change.role.other).phone_index for s in sessions)
        outcome, *ids = self._scripts.run_positional(
            "reserve_phone",
            [
                keys.sessions,
                keys.cooling,
                keys.pairs(change.role, change.ref),
                keys.moving,
                keys.reserved(change.id),
                *degrees_of(keys),
                keys.sharing,
                keys.numbers,
                keys.ordinals,
                keys.blocked,
                keys.resting,
                keys.full,
                keys.no_voice,
                keys.no_sms,
                keys.busy,
                keys.scratch,
                keys.codes,
                keys.code_lengths,
                keys.load,
                keys.ended,
                keys.leases,
                keys.policy,
                keys.idle,
                *_node_keys(keys, [*change.new_indexes, *others]),
                *(keys.area(area_code_of(s.virtual_number)) for s in sessions),
            ],
            [
                now,
                change.id,
                change.role,
                change.ref,
                *draw_access_codes(),
                int(pool.selection is Selection.SPREAD),
                int(pool.access_codes),
                geo_of(pool),
                len(change.new_indexes),
                len(others),
                *change.new_indexes,
                *others,
                *(
                    text
                    for s in sessions
                    for text in (s.id, draw_session_id(pool.name), " ".join(suppressed[s.id]))
                ),
            ],
        )
        return _reserve_outcome(outcome, tuple(ids))

    def commit(self, pool: Pool, change: PhoneChange, *, retention: int, now: float) -> int:
        """Moves what is reserved to the new phone; how many sessions moved. Raises Unavailable."""
        keys = self._keys.in_pool(pool.name)
        outcome, moved = "retry", 0
        while outcome == "retry":
            indexes = self._indexes_met_by(keys, change)
            outcome, moved = self._scripts.run_positional(
                "commit_phone",
                [*_settling_keys(keys, change), *_node_keys(keys, indexes)],
                [
                    now,
                    change.id,
                    change.role,
                    change.ref,
                    change.new_sealed,
                    pool.recruiter_cooldown,
                    pool.candidate_cooldown,
                    retention,
                    change.new_indexes[0],
                    _MARKED,
                    *indexes,
                ],
            )
        return int(moved)

    def undo(self, pool: str, change: PhoneChange, *, retention: int, now: float) -> None:
        """Gives back what is reserved; nothing can be reserved for it later. Raises Unavailable."""
        keys = self._keys.in_pool(pool)
        outcome = "retry"
        while outcome == "retry":
            indexes = self._indexes_met_by(keys, change)
            outcome = self._scripts.run_positional(
                "undo_phone",
                [*_settling_keys(keys, change), *_node_keys(keys, indexes)],
                [now, change.id, change.member, retention, *indexes],
            )

    def leave_pool(
        self, pool: Pool, role: Role, ref: str, *, mark: str, reason: ClosedReason, now: float
    ) -> int:
        """Closes all sessions of somebody who has lost their phone; how many. ``mark`` is how
        that phone began, sealed. Raises Unavailable."""
        keys = self._keys.in_pool(pool.name)
        closed, last = 0, _BATCH
        while last == _BATCH:
            last = self._scripts.run_positional(
                "leave_pool",
                [
                    keys.sessions,
                    keys.due,
                    keys.cooling,
                    keys.leases,
                    keys.policy,
                    keys.pairs(role, ref),
                    keys.moving,
                    keys.busy,
                    keys.full,
                ],
                [
                    now,
                    role,
                    ref,
                    mark,
                    _MARKED,
                    reason,
                    pool.recruiter_cooldown,
                    pool.candidate_cooldown,
                    _BATCH,
                ],
            )
            closed += last
        return closed

    def refresh_party(self, pool: str, person: Participant) -> int:
        """Makes the person's open sessions follow their locale and guard; how many. Raises
        Unavailable."""
        keys = self._keys.in_pool(pool)
        return int(
            self._scripts.run_positional(
                "refresh_party",
                [keys.sessions, keys.pairs(person.role, person.ref)],
                [person.role, person.locale, int(person.screen_calls)],
            )
        )

    def sweep_markers(self, pool: str, *, now: float) -> int:
        """Forgets the marks of changes that no claim can be older than; how many."""
        return int(
            self._scripts.run_positional("sweep_markers", [self._keys.in_pool(pool).moving], [now])
        )

    def _indexes_met_by(self, keys: PoolKeys, change: PhoneChange) -> list[str]:
        """The indexes of all phones that settling the change can touch."""
        reserved = self._client.hgetall(keys.reserved(change.id))
        ids = [
            session_id
            for field, text in reserved.items()
            if "." in field and (spare := text.split("\t")[-1])
            for session_id in (field, spare)
        ]
        met = (
            index
            for session in self._read(keys, ids)
            for index in (
                session.recruiter.phone_index,
                session.candidate.phone_index,
                *(index for _, index in session.former),
            )
        )
        return _distinct([*change.new_indexes, *met])

    def _read(self, keys: PoolKeys, ids: Sequence[str]) -> list[Session]:
        records = self._client.hmget(keys.sessions, ids) if ids else []
        return [unpack_session(i, record) for i, record in zip(ids, records, strict=True) if record]


def _settling_keys(keys: PoolKeys, change: PhoneChange) -> list[str]:
    return [
        keys.sessions,
        keys.cooling,
        keys.moving,
        keys.reserved(change.id),
        *degrees_of(keys),
        keys.sharing,
        keys.codes,
        keys.code_lengths,
        keys.load,
        keys.ended,
        keys.leases,
        keys.policy,
        keys.busy,
        keys.full,
    ]


def _node_keys(keys: PoolKeys, indexes: Iterable[str]) -> list[str]:
    return [key for index in indexes for key in leaves(keys.shape("node", index))]


def _distinct(indexes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(indexes))


def _reserve_outcome(outcome: str, ids: tuple[str, ...]) -> ReserveOutcome:
    match outcome:
        case "reserved":
            return Reserved()
        case "gone":
            return Gone()
        case "busy":
            return Busy()
        case "same_phone":
            return SamePhone(ids)
        case "exhausted":
            return NoNumber(ids)
        case _:
            return InTheWay(ids)
