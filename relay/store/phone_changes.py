"""Phone changes: a person gets another phone, with all their open sessions, in one atomic script.

The pattern of all scripts that span a board: read, declare, run. What is read here says which keys
the script may touch; the script reads again, and answers ``again`` before it has written anything
when it finds something else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.domain.errors import BeingChanged, RateLimited
from relay.domain.guesses import MOST_NEW_COUNTERPARTS, TOO_MANY_NEW_COUNTERPARTS
from relay.domain.participant import Participant, Role
from relay.domain.pool import Pool
from relay.domain.session import ClosedReason, Session
from relay.signing import Signer
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.people import details_of, held_by, unpack_participant
from relay.store.records import is_genuine
from relay.store.renumbering import carried_stop, phones_met, renumbering_of
from relay.store.scripts import Scripts
from relay.store.sessions import read_sessions
from relay.store.suppressions import Suppressions

#: How often somebody who is being changed by others, too, is looked at again.
ATTEMPTS = 4


@dataclass(frozen=True)
class Changed:
    """The phone is the person's now; so many sessions have moved to it. ``taken_from`` is the ref
    of who had it, "" for nobody."""

    sessions: int
    taken_from: str = ""


@dataclass(frozen=True)
class Held:
    """Another candidate has the phone."""


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


@dataclass(frozen=True)
class NotAdmitted:
    """The pools of these sessions are not for phones of the new one's country."""

    session_ids: tuple[str, ...]


ChangeOutcome = Changed | Held | InTheWay | SamePhone | NoNumber | NotAdmitted


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What the script is to find: the person and their open sessions, and who has the phone."""

    person: Participant | None
    sessions: list[Session]
    loser: str = ""
    losing: list[Session] = field(default_factory=list)


class PhoneChanges:
    """Every method raises Unavailable when Redis is away."""

    def __init__(
        self,
        client: Client,
        scripts: Scripts,
        keys: BoardKeys,
        signer: Signer,
        suppressions: Suppressions,
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self._signer = signer
        self._suppressions = suppressions

    def change(
        self,
        person: Participant,
        *,
        take_over: bool,
        renumber: Collection[str] = (),
        pools: Mapping[str, Pool],
        now: float,
    ) -> ChangeOutcome:
        """Gives ``person`` the phone that they have here, and changes what else is known of them;
        or changes nothing. They may be new.

        The sessions in ``renumber`` may get another number, in the area of the one they leave as
        far as their pool looks at areas; ``pools`` are the board's. Raises RateLimited when
        somebody they have a session with has met too many new phones in a day, Conflict when others
        change the same people at the same time again and again.
        """
        for _ in range(ATTEMPTS):
            seen = self._look(person, take_over=take_over)
            if closed_to := _not_admitted(person.country, seen.sessions, pools):
                return NotAdmitted(closed_to)
            outcome, *rest = self._scripts.run(
                "change_phone",
                self._keys,
                take_over=take_over,
                reason=ClosedReason.TAKEN_OVER,
                **details_of(person, now),
                **self._declare(person, seen, renumber, pools),
            )
            if outcome != "again":
                return _outcome(outcome, rest, seen.loser)
        raise BeingChanged("The participant is being changed by others; try again.")

    def _look(self, person: Participant, *, take_over: bool) -> _Seen:
        keys, role = self._keys, person.role
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hgetall(keys.person(role, person.ref))
            pipe.hvals(keys.open(role, person.ref))
            for index in held_by(person) if take_over else ():
                pipe.get(keys.holder(index))
            record, ids, *holders = pipe.execute()
        loser = next((ref for ref in holders if ref and ref != person.ref), "")
        return _Seen(
            person=unpack_participant(role, person.ref, record) if record else None,
            sessions=read_sessions(self._client, keys, ids),
            loser=loser,
            losing=open_sessions_of(self._client, keys, role, loser) if loser else [],
        )

    def _declare(
        self,
        person: Participant,
        seen: _Seen,
        renumber: Collection[str],
        pools: Mapping[str, Pool],
    ) -> dict[str, Any]:
        """The arguments of which the script's keys are made."""
        role, known = person.role, seen.person
        # A trace gets our signature: none for a session that somebody has written (P9).
        moved = [
            session
            for session in seen.sessions
            if session.id in renumber and is_genuine(self._signer, self._keys.board, session)
        ]
        of_candidate = known.phone_indexes if known and role is Role.CANDIDATE else ()
        touched = distinct(session.pool for session in (*seen.sessions, *seen.losing))
        return {
            "other_role": role.other,
            "loser": seen.loser,
            "given_up": of_candidate,
            "pools": touched,
            "new_nodes": [
                {"pool": pool, "index": index} for pool in touched for index in person.phone_indexes
            ],
            "closings": closings_of(seen.losing, role),
            "renumberings": [self._renumbering(session, role, pools) for session in moved],
            "met": phones_met(moved),
            "others": [session.party(role.other).ref for session in seen.sessions],
            "most_new": MOST_NEW_COUNTERPARTS[role.other],
        }

    def _renumbering(
        self, session: Session, role: Role, pools: Mapping[str, Pool]
    ) -> dict[str, str]:
        pool, board = pools[session.pool], self._keys.board
        return {
            "pool": session.pool,
            "other_index": session.party(role.other).phone_index,
            "other_stopped_at": carried_stop(self._suppressions, session, role.other),
            **renumbering_of(session, pool, self._signer, board=board),
        }


def _not_admitted(
    country: str, sessions: Iterable[Session], pools: Mapping[str, Pool]
) -> tuple[str, ...]:
    """A pool without a policy that is ours admits nobody."""
    return tuple(
        session.id
        for session in sessions
        if session.pool not in pools or not pools[session.pool].admits(country)
    )


def closings_of(sessions: Iterable[Session], role: Role) -> list[dict[str, str]]:
    """Sessions to close, as ``lua/shared/closing_all.lua`` takes them."""
    return [{"id": s.id, "counterpart": s.party(role.other).ref} for s in sessions]


def open_sessions_of(client: Client, keys: BoardKeys, role: Role, ref: str) -> list[Session]:
    return read_sessions(client, keys, client.hvals(keys.open(role, ref)))


def distinct(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _outcome(outcome: str, rest: list[Any], loser: str) -> ChangeOutcome:
    """Raises RateLimited."""
    match outcome:
        case "changed":
            return Changed(int(rest[0]), taken_from=loser)
        case "held":
            return Held()
        case "too_many":
            raise RateLimited(TOO_MANY_NEW_COUNTERPARTS, retry_after=rest[0])
        case "same_phone":
            return SamePhone(tuple(rest[0]))
        case "exhausted":
            return NoNumber(tuple(rest))
        case _:
            return InTheWay(tuple(rest[0]))
