"""The calls and messages of a session, or of the whole board, in the order in which they began."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relay.domain.session import Session
from relay.store.connection import Client
from relay.store.keys import BoardKeys

#: Sorts after all lines, which begin with digits.
_LAST = "~"


@dataclass(frozen=True)
class Place:
    """Where an interaction stands among all of a board: start, session, id, parted by tabs. The id
    is a CallSid, or that of a message, which has a dot."""

    line: str

    @property
    def started_at(self) -> str:
        return self.line.partition("\t")[0]

    @property
    def session(self) -> str:
        """ "" in a line that we have not written."""
        return self.line.partition("\t")[2].partition("\t")[0]

    @property
    def id(self) -> str:
        return self.line.partition("\t")[2].partition("\t")[2]

    @property
    def is_call(self) -> bool:
        return "." not in self.id


@dataclass(frozen=True, kw_only=True)
class Span:
    """From ``since`` (included) to ``until`` (not included), in whole POSIX seconds, and only what
    stands ``before`` a place. None: no such bound."""

    since: int | None = None
    until: int | None = None
    before: Place | None = None


class Interactions:
    def __init__(self, client: Client, keys: BoardKeys) -> None:
        self._client = client
        self._keys = keys

    def of_board(self, span: Span, *, count: int) -> list[Place]:
        """At most ``count`` of all sessions', the latest first. Raises Unavailable."""
        before = span.before.line if span.before else _LAST
        upper = before if span.until is None else min(before, f"{span.until:010}\t")
        lines = self._client.zrange(
            self._keys.timeline,
            f"({upper}",
            f"[{span.since or 0:010}\t",
            bylex=True,
            desc=True,
            offset=0,
            num=count,
        )
        return [Place(line) for line in lines]

    def of_sessions(self, ids: Sequence[str], span: Span, *, count: int) -> list[Place]:
        """The same of these sessions alone, in one round trip. Raises Unavailable."""
        with self._client.pipeline(transaction=False) as pipe:
            for session in ids:
                pipe.zrange(
                    self._keys.interactions,
                    f"({_end_in(session, span)}",
                    f"[{session}\t{span.since or 0:010}\t",
                    bylex=True,
                    desc=True,
                    offset=0,
                    num=count,
                )
            found = _places_in(pipe.execute())
        return sorted(found, key=lambda place: place.line, reverse=True)[:count]

    def texts_since(self, sessions: Iterable[Session], since: int) -> list[str]:
        """Ids of all that these sessions' people wrote to each other since then, in one round
        trip. Raises Unavailable."""
        with self._client.pipeline(transaction=False) as pipe:
            for session in sessions:
                start, end = f"[{session.id}\t{since}", f"({session.id}\n"
                pipe.zrange(self._keys.interactions, start, end, bylex=True)
            return [place.id for place in _places_in(pipe.execute()) if not place.is_call]


def _places_in(answers: Iterable[Sequence[str]]) -> list[Place]:
    """Of the members of sessions' own index: session, start, id."""
    parts = (member.partition("\t") for members in answers for member in members)
    starts = ((session, *rest.partition("\t")) for session, _, rest in parts)
    return [Place(f"{start}\t{session}\t{one}") for session, start, _, one in starts]


def _end_in(session: str, span: Span) -> str:
    """What all lines of the session sort before that are in the span. A tab sorts before a line's
    end, and either before all else."""
    ends = [f"{session}\n"]
    if span.until is not None:
        ends.append(f"{session}\t{span.until:010}\t")
    if span.before is not None:
        start = f"{session}\t{span.before.started_at}"
        if session == span.before.session:
            ends.append(f"{start}\t{span.before.id}")
        else:
            ends.append(f"{start}\n" if session < span.before.session else f"{start}\t")
    return min(ends)
