"""Phone changes and erasures under way, as the people's records keep them.

A change spans pools, so it is two steps: every pool reserves (``phone_moves.py``), then every pool
commits. The person's record says how far it has come; whoever finds it there can complete it or
undo it. Its stages: ``reserving`` → ``committing`` → over, or ``reserving`` → ``undoing`` → over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from relay.domain.participant import Participant, Role
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.people import split
from relay.store.scripts import Scripts


class Stage(StrEnum):
    RESERVING = "reserving"
    UNDOING = "undoing"
    #: The point of no return: it can only be completed.
    COMMITTING = "committing"
    #: Another candidate's change is taking this person's phone over.
    LOSING = "losing"
    ERASING = "erasing"


class BeginOutcome(StrEnum):
    BEGUN = "begun"
    UNKNOWN = "unknown"
    BUSY = "busy"
    HELD = "held"


class AdvanceOutcome(StrEnum):
    COMMITTING = "committing"
    GONE = "gone"
    HELD = "held"
    BUSY = "busy"


@dataclass(frozen=True, kw_only=True)
class PhoneChange:
    """What is under way for one person. ``mark`` is how the sealed phone began that an erasure or
    another's change took from them."""

    id: str
    stage: Stage
    role: Role
    ref: str
    pools: tuple[str, ...]
    indexes: tuple[str, ...]
    new_sealed: str
    new_indexes: tuple[str, ...]
    taken_from: str
    mark: str

    @property
    def member(self) -> str:
        return _member(self.role, self.ref)


class PhoneChanges:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def get(self, role: Role, ref: str) -> PhoneChange | None:
        """What is under way for a person. Raises Unavailable."""
        record = self._client.hgetall(self._keys.person(role, ref))
        if "change" not in record:
            return None
        return PhoneChange(
            id=record["change"],
            stage=Stage(record["stage"]),
            role=role,
            ref=ref,
            pools=split(record.get("pools", "")),
            indexes=split(record.get("indexes", "")),
            new_sealed=record.get("new_sealed", ""),
            new_indexes=split(record.get("new_indexes", "")),
            taken_from=record.get("taken_from", ""),
            mark=record.get("mark", ""),
        )

    def begun_before(self, instant: float) -> list[tuple[Role, str]]:
        """Whose changes have been under way since then. Raises Unavailable."""
        members = self._client.zrange(self._keys.changes, "-inf", f"({instant}", byscore=True)
        return [(Role(role), ref) for role, _, ref in (m.partition(":") for m in members)]

    def begin(
        self, person: Participant, change_id: str, *, take_over: bool, now: float
    ) -> BeginOutcome:
        """Puts the phone of ``person`` on record as their next one. Raises Unavailable."""
        outcome, *_ = self._scripts.run_positional(
            "begin_phone_change",
            [
                self._keys.person(person.role, person.ref),
                self._keys.changes,
                *_holder_keys(self._keys, person.role, person.phone_indexes),
            ],
            [
                now,
                _member(person.role, person.ref),
                person.ref,
                change_id,
                int(take_over),
                *("new_sealed", person.sealed_phone),
                *("new_indexes", ",".join(person.phone_indexes)),
                *("new_key_ids", ",".join(person.index_key_ids)),
                *("new_hint", person.phone_hint),
                *("new_country", person.country),
            ],
        )
        return BeginOutcome(outcome)

    def advance(self, change: PhoneChange, *, now: float) -> AdvanceOutcome:
        """Takes a change that every pool has reserved past the point of no return."""
        return AdvanceOutcome(
            self._scripts.run_positional(
                "advance_phone_change",
                [
                    self._keys.person(change.role, change.ref),
                    _loser_key(self._keys, change),
                    *_holder_keys(self._keys, change.role, change.new_indexes),
                ],
                [int(now), change.ref, change.id],
            )
        )

    def turn_back(self, change: PhoneChange) -> bool:
        """Whether the change may be undone now; nobody can commit it any more then."""
        return bool(
            self._scripts.run_positional(
                "turn_phone_change_back",
                [self._keys.person(change.role, change.ref)],
                [change.id],
            )
        )

    def forget(self, change: PhoneChange) -> None:
        """The end of a change that every pool has undone. Raises Unavailable."""
        self._scripts.run_positional(
            "forget_phone_change",
            [
                self._keys.person(change.role, change.ref),
                self._keys.changes,
                *_holder_keys(self._keys, change.role, change.new_indexes),
            ],
            [change.member, change.ref, change.id],
        )

    def finish(self, change: PhoneChange, *, now: float) -> None:
        """The end of a change that every pool has committed. Raises Unavailable."""
        given_up = [index for index in change.indexes if index not in change.new_indexes]
        self._scripts.run_positional(
            "finish_phone_change",
            [
                self._keys.person(change.role, change.ref),
                _loser_key(self._keys, change),
                self._keys.changes,
                *_holder_keys(self._keys, change.role, given_up),
            ],
            [int(now), change.member, change.ref, change.id],
        )

    def begin_erasure(self, role: Role, ref: str, *, now: float) -> str:
        """``erasing``, ``unknown`` or ``changing``. Raises Unavailable."""
        key = self._keys.person(role, ref)
        while True:
            indexes = self._client.hget(key, "indexes") or ""
            outcome: str = self._scripts.run_positional(
                "begin_erasure",
                [key, self._keys.changes, *_holder_keys(self._keys, role, split(indexes))],
                [now, _member(role, ref), ref, indexes],
            )
            if outcome != "retry":
                return outcome

    def finish_erasure(self, role: Role, ref: str) -> None:
        """The end of an erasure for which every pool was left. Raises Unavailable."""
        self._scripts.run_positional(
            "finish_erasure",
            [self._keys.person(role, ref), self._keys.changes],
            [_member(role, ref)],
        )


def _member(role: Role, ref: str) -> str:
    return f"{role}:{ref}"


def _loser_key(keys: BoardKeys, change: PhoneChange) -> str:
    return keys.person(change.role, change.taken_from or change.ref)


def _holder_keys(keys: BoardKeys, role: Role, indexes: Sequence[str]) -> list[str]:
    return [keys.holder(i) for i in indexes] if role is Role.CANDIDATE else []
