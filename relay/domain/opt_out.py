"""The words with which a person stops and restarts texts (TW-stop).

The carrier acts on them by itself and still delivers them to us; we keep its view.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
#: Twilio's own masking product never forwards it; START and YES are also things people say.
_NEVER_CONVERSATION = frozenset({"UNSTOP"})


#: The carrier may have forgotten a STOP that it has not confirmed for so many seconds: the next
#: text that somebody writes to that person is offered to it again.
OFFERED_AGAIN_AFTER = 7 * 24 * 3600


class OptOut(StrEnum):
    """What a text does to those that its sender gets. HELP has been answered by the carrier."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"
    NEITHER = ""


def classify_opt_out(body: str) -> OptOut:
    """By the carrier's default words, where it says nothing itself. A word counts only when it is
    the whole message: ``STOP PLEASE`` blocks nothing."""
    word = body.strip().upper()
    if word in STOP_WORDS:
        return OptOut.STOP
    if word in HELP_WORDS:
        return OptOut.HELP
    return OptOut.START if word in START_WORDS else OptOut.NEITHER


def is_start_for_others(body: str, *, undoes_a_stop: bool) -> bool:
    """Whether a START is meant for the other side: YES is, unless it undoes a STOP."""
    return not undoes_a_stop and body.strip().upper() not in _NEVER_CONVERSATION


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """A STOP that holds for a virtual number or for a messaging service; the other one is None.

    ``said_at``: when it was said, or first met at the carrier; ``known_at``: when it was said or
    the carrier last refused a text because of it; infinite where it was said to the number that a
    session had before, so that the carrier knows nothing of it. Both in POSIX seconds.
    """

    virtual_number: str | None
    messaging_service: str | None
    said_at: float
    known_at: float

    @property
    def place(self) -> str:
        """What it holds for: the number, or the service's sid."""
        return self.virtual_number or self.messaging_service or ""

    @property
    def offered_again_at(self) -> float | None:
        """None: never."""
        return None if math.isinf(self.known_at) else self.known_at + OFFERED_AGAIN_AFTER
