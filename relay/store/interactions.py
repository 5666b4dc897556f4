"""The calls and messages of a session, in the order in which they began."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from relay.domain.session import Session
from relay.store.connection import Client
from relay.store.keys import BoardKeys


@dataclass(frozen=True)
class Entry:
    """One line of the index: a CallSid, or the id of a message, which has a dot."""

    started_at: str
    id: str

    @property
    def is_call(self) -> bool:
        return "." not in self.id


class Interactions:
    def __init__(self, client: Client, keys: BoardKeys) -> None:
        self._client = client
        self._keys = keys

    def of_session(self, session: Session, *, before: Entry | None, count: int) -> list[Entry]:
        """At most ``count`` of them, the latest first, from the one after ``before`` on.

        Raises Unavailable.
        """
        start = f"({_member(session, before)}" if before else f"({session.id}\n"
        members = self._client.zrange(
            self._keys.interactions,
            start,
            f"[{session.id}\t",
            bylex=True,
            desc=True,
            offset=0,
            num=count,
        )
        return [Entry(*member.split("\t")[1:]) for member in members]

    def texts_since(self, sessions: Iterable[Session], since: int) -> list[str]:
        """Ids of all that these sessions' people wrote to each other since then, in one round
        trip. Raises Unavailable."""
        with self._client.pipeline(transaction=False) as pipe:
            for session in sessions:
                start, end = f"[{session.id}\t{since}", f"({session.id}\n"
                pipe.zrange(self._keys.interactions, start, end, bylex=True)
            members = [member for found in pipe.execute() for member in found]
        entries = (Entry(*member.split("\t")[1:]) for member in members)
        return [entry.id for entry in entries if not entry.is_call]


def _member(session: Session, entry: Entry) -> str:
    return f"{session.id}\t{entry.started_at}\t{entry.id}"
