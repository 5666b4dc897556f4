"""What a subscriber's phone does when it rings. All seconds are simulated ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Somebody picks up.

    `keys` are pressed one at each Gather; several for one Gather are parted by commas ("12,1"),
    and a space lets a Gather pass. `says` is what the other side hears once connected.
    Hangs up `talk_seconds` after being connected or `hang_up_after` seconds after picking up.
    """

    keys: str = ""
    ring_seconds: float = 2.0
    says: str = ""
    talk_seconds: float | None = None
    hang_up_after: float | None = None


@dataclass(frozen=True, kw_only=True)
class Voicemail:
    """A machine picks up, plays its greeting to whoever is connected and presses nothing."""

    greeting: str = "This is a mailbox. Please leave a message."
    ring_seconds: float = 10.0
    talk_seconds: float | None = None
    hang_up_after: float | None = 60.0


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


Behaviour = Answer | Voicemail | Busy | Decline | NoAnswer | Unreachable
