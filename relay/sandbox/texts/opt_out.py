"""STOP, START and HELP as the carrier itself treats them (TW-stop)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Word = Literal["STOP", "START", "HELP"]

STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
START_WORDS = frozenset({"start", "yes", "unstop"})
HELP_WORDS = frozenset({"help", "info"})

REPLIES: dict[Word, str] = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages "
    "from this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. "
    "Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
_TOLL_FREE_WORDS: dict[str, Word] = {
    "stop": "STOP",
    "start": "START",
    "unstop": "START",
    "help": "HELP",
    "info": "HELP",
}
TOLL_FREE_REPLIES: dict[Word, str] = {
    "STOP": 'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this '
    'number. Text back "unstop" to receive messages again.',
    "START": 'NETWORK MSG: You have replied "unstop" and will begin receiving messages again '
    "from this number.",
    "HELP": REPLIES["HELP"],
}


def read_word(
    body: str, *, is_toll_free: bool, keywords: Mapping[str, Word] | None = None
) -> Word | None:
    """The whole message must be the one word; toll-free networks have fewer for STOP and START.
    ``keywords`` are the service's own."""
    word = body.strip().casefold()
    if is_toll_free:
        return _TOLL_FREE_WORDS.get(word)
    if keywords and word in keywords:
        return keywords[word]
    if word in STOP_WORDS:
        return "STOP"
    if word in START_WORDS:
        return "START"
    return "HELP" if word in HELP_WORDS else None


def reply_to(word: Word, *, is_toll_free: bool) -> str:
    return (TOLL_FREE_REPLIES if is_toll_free else REPLIES)[word]
