"""Erasures: a person goes in one atomic script, and their sealed phone with them."""

from __future__ import annotations

from relay.domain.errors import Conflict
from relay.domain.participant import Role
from relay.domain.session import ClosedReason
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.people import held_by, unpack_participant
from relay.store.phone_changes import ATTEMPTS, closings_of, distinct, open_sessions_of
from relay.store.scripts import Scripts


class Erasures:
    """Every method raises Unavailable when Redis is away."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def erase(self, role: Role, ref: str, *, now: float) -> bool:
        """Forgets the record, closes the sessions and takes calls under way back. From now on
        nobody finds the person. Returns False for somebody unknown.

        Raises Conflict when others change the same people at the same time again and again.
        """
        for _ in range(ATTEMPTS):
            outcome = self._erase(role, ref, now)
            if outcome != "again":
                return outcome == "erased"
        raise Conflict("The participant is being changed by others; try again.", retry_after=1)

    def _erase(self, role: Role, ref: str, now: float) -> str:
        record = self._client.hgetall(self._keys.person(role, ref))
        sessions = open_sessions_of(self._client, self._keys, role, ref)
        outcome: str = self._scripts.run(
            "erase_participant",
            self._keys,
            durably=True,
            now=now,
            role=role,
            other_role=role.other,
            ref=ref,
            reason=ClosedReason.ERASED,
            held=held_by(unpack_participant(role, ref, record)) if record else (),
            pools=distinct(session.pool for session in sessions),
            closings=closings_of(sessions, role),
        )
        return outcome

    def since(self, moment: float) -> list[tuple[Role, str]]:
        """Who was erased since then."""
        members = self._client.zrange(self._keys.erasures, moment, "+inf", byscore=True)
        return [(Role(role), ref) for role, _, ref in (m.partition(":") for m in members)]

    def forget(self, *, before: float) -> int:
        """Whom was erased before that moment is not remembered any more. Returns how many."""
        return int(self._client.zremrangebyscore(self._keys.erasures, "-inf", before))
