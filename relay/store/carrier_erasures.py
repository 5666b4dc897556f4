"""Who was erased, and whose calls and texts the carrier still has records of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from relay.domain.participant import Role
from relay.store.connection import Client
from relay.store.interactions import Entry, Interactions
from relay.store.keys import BoardKeys
from relay.store.sessions import kept_sessions_of

_PAGE = 50


class CarrierErasure(NamedTuple):
    """``moment`` as in ``Erasure``: no two of a board share one."""

    role: Role
    ref: str
    moment: int


class CarrierErasures:
    """Every method raises Unavailable."""

    def __init__(self, client: Client, keys: BoardKeys) -> None:
        self._client = client
        self._keys = keys

    def pending(self) -> list[CarrierErasure]:
        """The earliest first."""
        scored = self._client.zrange(self._keys.carrier_erasures, 0, -1, withscores=True)
        parted = ((member.partition(":"), moment) for member, moment in scored)
        return [CarrierErasure(Role(role), ref, int(at)) for (role, _, ref), at in parted]

    def is_pending(self, role: Role, ref: str) -> bool:
        member = f"{role}:{ref}"
        return self._client.zscore(self._keys.carrier_erasures, member) is not None

    def first_moment(self) -> int | None:
        first = self._client.zrange(self._keys.carrier_erasures, 0, 0, withscores=True)
        return int(first[0][1]) if first else None

    def left(self, erasure: CarrierErasure) -> Iterator[list[Entry]]:
        """The calls and texts of the sessions that had ended with the erasure, page by page; not
        those that are gone. Whoever came again has other sessions."""
        index = Interactions(self._client, self._keys)
        for session in kept_sessions_of(self._client, self._keys, erasure.role, erasure.ref):
            if session.closed_at is None or session.closed_at * 1000 > erasure.moment + 1000:
                continue
            before: Entry | None = None
            while entries := index.of_session(session, before=before, count=_PAGE):
                before = entries[-1]
                yield self._without_gone(erasure, entries)

    def _without_gone(self, erasure: CarrierErasure, entries: list[Entry]) -> list[Entry]:
        ids = [entry.id for entry in entries]
        gone = self._client.smismember(self._keys.gone(f"{erasure.moment}"), ids)
        return [entry for entry, is_gone in zip(entries, gone, strict=True) if not is_gone]

    def note_gone(self, erasure: CarrierErasure, entries: Sequence[Entry]) -> None:
        if entries:
            key = self._keys.gone(f"{erasure.moment}")
            self._client.sadd(key, *(entry.id for entry in entries))

    def note_done(self, erasure: CarrierErasure) -> None:
        """Not of a later erasure of the same person."""
        moment = erasure.moment
        self._client.zremrangebyscore(self._keys.carrier_erasures, moment, moment)
        self._client.delete(self._keys.gone(f"{moment}"))
