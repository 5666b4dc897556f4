"""Recycling in batches: closes what is due, frees what has cooled, forgets what is old."""

from __future__ import annotations

from relay.domain.participant import Role
from relay.domain.pool import Pool
from relay.domain.session import Session
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts, degrees_of, leaves
from relay.store.sessions import read_sessions


class Recycling:
    """Every step is safe to run twice and side by side. All raise Unavailable."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def close_due(self, pool: Pool, *, now: float, batch: int) -> tuple[int, list[str]]:
        """Closes one batch past its expiry: how many were looked at, and the ids closed."""
        keys = self._keys.in_pool(pool.name)
        looked_at, *closed = self._scripts.run_positional(
            "close_due",
            [
                keys.sessions,
                keys.due,
                keys.cooling,
                keys.leases,
                keys.policy,
                keys.busy,
                keys.full,
            ],
            [now, batch, pool.recruiter_cooldown, pool.candidate_cooldown],
        )
        return int(looked_at), closed

    def release_cooled(self, pool: str, *, now: float, batch: int, retention: int) -> int:
        """Frees the bindings of one batch whose cooldown is over; how many were looked at."""
        keys = self._keys.in_pool(pool)
        members = self._client.zrange(
            keys.cooling, "-inf", f"{now}", byscore=True, offset=0, num=batch
        )
        if members:
            indexes = [member.split(":")[2] for member in members]
            self._scripts.run_positional(
                "release_cooled",
                [
                    keys.cooling,
                    keys.sessions,
                    keys.leases,
                    keys.ordinals,
                    keys.codes,
                    keys.code_lengths,
                    keys.load,
                    *degrees_of(keys),
                    keys.sharing,
                    keys.ended,
                    *(key for index in indexes for key in leaves(keys.shape("node", index))),
                ],
                [now, retention, *members],
            )
        return len(members)

    def purge_ended(self, pool: str, *, now: float, batch: int) -> int:
        """Forgets one batch of sessions past their retention, and entries whose session has no
        record any more; how many were looked at."""
        keys = self._keys.in_pool(pool)
        ids = self._client.zrange(keys.ended, "-inf", f"{now}", byscore=True, offset=0, num=batch)
        if ids:
            found = {session.id: session for session in read_sessions(self._client, keys, ids)}
            pairs = [_refs_of(found.get(session_id)) for session_id in ids]
            self._scripts.run_positional(
                "purge_ended",
                [
                    keys.sessions,
                    keys.ended,
                    keys.interactions,
                    keys.leases,
                    *(
                        keys.pairs(role, ref)
                        for pair in pairs
                        for role, ref in zip(Role, pair, strict=True)
                    ),
                ],
                [
                    now,
                    *(
                        value
                        for session_id, pair in zip(ids, pairs, strict=True)
                        for value in (session_id, *pair)
                    ),
                ],
            )
        return len(ids)


def _refs_of(session: Session | None) -> tuple[str, str]:
    """The recruiter's and the candidate's; "" of a session that is not kept any more."""
    return (session.recruiter.ref, session.candidate.ref) if session else ("", "")
