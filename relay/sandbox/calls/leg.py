"""One end of a call, with its own time: it advances by what is planned, not by the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from relay.sandbox.calls.keypad import Keypad
from relay.sandbox.calls.requests import Step
from relay.sandbox.clock import Clock
from relay.sandbox.phone import Phone
from relay.sandbox.records import Call

Cause = Literal["hung up", "canceled", "completed by REST", "carrier stopped"]
SECONDS_PER_CHARACTER = 1 / 15


@dataclass(frozen=True)
class Utterance:
    """What is said at one end of a call, from and until when, in seconds of its leg."""

    words: str
    begins: float
    ends: float


class LegOver(Exception):
    """Somebody's leg ended while a wait was on: this one or the parent."""

    def __init__(self, leg: Leg, cause: Cause) -> None:
        super().__init__(f"{leg.record.sid} {cause}")
        self.leg = leg
        self.cause = cause


class LegRedirected(Exception):
    """REST gave the leg another document to go on with."""

    def __init__(self, leg: Leg, step: Step) -> None:
        super().__init__(leg.record.sid)
        self.leg = leg
        self.step = step


@dataclass(eq=False)
class Leg:
    record: Call
    clock: Clock
    phone: Phone
    keypad: Keypad
    parent: Leg | None = None
    heard: list[str] = field(default_factory=list)
    now: float = 0.0
    hangs_up_at: float | None = None
    answered_at: float | None = None
    over: Cause | None = None
    requests: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    redirect: Step | None = None
    #: A key then cuts short what this end is told: while a Gather listens.
    cut_short_at: float | None = None
    #: What this end says by itself, in order.
    utterances: list[Utterance] = field(default_factory=list)
    #: Takes what this end has been told, as long as nobody has picked up but an assistant.
    listener: Callable[[Utterance], None] | None = None

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    def answer(self) -> None:
        if self.answered_at is None and self.over is None:
            self.answered_at = self.now
            self.record.started = self.clock.now()
            self.record.status = "in-progress"

    def end(self, cause: Cause) -> None:
        with self.changed:
            self.over = self.over or cause
            self.changed.notify_all()

    def go_on_with(self, step: Step) -> None:
        with self.changed:
            self.redirect = step
            self.changed.notify_all()

    def hear(self, words: str) -> None:
        """Somebody speaks to this end; it takes as long as it takes to say."""
        begun = self.now
        self.overhear(words)
        self.listen(len(words) * SECONDS_PER_CHARACTER)
        if self.listener is not None:
            self.listener(Utterance(words, begun, self.now))

    def say(self, words: str, seconds: float | None = None) -> None:
        """This end speaks from now on, and goes on meanwhile."""
        if words:
            spoken = len(words) * SECONDS_PER_CHARACTER if seconds is None else seconds
            self.utterances.append(Utterance(words, self.now, self.now + spoken))

    def next_utterance(self, within: float) -> Utterance | None:
        """What this end is saying now, or begins to say within so many seconds."""
        return next(
            (
                one
                for one in self.utterances
                if one.ends > self.now and one.begins <= self.now + within
            ),
            None,
        )

    def listen(self, seconds: float) -> None:
        """So long something is played to this end, unless a key cuts it short."""
        if self.cut_short_at is not None:
            seconds = min(seconds, self.cut_short_at - self.now)
        self.wait(seconds)

    def overhear(self, words: str) -> None:
        self.heard.append(words)
        self.phone.heard.append(words)

    def wait(self, seconds: float) -> None:
        """Lets simulated time pass. Raises LegOver or LegRedirected the moment that happens."""
        until = self.now + max(seconds, 0.0)
        ender = self._first_to_hang_up(until)
        if ender is not None and ender.hangs_up_at is not None:
            until = max(self.now, ender.hangs_up_at)
        self._sleep(until)
        if ender is not None:
            ender.end("hung up")
            self.check()

    def check(self) -> None:
        for leg in self._line():
            if leg.over is not None:
                raise LegOver(leg, leg.over)
            if leg.redirect is not None:
                step, leg.redirect = leg.redirect, None
                raise LegRedirected(leg, step)

    def catch_up(self, moment: float) -> None:
        self.now = max(self.now, moment)

    def hang_up_within(self, seconds: float | None) -> None:
        """The person will hang up after so long, if they did not mean to earlier."""
        if seconds is not None:
            planned = self.now + seconds
            earlier = planned if self.hangs_up_at is None else self.hangs_up_at
            self.hangs_up_at = min(planned, earlier)

    def lose_sent_keys(self) -> None:
        """What the phone has sent until now, nobody has heard."""
        if self.answered_at is not None:
            self.keypad.lose_sent(self.now - self.answered_at)

    def next_key_at(self) -> float | None:
        """When the phone sends the next of the keys that were dialled with the number."""
        after = self.keypad.next_sent()
        return None if after is None or self.answered_at is None else self.answered_at + after

    def seconds_since_answer(self) -> int | None:
        if self.answered_at is None:
            return None
        whole = int(self.now - self.answered_at)
        return whole + (self.now - self.answered_at - whole > 1e-6)

    def _line(self) -> list[Leg]:
        return [self] if self.parent is None else [self.parent, self]

    def _first_to_hang_up(self, until: float) -> Leg | None:
        planned = [leg for leg in self._line() if leg.hangs_up_at is not None]
        first = min(planned, key=lambda leg: leg.hangs_up_at or 0.0, default=None)
        return first if first and (first.hangs_up_at or 0.0) <= until else None

    def _sleep(self, until: float) -> None:
        started = time.monotonic()
        with self.changed:
            self.changed.wait_for(self._is_interrupted, self.clock.real(until - self.now))
            interrupted = self._is_interrupted()
        if interrupted:
            slept = self.clock.simulated(time.monotonic() - started)
            self.now = min(until, self.now + slept)
            self.check()
        self.now = until

    def _is_interrupted(self) -> bool:
        return any(leg.over is not None or leg.redirect is not None for leg in self._line())
