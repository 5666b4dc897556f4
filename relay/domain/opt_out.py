"""The words with which a person stops and restarts texts (TW-stop).

The carrier acts on them by itself and still delivers them to us; we keep its view.
"""

from __future__ import annotations

from enum import StrEnum

STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
#: Twilio's own masking product never forwards it; START and YES are also things people say.
_NEVER_CONVERSATION = frozenset({"UNSTOP"})


class OptOut(StrEnum):
    """What a text does to those that its sender gets. HELP has been answered by the carrier, which
    alone says so: without that the word is a word."""

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
    return OptOut.START if word in START_WORDS else OptOut.NEITHER


def is_start_for_others(body: str, *, undoes_a_stop: bool) -> bool:
    """Whether a START is meant for the other side: YES is, unless it undoes a STOP."""
    return not undoes_a_stop and body.strip().upper() not in _NEVER_CONVERSATION
