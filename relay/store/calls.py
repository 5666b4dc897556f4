"""Calls: finding whom one is for, and its record."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from relay.domain import access_code
from relay.domain.call_progress import CallProgress, CallStatus
from relay.domain.charges import Charges
from relay.domain.interaction import EnteredBy
from relay.domain.participant import Role
from relay.domain.reputation import SHORT_CALL
from relay.domain.routing import Route, RouteState
from relay.domain.session import Seals, SessionStatus, pool_of
from relay.store.awaited import Awaited
from relay.store.charges import as_records
from relay.store.connection import Client
from relay.store.decided import decided_by
from relay.store.keys import BoardKeys
from relay.store.records import unpack_session
from relay.store.scripts import Scripts
from relay.store.sessions import read_sessions


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    id: str
    session_id: str
    virtual_number: str
    caller: Role
    status: CallStatus
    started_at: int
    duration: int | None
    was_accepted: bool
    leg_sid: str
    attestation: str
    #: The counterpart's, when it was decided to connect the call.
    stamped_guard: str
    entered_by: EnteredBy

    @property
    def sid(self) -> str:
        """The carrier's CallSid."""
        return _sid_of(self.id)


@dataclass(frozen=True, kw_only=True)
class IncomingCall:
    """``caller_indexes`` are none when the caller is withheld: nobody is ever found by that.
    ``marks`` are those of the sid (``decided.py``)."""

    sid: str
    virtual_number: str
    caller_indexes: tuple[str, ...]
    attestation: str
    marks: tuple[int, ...]

    @property
    def is_vouched_for(self) -> bool:
        """Whether the networks say that the caller ID is the caller's."""
        return bool(self.caller_indexes) and self.attestation == "A"

    @property
    def tries_of_caller(self) -> str:
        """Under which name the caller's wrong codes are counted, and a stranger's calls in which
        nothing was entered. A caller whom the networks vouch for has tries of their own, so that
        nobody uses them up by a forged caller ID."""
        index = next(iter(self.caller_indexes), "")
        return f"{index}:A" if self.is_vouched_for else index

    @property
    def tries_on_number(self) -> str:
        """Under which name the wrong codes of callers are counted who have no binding on the
        number: apart for those whom the networks vouch for, so that others do not use up theirs."""
        return f"{self.virtual_number}:A" if self.is_vouched_for else self.virtual_number


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """Seconds: how long a call can last at most, in which its webhook gets the same answer again,
    and for which its record is kept."""

    lease: int
    repeatable: int
    retention: int


def call_id(pool: str, call_sid: str) -> str:
    """The interaction id of a call: its pool and the carrier's CallSid."""
    return f"{pool}.{call_sid}"


