"""The human-answer guard: what somebody hears before they are connected, and for how long.

A neutral sentence is repeated until somebody presses 1, so that neither a private voicemail
greeting reaches the caller nor the caller's name a voicemail. It is repeated for about 35 seconds,
because a phone's assistant takes the call first, asks who calls and why, and rings its owner then
(TW-screening).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: How often the sentence is said at most: about 35 seconds, with the pauses between.
MOST_QUESTIONS = 4
#: How often somebody is told at most who calls and why.
MOST_TELLINGS = 2
#: Seconds of speech at most that are listened to after the first sentence: recognising speech is
#: charged by 15 seconds.
LONGEST_SPEECH = 15
#: Seconds that a guard takes at most, with the longest names there can be. They are no part of the
#: talk: a leg may last so much longer, and so may a call's lease.
LONGEST_GUARD = 200


class GuardKind(StrEnum):
    """How it is found out that a person has answered: by a key, or not at all."""

    KEYS = "keys"
    NONE = "none"


class GuardStyle(StrEnum):
    """What an assistant is told that asks who calls: the board and that it is about an application,
    or the recruiter and the employer, too."""

    DISCREET = "discreet"
    NAMED = "named"


@dataclass(frozen=True, kw_only=True)
class Guard:
    """How one person's leg is guarded."""

    kind: GuardKind
    style: GuardStyle = GuardStyle.DISCREET

    @property
    def is_on(self) -> bool:
        return self.kind is GuardKind.KEYS

    def __str__(self) -> str:
        """As it is kept: ``keys named``."""
        return f"{self.kind} {self.style}"


def parse_guard(text: str) -> Guard:
    """The guard of what ``str`` made of one. Raises ValueError."""
    kind, _, style = text.partition(" ")
    return Guard(kind=GuardKind(kind), style=GuardStyle(style))
