"""Takes somebody's sealed phone out of the texts that are on their way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relay.domain.participant import Role
from relay.domain.session import Session
from relay.domain.texts import Notice, notice_id, second_id
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: Texts in one script call, each with the notices it may have caused.
_BATCH = 50


class Erasing:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

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
