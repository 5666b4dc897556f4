"""Calls: finding whom one is for, and its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relay.domain import access_code
from relay.domain.call_progress import CallProgress, CallStatus
from relay.domain.participant import Role
from relay.domain.reputation import SHORT_CALL
from relay.domain.routing import Route, RouteState
from relay.domain.session import pool_of
from relay.store.connection import Client
from relay.store.keys import BoardKeys, PoolKeys
from relay.store.records import unpack_session
from relay.store.scripts import Scripts


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


@dataclass(frozen=True, kw_only=True)
class IncomingCall:
    """``caller_indexes`` are none when the caller is withheld: nobody is ever found by that."""

    sid: str
    virtual_number: str
    caller_indexes: tuple[str, ...]
    attestation: str


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
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def route(
        self,
        pool: str,
        call: IncomingCall,
        *,
        limits: CallLimits,
        now: float,
    ) -> Route:
        """Whom the call is for; when it will be connected, it is on record with a lease, and the
        same answer is given for a while. One round trip. Raises Unavailable."""
        keys = self._keys.in_pool(pool)
        answer = self._scripts.run_positional(
            "route",
            [
                *_call_keys(keys, call),
                keys.policy,
                keys.load,
                keys.code_lengths,
                *map(keys.phone, call.caller_indexes),
            ],
            [*_call_arguments(call, limits, now), *call.caller_indexes],
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
        keys = self._keys.in_pool(pool)
        answer = self._scripts.run_positional(
            "enter_code",
            [
                *_call_keys(keys, call),
                keys.codes,
                keys.code_lengths,
                keys.tries(call.sid),
                keys.wrong_from(next(iter(call.caller_indexes), "")),
                keys.wrong_on(call.virtual_number),
                keys.recruiter_degrees,
                *map(keys.phone, call.caller_indexes),
            ],
            [
                *_call_arguments(call, limits, now),
                code,
                attempt,
                access_code.TRIES_IN_A_CALL,
                access_code.TRIES_OF_A_CALLER,
                access_code.TRIES_OF_STRANGERS,
                access_code.WINDOW,
                access_code.BINDINGS_A_TRY,
                *call.caller_indexes,
            ],
        )
        return _route(answer)

    def get(self, interaction_id: str) -> CallRecord | None:
        """Raises Unavailable."""
        pool, sid = _parts(interaction_id)
        record = self._client.hgetall(self._keys.in_pool(pool).call(sid))
        return _unpack(interaction_id, record) if "session" in record else None

    def advance(
        self,
        interaction_id: str,
        progress: CallProgress,
        *,
        now: float,
        virtual_number: str | None = None,
    ) -> bool:
        """Takes a report into the call's record and into its number's traffic; False when there is
        no such call. Who has the record names the number, and saves a round trip."""
        pool, sid = _parts(interaction_id)
        keys = self._keys.in_pool(pool)
        if virtual_number is None:
            virtual_number = self._client.hget(keys.call(sid), "number") or ""
        status = self._scripts.run_positional(
            "record_call",
            [
                keys.call(sid),
                keys.leases,
                keys.due,
                keys.sessions,
                keys.traffic(virtual_number),
            ],
            [
                now,
                sid,
                progress.status,
                progress.rank,
                progress.duration if progress.duration is not None else "",
                progress.leg_sid,
                int(progress.accepted),
                int(progress.has_ended),
                SHORT_CALL,
            ],
        )
        return bool(status)

    def of_ids(self, pool: str, call_sids: Sequence[str]) -> list[CallRecord]:
        """The records of calls, as far as they are kept. Raises Unavailable."""
        keys = self._keys.in_pool(pool)
        with self._client.pipeline(transaction=False) as pipe:
            for sid in call_sids:
                pipe.hgetall(keys.call(sid))
            records = pipe.execute()
        return [
            _unpack(call_id(pool, sid), record)
            for sid, record in zip(call_sids, records, strict=True)
            if "session" in record
        ]


def _call_keys(keys: PoolKeys, call: IncomingCall) -> list[str]:
    return [keys.numbers, keys.sessions, keys.leases, keys.interactions, keys.call(call.sid)]


def _call_arguments(call: IncomingCall, limits: CallLimits, now: float) -> list[str | int | float]:
    return [
        now,
        call.virtual_number,
        call.sid,
        limits.lease,
        limits.repeatable,
        limits.retention,
        call.attestation,
    ]


def _route(answer: list[Any]) -> Route:
    match answer:
        case ["several" | "stranger_with_code" | "wrong" as state, digits, *locale]:
            return Route(state=RouteState(state), digits=int(digits), known_locale="".join(locale))
        case ["tried_out", locale]:
            return Route(state=RouteState.TRIED_OUT, known_locale=locale)
        case [state, session_id, side, record, sealed]:
            return Route(
                state=RouteState(state),
                session=unpack_session(session_id, record),
                caller=Role(side),
                sealed_counterpart=sealed,
            )
        case _:
            return Route(state=RouteState(answer[0]))


def _parts(interaction_id: str) -> tuple[str, str]:
    pool = pool_of(interaction_id)
    return pool, interaction_id[len(pool) + 1 :]


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
    )
