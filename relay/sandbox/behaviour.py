"""What a subscriber's phone does when it rings. All seconds are simulated ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Somebody picks up.

    `keys` are pressed one at each Gather; several for one Gather are parted by commas ("12,1"),
    and a space lets a Gather pass. `hello` is said at once, on picking up; `says` is what the other
    side hears once connected. Hangs up `talk_seconds` after being connected or `hang_up_after`
    seconds after picking up.
    """

    keys: str = ""
    ring_seconds: float = 2.0
    hello: str = ""
    says: str = ""
    talk_seconds: float | None = None
    hang_up_after: float | None = None


@dataclass(frozen=True, kw_only=True)
class Voicemail:
    """A machine picks up, speaks its greeting, plays it to whoever is connected, and presses
    nothing."""

    greeting: str = "This is a mailbox. Please leave a message."
    ring_seconds: float = 10.0
    talk_seconds: float | None = None
    hang_up_after: float | None = 60.0


@dataclass(frozen=True, kw_only=True)
class Screening:
    """An assistant picks up, as iOS 26 and others have it: says its preamble, then listens.

    Its owner's phone rings when it has heard a whole sentence meanwhile, and shows that sentence
    (`Phone.transcripts`); after hearing nothing it hangs up. `owner_after` seconds after the
    assistant its owner picks up, and presses `keys`, one every three seconds; None: they let it be.
    The call ends `hang_up_after` seconds after the assistant picked up.
    """

    keys: str = "1"
    ring_seconds: float = 0.0
    preamble: str = "Hi. Please record your name and reason for calling."
    preamble_seconds: float = 8.0
    listens_seconds: float = 10.0
    owner_after: float | None = 25.0
    says: str = ""
    talk_seconds: float | None = None
    hang_up_after: float | None = 60.0


#: Somebody, or something, that takes a call.
Taker = Answer | Voicemail | Screening


@dataclass(frozen=True, kw_only=True)
class Busy:
    ring_seconds: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Decline:
    """The person presses the red button: the network reports the line as busy."""

    ring_seconds: float = 3.0


@dataclass(frozen=True, kw_only=True)
class NoAnswer:
    """Rings until the caller's side gives up."""


@dataclass(frozen=True, kw_only=True)
class Unreachable:
    """No such subscriber, or switched off with no mailbox: the call fails."""

    ring_seconds: float = 0.0


Behaviour = Taker | Busy | Decline | NoAnswer | Unreachable
