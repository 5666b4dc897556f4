"""How a call went, as its caller tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Status = Literal[
    "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled", "rejected"
]


@dataclass
class LegTrace:
    """One dialled leg: who was rung, what they were shown, heard and did."""

    sid: str
    number: str
    saw: str
    heard: list[str] = field(default_factory=list)
    status: str = "initiated"
    answered: bool = False
    bridged: bool = False
    digits_sent: str = ""
    duration: int | None = None


@dataclass
class CallTrace:
    """`status` is what the caller's phone says; "rejected" is a refusal without an answer."""

    call_sid: str
    caller_number: str
    dialled_number: str
    status: Status = "ringing"
    answered: bool = False
    bridged: bool = False
    heard_by_caller: list[str] = field(default_factory=list)
    dial_status: str | None = None
    duration: int | None = None
    errors: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    legs: list[LegTrace] = field(default_factory=list)

    @property
    def _main_leg(self) -> LegTrace | None:
        candidates = [leg for leg in self.legs if leg.bridged] or self.legs
        return candidates[-1] if candidates else None

    @property
    def callee_number(self) -> str | None:
        return self._main_leg.number if self._main_leg else None

    @property
    def callee_saw(self) -> str | None:
        return self._main_leg.saw if self._main_leg else None

    @property
    def heard_by_callee(self) -> list[str]:
        return self._main_leg.heard if self._main_leg else []

    @property
    def child_sids(self) -> list[str]:
        return [leg.sid for leg in self.legs]

    def note(self, code: int, problem: str) -> None:
        self.errors.append(code)
        self.problems.append(f"{code}: {problem}")


@dataclass
class SimulatedCall:
    """A call under way."""

    trace: CallTrace
    _hang_up: Callable[[], None]
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def sid(self) -> str:
        return self.trace.call_sid

    def hang_up(self) -> None:
        """The caller puts the phone down, now."""
        self._hang_up()

    def wait(self, timeout: float = 10.0) -> CallTrace:
        if not self.is_over.wait(timeout):
            raise TimeoutError(f"the call is still going on: {self.trace}")
        return self.trace
