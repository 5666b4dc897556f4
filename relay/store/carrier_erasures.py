"""Who was erased, and whose calls and texts the carrier still has records of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from relay.domain.participant import Role
from relay.store.connection import Client
from relay.store.interactions import Interactions, Place, Span
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

    def left(self, erasure: CarrierErasure) -> Iterator[list[Place]]:
        """The calls and texts of the sessions that had ended with the erasure, page by page; not
        those that are gone. Whoever came again has other sessions."""
        index = Interactions(self._client, self._keys)
        for session in kept_sessions_of(self._client, self._keys, erasure.role, erasure.ref):
            if session.closed_at is None or session.closed_at * 1000 > erasure.moment + 1000:
                continue
            span = Span()
            while places := index.of_sessions([session.id], span, count=_PAGE):
                span = Span(before=places[-1])
                yield self._without_gone(erasure, places)

    def _without_gone(self, erasure: CarrierErasure, places: list[Place]) -> list[Place]:
        ids = [place.id for place in places]
        gone = self._client.smismember(self._keys.gone(f"{erasure.moment}"), ids)
        return [place for place, is_gone in zip(places, gone, strict=True) if not is_gone]

    def note_gone(self, erasure: CarrierErasure, places: Sequence[Place]) -> None:
        if places:
            key = self._keys.gone(f"{erasure.moment}")
            self._client.sadd(key, *(place.id for place in places))

    def note_done(self, erasure: CarrierErasure) -> None:
        """Not of a later erasure of the same person."""
        moment = erasure.moment
        self._client.zremrangebyscore(self._keys.carrier_erasures, moment, moment)
        self._client.delete(self._keys.gone(f"{moment}"))
