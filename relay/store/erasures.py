"""Erasures: a person goes in one atomic script, and their sealed phone with them."""

from __future__ import annotations

from relay.domain.erasure import Erasure, ErasureStatus
from relay.domain.errors import BeingChanged
from relay.domain.participant import Role
from relay.domain.pool import LONGEST_TEXT_LIFETIME
from relay.domain.session import ClosedReason
from relay.domain.texts import second_id
from relay.store.carrier_erasures import CarrierErasures
from relay.store.connection import Client
from relay.store.interactions import Interactions
from relay.store.keys import BoardKeys
from relay.store.people import held_by, unpack_participant
from relay.store.phone_changes import ATTEMPTS, closings_of, distinct, open_sessions_of
from relay.store.rewritings import Rewritings
from relay.store.scripts import Scripts
from relay.store.sessions import kept_sessions_of

#: Seconds that the clocks of two processes may differ by.
_CLOCKS = 600


class Erasures:
    """``at_carrier`` is what is left to do there. Every method raises Unavailable when Redis is
    away."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self._rewritings = Rewritings(client)
        self.at_carrier = CarrierErasures(client, keys)

    def erase(self, role: Role, ref: str, *, now: float) -> bool:
        """Forgets the record, closes the sessions, deletes the words of texts to and from the
        person and takes calls under way back. From now on nobody finds the person. Returns False
        for somebody unknown.

        Raises Conflict when others change the same people at the same time again and again.
        """
        for _ in range(ATTEMPTS):
            outcome = self._erase(role, ref, now)
            if outcome != "again":
                return outcome == "erased"
        raise BeingChanged("The participant is being changed by others; try again.")

    def _erase(self, role: Role, ref: str, now: float) -> str:
        record = self._client.hgetall(self._keys.person(role, ref))
        sessions = open_sessions_of(self._client, self._keys, role, ref)
        texts_since = int(now - LONGEST_TEXT_LIFETIME - _CLOCKS)
        outcome: str = self._scripts.run(
            "erase_participant",
            self._keys,
            now=now,
            role=role,
            other_role=role.other,
            ref=ref,
            reason=ClosedReason.ERASED,
            held=held_by(unpack_participant(role, ref, record)) if record else (),
            pools=distinct(session.pool for session in sessions),
            closings=closings_of(sessions, role),
            texts=self._texts_of(role, ref, texts_since),
            texts_since=texts_since,
        )
        return outcome

    def _texts_of(self, role: Role, ref: str, since: int) -> list[str]:
        """Ids of all texts to and from the person since then, and of second parts that they may
        have by the time they are erased."""
        sessions = (
            session
            for session in kept_sessions_of(self._client, self._keys, role, ref)
            if session.closed_at is None or session.closed_at >= since
        )
        index = Interactions(self._client, self._keys)
        texts = index.texts_since(sessions, since)
        return distinct(each for text in texts for each in (text, second_id(text)))

    def get(self, role: Role, ref: str) -> Erasure | None:
        """The latest of a person, a month long and until it is final."""
        moment = self._client.zscore(self._keys.erasures, f"{role}:{ref}")
        if moment is None:
            return None
        return Erasure(role, ref, int(moment), self._status(role, ref, int(moment)))

    def _status(self, role: Role, ref: str, moment: int) -> ErasureStatus:
        if moment <= self._rewritten():
            is_pending = self.at_carrier.is_pending(role, ref)
            return ErasureStatus.PENDING_CARRIER if is_pending else ErasureStatus.DONE
        latest = self._rewritings.latest()
        if latest and latest.refusing:
            return ErasureStatus.PENDING_PROVIDER
        return ErasureStatus.PENDING

    def latest_pending(self) -> int | None:
        """The moment of the latest that may be in a file; None when none is."""
        latest = self._client.zrange(self._keys.erasures, 0, 0, desc=True, withscores=True)
        moment = int(latest[0][1]) if latest else 0
        return moment if moment > self._rewritten() else None

    def note_final(self, moment: int) -> None:
        """All up to this moment are in no file any more."""
        self._client.set(self._keys.rewritten, moment)

    def _rewritten(self) -> int:
        return int(self._client.get(self._keys.rewritten) or 0)

    def since(self, moment: float) -> frozenset[tuple[Role, str]]:
        """Who was erased since then, in seconds."""
        members = self._client.zrange(self._keys.erasures, moment * 1000, "+inf", byscore=True)
        parted = (member.partition(":") for member in members)
        return frozenset((Role(role), ref) for role, _, ref in parted)

    def forget(self, *, before: float) -> int:
        """Who was erased before that moment, for good, is not remembered any more. Returns how
        many."""
        first = self.at_carrier.first_moment()
        last = min(int(before * 1000), self._rewritten())
        last = last if first is None else min(last, first - 1)
        return int(self._client.zremrangebyscore(self._keys.erasures, "-inf", last))
