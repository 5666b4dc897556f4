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
        """Of all texts of these sessions, and of what waits to be sent; how many were on their
        way to ``ref``. Raises Unavailable."""
        keys = self._keys
        # A text may be split after it was listed: its second part is a copy.
        listed = self._texts_of(keys, sessions)
        texts = list(dict.fromkeys(t for text in listed for t in (text, second_id(text))))
        return sum(
            self._forget(keys, role, ref, texts[first : first + _BATCH])
            for first in range(0, len(texts), _BATCH)
        )

    def _texts_of(self, keys: BoardKeys, sessions: Sequence[Session]) -> Iterator[str]:
        yield from self._client.zrange(keys.outbox, 0, -1)
        with self._client.pipeline(transaction=False) as pipe:
            for session in sessions:
                pipe.zrange(keys.interactions, f"[{session.id}\t", f"({session.id}\n", bylex=True)
            for members in pipe.execute():
                interactions = (member.split("\t")[-1] for member in members)
                yield from (text for text in interactions if "." in text)  # a CallSid has no dot

    def _forget(self, keys: BoardKeys, role: Role, ref: str, texts: Sequence[str]) -> int:
        ids = [known for text in texts for known in (text, *(notice_id(text, n) for n in Notice))]
        touched = [key for known in ids for key in (keys.message(known), keys.body(known))]
        return int(
            self._scripts.run_positional("forget_in_texts", [keys.sessions, *touched], [role, ref])
        )
