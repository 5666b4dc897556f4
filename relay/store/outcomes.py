"""How calls and texts ended, by what the scripts have counted (``lua/shared/outcomes.lua``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from relay.domain.call_progress import CallStatus
from relay.domain.message_progress import MessageStatus, OwnFailure
from relay.domain.trouble import Trouble
from relay.store.connection import Client
from relay.store.counts import Counts
from relay.store.keys import BoardKeys

_WHYS = {"", *OwnFailure, *Trouble}
#: What may end, and how.
_ENDS: dict[str, set[str]] = {
    "call": {status for status in CallStatus if status.is_final},
    "message": {status for status in MessageStatus if status.is_final},
    "notice": {status for status in MessageStatus if status.is_final},
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``count`` of one ``kind`` (``call``, ``message``, ``notice``) have ended so. ``why`` is the
    trouble of a text that failed, or what went wrong here; "" where nobody is to blame."""

    kind: str
    end: str
    why: str
    count: int


def as_counted(status: MessageStatus, why: Trouble | OwnFailure | None) -> str:
    """What the scripts count of a text after its kind."""
    return f"{status}:{why or ''}"


class Outcomes:
    def __init__(self, client: Client, keys: BoardKeys) -> None:
        self._counts = Counts(client, keys.outcomes)

    def all(self) -> list[Outcome]:
        """Those that there have been; anything else in the hash is somebody else's writing. One
        round trip. Raises Unavailable."""
        return list(self._read())

    def _read(self) -> Iterator[Outcome]:
        for name, count in self._counts.all().items():
            kind, _, rest = name.partition(":")
            end, _, why = rest.partition(":")
            if end in _ENDS.get(kind, ()) and why in _WHYS:
                yield Outcome(kind=kind, end=end, why=why, count=count)