class Calls:
    """``unended``: those that were connected and have not been seen to end."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self.unended = Awaited(client, keys.unended)

    def route(self, pool: str, call: IncomingCall, *, limits: CallLimits, now: float) -> Route:
        """Whom the call is for; when it will be connected, it is on record with a lease, and the
        same answer is given for a while. One round trip. Raises Unavailable."""
        answer = self._scripts.run(
            "route",
            self._keys.in_pool(pool),
            now=now,
            number=call.virtual_number,
            indexes=call.caller_indexes,
            tries_of_caller=call.tries_of_caller,
            call_sid=call.sid,
            attestation=call.attestation,
            lease=limits.lease,
            repeatable=limits.repeatable,
            retention=limits.retention,
            **decided_by(call.marks, now=now),
        )
        return _route(answer)

    def enter_code(
        self,
        pool: str,
        call: IncomingCall,
        *,
        code: str,
        attempt: int,
        limits: CallLimits,
        now: float,
    ) -> Route:
        """Whom the code is for, as ``route``; ``attempt`` counts the call's tries from 1. Raises
        Unavailable."""
        answer = self._scripts.run(
            "enter_code",
            self._keys.in_pool(pool),
            now=now,
            number=call.virtual_number,
            indexes=call.caller_indexes,
            tries_of_caller=call.tries_of_caller,
            tries_on_number=call.tries_on_number,
            call_sid=call.sid,
            attestation=call.attestation,
            lease=limits.lease,
            repeatable=limits.repeatable,
            retention=limits.retention,
            code=code,
            attempt=attempt,
            window=access_code.WINDOW,
            most_attempts=access_code.TRIES_IN_A_CALL,
            most_from=access_code.TRIES_OF_A_CALLER,
            most_on=access_code.tries_of_strangers(are_vouched_for=call.is_vouched_for),
            bindings_a_try=access_code.BINDINGS_A_TRY,
        )
        return _route(answer)

    def refuse(self, pool: str, call: IncomingCall, *, now: float) -> None:
        """Takes back what ``route`` or ``enter_code`` has put on record of a call to connect; the
        same call is not connected later. Raises Unavailable."""
        self._scripts.run(
            "refuse_call",
            self._keys.in_pool(pool),
            now=now,
            call_sid=call.sid,
            **decided_by(call.marks, now=now),
        )

    def get(self, interaction_id: str) -> CallRecord | None:
        """Raises Unavailable."""
        record = self._client.hgetall(self._keys.call(_sid_of(interaction_id)))
        return _unpack(interaction_id, record) if "session" in record else None

    def advance(
        self,
        interaction_id: str,
        progress: CallProgress,
        *,
        now: float,
        virtual_number: str,
        charges: Charges | None = None,
    ) -> bool:
        """Takes a report into the call's record and into the traffic of the number that it came in
        on. ``charges`` are the call's as far as the report tells. Returns False when there is no
        such call. Raises Unavailable."""
        status = self._scripts.run(
            "record_call",
            self._keys.in_pool(pool_of(interaction_id)),
            now=now,
            call_sid=_sid_of(interaction_id),
            number=virtual_number,
            status=progress.status,
            rank=progress.rank,
            duration=progress.duration,
            leg_sid=progress.leg_sid,
            accepted=progress.accepted,
            has_ended=progress.has_ended,
            short_call=SHORT_CALL,
            charges=as_records(charges or {}),
        )
        return bool(status)

    def ringing_of_erased(self, people: AbstractSet[tuple[Role, str]]) -> list[CallRecord]:
        """Calls of people erased that nobody has taken yet; none of those that they have when
        they have come again. Raises Unavailable."""
        if not people:
            return []
        leases = self._client.hgetall(self._keys.leases)
        sessions = read_sessions(self._client, self._keys, list(leases))
        ids = [
            call_id(session.pool, sid)
            for session in sessions
            if session.status is SessionStatus.CLOSED
            and any((role, session.party(role).ref) in people for role in Role)
            for sid in _revoked(leases[session.id])
        ]
        return [call for call in self.of_ids(ids) if call.status is CallStatus.RINGING]

    def of_ids(self, interaction_ids: Sequence[str]) -> list[CallRecord]:
        """The records of calls, as far as they are kept. Raises Unavailable."""
        with self._client.pipeline(transaction=False) as pipe:
            for each in interaction_ids:
                pipe.hgetall(self._keys.call(_sid_of(each)))
            records = pipe.execute()
        return [
            _unpack(interaction_id, record)
            for interaction_id, record in zip(interaction_ids, records, strict=True)
            if "session" in record
        ]


def _revoked(leases: str) -> list[str]:
    """The calls whose decision holds no longer (``leases.lua``)."""
    lines = (line.split("\t") for line in leases.splitlines())
    return [sid for sid, _until, _decided_at, holds, _successors in lines if not holds]


def _route(answer: list[Any]) -> Route:
    match answer:
        case ["several" | "stranger_with_code" | "unverified" | "wrong" as state, digits, *locale]:
            return Route(state=RouteState(state), digits=int(digits), known_locale="".join(locale))
        case ["tried_out", locale]:
            return Route(state=RouteState.TRIED_OUT, known_locale=locale)
        case ["over_limit", session_id, side, record, limit]:
            return Route(
                state=RouteState.OVER_LIMIT,
                session=unpack_session(session_id, record),
                caller=Role(side),
                limit=limit,
            )
        case ["connect", session_id, side, record, guard, *seals]:
            return Route(
                state=RouteState.CONNECT,
                session=unpack_session(session_id, record),
                caller=Role(side),
                stamped_guard=guard,
                seals=Seals._make(seals),
            )
        case [state, session_id, side, record]:
            return Route(
                state=RouteState(state),
                session=unpack_session(session_id, record),
                caller=Role(side),
            )
        case _:
            return Route(state=RouteState(answer[0]))


def _sid_of(interaction_id: str) -> str:
    """The carrier's CallSid."""
    return interaction_id[len(pool_of(interaction_id)) + 1 :]


def _unpack(interaction_id: str, record: dict[str, str]) -> CallRecord:
    return CallRecord(
        id=interaction_id,
        session_id=record["session"],
        virtual_number=record.get("number", ""),
        caller=Role(record["side"]),
        status=CallStatus(record["status"]),
        started_at=int(record["started_at"]),
        duration=int(record["duration"]) if "duration" in record else None,
        was_accepted=record.get("accepted") == "1",
        leg_sid=record.get("leg_sid", ""),
        attestation=record.get("attestation", ""),
        stamped_guard=record.get("guard", ""),
        entered_by=_entered_by(record.get("by_code", "")),
    )


def _entered_by(by_code: str) -> EnteredBy:
    """By what ``connecting.lua`` has noted."""
    if not by_code:
        return EnteredBy.PHONE
    return EnteredBy.CODE if by_code == "own" else EnteredBy.CODE_FROM_OTHER_PHONE
