"""Recycling in batches: closes what is due, frees what has cooled, forgets what is old."""

from __future__ import annotations

from collections.abc import Sequence

from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.records import people_of
from relay.store.scripts import Scripts

_NOBODY = {"recruiter": "", "candidate": ""}


class Recycling:
    """Every step is safe to run twice and side by side. All raise Unavailable."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def close_due(self, pool: str, *, now: float, batch: int) -> tuple[int, list[str]]:
        """Closes one batch past its expiry. Returns how many were looked at, and the ids closed."""
        keys = self._keys.in_pool(pool)
        ids = self._client.zrange(keys.due, "-inf", f"{now}", byscore=True, offset=0, num=batch)
        if not ids:
            return 0, []
        closed = self._scripts.run(
            "close_due", keys, durably=False, now=now, batch=self._with_refs(ids)
        )
        return len(ids), closed

    def release_cooled(self, pool: str, *, now: float, batch: int, retention: int) -> int:
        """Frees the bindings of one batch whose cooldown is over. Returns how many were looked
        at."""
        keys = self._keys.in_pool(pool)
        members = self._client.zrange(
            keys.cooling, "-inf", f"{now}", byscore=True, offset=0, num=batch
        )
        if members:
            self._scripts.run(
                "release_cooled",
                keys,
                durably=False,
                now=now,
                retention=retention,
                batch=[{"member": member, "index": member.split(":")[2]} for member in members],
            )
        return len(members)

    def purge_ended(self, *, now: float, batch: int) -> int:
        """Forgets one batch of sessions past their retention, and entries whose session has no
        record any more. Returns how many were looked at."""
        ids = self._client.zrange(
            self._keys.ended, "-inf", f"{now}", byscore=True, offset=0, num=batch
        )
        if ids:
            self._scripts.run(
                "purge_ended",
                self._keys,
                durably=False,
                now=now,
                batch=self._with_refs(ids),
            )
        return len(ids)

    def trim_timeline(self, *, before: float, batch: int) -> int:
        """Forgets one batch of what began before that moment and has no record any more, in the
        board's list of interactions. Returns how many."""
        lines = self._client.zrange(
            self._keys.timeline, "-", f"({int(before):010}", bylex=True, offset=0, num=batch
        )
        if lines:
            self._client.zrem(self._keys.timeline, *lines)
        return len(lines)

    def _with_refs(self, ids: Sequence[str]) -> list[dict[str, str]]:
        """Each session with its people's refs; "" of one that is not kept any more."""
        records = self._client.hmget(self._keys.sessions, ids)
        return [
            {"id": session_id, **(people_of(record) if record else _NOBODY)}
            for session_id, record in zip(ids, records, strict=True)
        ]
