"""The words with which a person stops and restarts texts (TW-stop).

The carrier acts on them by itself and still delivers them to us; we keep its view.
"""

from __future__ import annotations

from enum import Enum, auto

STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
#: Twilio's own masking product never forwards it; START and YES are also things people say.
_NEVER_CONVERSATION = frozenset({"UNSTOP"})


class OptOut(Enum):
    STOP = auto()
    START = auto()
    NEITHER = auto()


def classify_opt_out(body: str) -> OptOut:
    """A word counts only when it is the whole message: ``STOP PLEASE`` blocks nothing."""
    word = body.strip().upper()
    if word in STOP_WORDS:
        return OptOut.STOP
    return OptOut.START if word in START_WORDS else OptOut.NEITHER


def is_conversation(body: str, *, undoes_a_stop: bool) -> bool:
    """Whether the text is meant for the other side: YES is, unless it undoes a STOP."""
    word = classify_opt_out(body)
    if word is OptOut.START:
        return not undoes_a_stop and body.strip().upper() not in _NEVER_CONVERSATION
    return word is OptOut.NEITHER
