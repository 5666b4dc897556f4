"""Calls: finding whom one is for, and its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.domain.call_progress import CallProgress, CallStatus
from relay.domain.participant import Role
from relay.domain.routing import Route, RouteState
from relay.domain.session import pool_of
from relay.store.connection import Client, unavailable_when_away
from relay.store.keys import PoolKeys
from relay.store.records import unpack_session
from relay.store.scripts import Scripts


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    id: str
    session_id: str
    caller: Role
    status: CallStatus
    started_at: int
    duration: int | None
    was_accepted: bool
    leg_sid: str
    attestation: str


def call_id(pool: str, call_sid: str) -> str:
    """The interaction id of a call: its pool and the carrier's CallSid."""
    return f"{pool}.{call_sid}"


class Calls:
    def __init__(self, client: Client, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def route(
        self,
        pool: str,
        *,
        virtual_number: str,
        caller_indexes: Sequence[str],
        call_sid: str,
        attestation: str,
        lease: int,
        repeatable: int,
        retention: int,
        now: float,
    ) -> Route:
        """Whom the call is for; when it will be connected, it is on record with a lease of
        ``lease`` seconds, and the same answer is given for ``repeatable`` seconds. One round
        trip. Raises Unavailable."""
        keys = PoolKeys(pool)
        with unavailable_when_away():
            state, *details = self._scripts.run(
                "route",
                [
                    keys.numbers,
                    keys.sessions,
                    keys.leases,
                    keys.interactions,
                    keys.call(call_sid),
                    *map(keys.phone, caller_indexes),
                ],
                [
                    now,
                    virtual_number,
                    call_sid,
                    lease,
                    repeatable,
                    retention,
                    attestation,
                    *caller_indexes,
                ],
            )
        if not details:
            return Route(state=RouteState(state))
        session_id, side, record, sealed = details
        return Route(
            state=RouteState(state),
            session=unpack_session(session_id, record),
            caller=Role(side),
            sealed_counterpart=sealed,
        )

    def get(self, interaction_id: str) -> CallRecord | None:
        """Raises Unavailable."""
        pool, sid = _parts(interaction_id)
        with unavailable_when_away():
            record = self._client.hgetall(PoolKeys(pool).call(sid))
        return _unpack(interaction_id, record) if "session" in record else None

    def advance(self, interaction_id: str, progress: CallProgress, *, now: float) -> bool:
        """Takes a report into the call's record; False when there is no such call."""
        pool, sid = _parts(interaction_id)
        keys = PoolKeys(pool)
        with unavailable_when_away():
            status = self._scripts.run(
                "record_call",
                [keys.call(sid), keys.leases, keys.due, keys.sessions],
                [
                    now,
                    sid,
                    progress.status,
                    progress.rank,
                    progress.duration if progress.duration is not None else "",
                    progress.leg_sid,
                    int(progress.accepted),
                    int(progress.has_ended),
                ],
            )
        return bool(status)

    def of_ids(self, pool: str, call_sids: Sequence[str]) -> list[CallRecord]:
        """The records of calls, as far as they are kept. Raises Unavailable."""
        keys = PoolKeys(pool)
        with unavailable_when_away(), self._client.pipeline(transaction=False) as pipe:
            for sid in call_sids:
                pipe.hgetall(keys.call(sid))
            records = pipe.execute()
        return [
            _unpack(call_id(pool, sid), record)
            for sid, record in zip(call_sids, records, strict=True)
            if "session" in record
        ]


def _parts(interaction_id: str) -> tuple[str, str]:
    pool = pool_of(interaction_id)
    return pool, interaction_id[len(pool) + 1 :]


def _unpack(interaction_id: str, record: dict[str, str]) -> CallRecord:
    return CallRecord(
        id=interaction_id,
        session_id=record["session"],
        caller=Role(record["side"]),
        status=CallStatus(record["status"]),
        started_at=int(record["started_at"]),
        duration=int(record["duration"]) if "duration" in record else None,
        was_accepted=record.get("accepted") == "1",
        leg_sid=record.get("leg_sid", ""),
        attestation=record.get("attestation", ""),
    )
