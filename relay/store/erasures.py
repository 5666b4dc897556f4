"""Erasures: a person goes in one atomic script; texts on their way to them are cleaned later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relay.domain.errors import Conflict
from relay.domain.participant import Role
from relay.domain.session import ClosedReason, Session
from relay.domain.texts import Notice, notice_id, second_id
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.people import held_by, unpack_participant
from relay.store.phone_changes import ATTEMPTS, closings_of, distinct, open_sessions_of
from relay.store.scripts import Scripts

#: Texts in one script call, each with the notices it may have caused.
_BATCH = 50


class Erasures:
    """Every method raises Unavailable when Redis is away."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def erase(self, role: Role, ref: str, *, now: float) -> bool:
        """Forgets the record, closes the sessions and takes calls under way back. From now on
        nobody finds the person; ``pending`` lists them until ``finish``. Returns False for somebody
        unknown.

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

    def pending(self) -> list[tuple[Role, str]]:
        """Erased people whose sealed phone may still stand in texts on their way."""
        members = self._client.zrange(self._keys.erasures, 0, -1)
        return [(Role(role), ref) for role, _, ref in (m.partition(":") for m in members)]

    def finish(self, role: Role, ref: str) -> None:
        """No text holds their phone any more."""
        self._client.zrem(self._keys.erasures, f"{role}:{ref}")

    def forget_in_texts(self, role: Role, ref: str, sessions: Sequence[Session]) -> int:
        """Looks at all texts of these sessions, and at what waits to be sent. Returns how many
        were on their way to ``ref``. Raises Unavailable."""
        # A text may be split after it was listed: its second part is a copy.
        listed = self._texts_of(sessions)
        texts = list(dict.fromkeys(t for text in listed for t in (text, second_id(text))))
        return sum(
            self._forget(role, ref, texts[first : first + _BATCH])
            for first in range(0, len(texts), _BATCH)
        )

    def _texts_of(self, sessions: Sequence[Session]) -> Iterator[str]:
        yield from self._client.zrange(self._keys.outbox, 0, -1)
        interactions = self._keys.interactions
        with self._client.pipeline(transaction=False) as pipe:
            for session in sessions:
                pipe.zrange(interactions, f"[{session.id}\t", f"({session.id}\n", bylex=True)
            for members in pipe.execute():
                ids = (member.split("\t")[-1] for member in members)
                yield from (text for text in ids if "." in text)  # a CallSid has no dot

    def _forget(self, role: Role, ref: str, texts: Sequence[str]) -> int:
        ids = [known for text in texts for known in (text, *(notice_id(text, n) for n in Notice))]
        return int(
            self._scripts.run(
                "forget_in_texts", self._keys, durably=True, role=role, ref=ref, ids=ids
            )
        )
