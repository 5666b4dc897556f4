"""Messages that fail, hang, or are refused."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal


@dataclass
class Outcome:
    """How sending to somebody ends. `arrives` is whether the phone shows the text all the same."""

    status: Literal["undelivered", "failed", "sent", "delivered"]
    code: int | None
    arrives: bool
    to: str | None = None
    times: float = 1

    def fits(self, to: str) -> bool:
        return self.to in (None, to)


class MessageFaults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: list[Outcome] = []
        self._machines: set[str] = set()
        self._reset_switches()

    def _reset_switches(self) -> None:
        # Number prefixes the account may not text (21408).
        self.denied_to: tuple[str, ...] = ()
        # Landlines: no SMS reaches them (21614).
        self.not_sms_capable: set[str] = set()
        # Messages a second one sender may send; None: as many as come.
        self.per_second: float | None = None
        # US carriers refuse texts of numbers in no approved campaign (30034), and of toll-free ones
        # that are not verified (30032). Off, so that a new service can be tried at once.
        self.registration_enforced = False
        # An account can demand credentials for the pictures people sent.
        self.media_requires_auth = False

    def fail(
        self,
        to: str | None = None,
        code: int = 30008,
        status: Literal["undelivered", "failed"] = "undelivered",
        *,
        times: int | None = None,
        arrives: bool = False,
    ) -> None:
        """The next `times` messages (or all) to that number (or to any) end so, by callback."""
        self._add(Outcome(status, code, arrives, to, _count(times)))

    def never_deliver_status(
        self, to: str | None = None, *, arrives: bool = True, times: int | None = None
    ) -> None:
        self._add(Outcome("sent", None, arrives, to, _count(times)))

    def judge_machine_made(self, from_: str) -> None:
        """30039: what this person texts looks machine-made, so no webhook is called."""
        with self._lock:
            self._machines.add(from_)

    def clear(self) -> None:
        self._reset_switches()
        with self._lock:
            self._outcomes.clear()
            self._machines.clear()

    def is_machine_made(self, from_: str) -> bool:
        with self._lock:
            return from_ in self._machines

    def outcome_for(self, to: str) -> Outcome:
        with self._lock:
            chosen = next((o for o in self._outcomes if o.fits(to)), None)
            if chosen is None:
                return Outcome("delivered", None, arrives=True)
            chosen.times -= 1
            if chosen.times <= 0:
                self._outcomes.remove(chosen)
            return chosen

    def _add(self, outcome: Outcome) -> None:
        with self._lock:
            self._outcomes.append(outcome)


def _count(times: int | None) -> float:
    return float("inf") if times is None else times
