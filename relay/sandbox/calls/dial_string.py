"""What a person dials: a number, perhaps with pauses and keys after it, as in a tel: link."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: How long a phone waits for a comma, and how long it takes for a key.
PAUSE_SECONDS = 2.0
KEY_SECONDS = 0.25

_DIALLED = re.compile(r"(?P<link>tel:)?(?P<number>\+?[0-9]+)(?P<after>[0-9*#,]*)")


@dataclass(frozen=True)
class SentKey:
    """A key that the phone sends by itself, so many seconds after the call was answered."""

    key: str
    after: float


def read_dialled(dialled: str) -> tuple[str, tuple[SentKey, ...]]:
    """``tel:+14155550192,,482913``: the number, and 482913 from four seconds after the answer on.

    Raises ValueError for a link with a star or a pound sign, which an iPhone does not dial.
    """
    found = _DIALLED.fullmatch(dialled)
    if found is None:
        return dialled, ()
    if found["link"] and re.search(r"[*#]", found["after"]):
        raise ValueError("no iPhone dials a link with * or #")
    return found["number"], tuple(_timed(found["after"]))


def _timed(keys: str) -> list[SentKey]:
    sent, seconds = [], 0.0
    for key in keys:
        if key == ",":
            seconds += PAUSE_SECONDS
        else:
            sent.append(SentKey(key, seconds))
            seconds += KEY_SECONDS
    return sent
