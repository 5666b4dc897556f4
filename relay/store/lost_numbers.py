"""Numbers that the carrier's account has lost: their open sessions go on by other numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.domain.notices import Notice, notice_id
from relay.domain.participant import Role
from relay.domain.pool import NumberStatus, Pool
from relay.domain.session import ClosedReason, Session, SessionStatus
from relay.signing import Signer
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.outbox import LOOK_AGAIN
from relay.store.records import is_genuine
from relay.store.renumbering import carried_stop, phones_met, renumbering_of
from relay.store.scripts import Scripts
from relay.store.sessions import read_sessions
from relay.store.suppressions import Suppressions

#: Codes looked at in one round trip.
_AT_A_TIME = 1000


@dataclass(frozen=True)
class Left:
    """Ids of sessions that have another number, of those that are closed for want of one, and of
    the notices that tell people of theirs, where the new number texts."""

    renumbered: tuple[str, ...]
    closed: tuple[str, ...]
    notices: tuple[str, ...]


class LostNumbers:
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

    def open_sessions_on(self, number: str) -> list[Session]:
        """Those of ours: a session that somebody has written, and that got another number, would
        leave a trace with our signature (P9). Found by their codes: every session has one on its
        number."""
        keys = self._keys
        codes = self._client.hscan_iter(keys.codes, match=f"{number}:*", count=_AT_A_TIME)
        ids = list(dict.fromkeys(session_id for _, session_id in codes))
        found: list[Session] = []
        for first in range(0, len(ids), _AT_A_TIME):
            found += read_sessions(self._client, keys, ids[first : first + _AT_A_TIME])
        return [
            session
            for session in found
            if session.status is SessionStatus.OPEN
            and session.virtual_number == number
            and is_genuine(self._signer, keys.board, session)
        ]

    def leave(
        self, number: str, pool: Pool, sessions: Sequence[Session], *, now: float, retention: int
    ) -> Left:
        """Takes these open sessions off the number, which is ``released`` in its pool, in one step.
        What has changed since they were read stays for the next time."""
        batch = [self._leaving(session, pool) for session in sessions]
        answer = self._scripts.run(
            "leave_number",
            self._keys.in_pool(pool.name),
            now=now,
            number=number,
            status=NumberStatus.RELEASED,
            reason=ClosedReason.NUMBER_LOST,
            notice_kind=Notice.NUMBER_CHANGED,
            look_again=LOOK_AGAIN,
            record_life=retention,
            batch=batch,
            met=phones_met(sessions),
        )
        return Left(*map(tuple, answer))

    def _leaving(self, session: Session, pool: Pool) -> dict[str, str]:
        renumbering = renumbering_of(session, pool, self._signer, board=self._keys.board)
        leaving = dict(renumbering)
        for role in Role:
            party, told = session.party(role), f"{renumbering['trace']}.{role}"
            leaving[str(role)] = party.ref
            leaving[f"{role}_index"] = party.phone_index
            leaving[f"{role}_stopped_at"] = carried_stop(self._suppressions, session, role)
            leaving[f"{role}_notice"] = notice_id(told, Notice.NUMBER_CHANGED)
        return leaving
