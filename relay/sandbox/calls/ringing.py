"""A phone is rung: it answers, or the reason why not."""

from __future__ import annotations

from typing import Literal

from relay.sandbox.behaviour import (
    Answer,
    Behaviour,
    Busy,
    Decline,
    NoAnswer,
    Screening,
    Taker,
    Unreachable,
    Voicemail,
)
from relay.sandbox.calls.assistant import let_assistant_answer
from relay.sandbox.calls.keypad import Keypad
from relay.sandbox.calls.leg import Leg
from relay.sandbox.calls.progress import Progress
from relay.sandbox.network import Network

Refusal = Literal["failed", "busy", "no-answer"]


class Ringing:
    def __init__(self, leg: Leg, network: Network, progress: Progress) -> None:
        self._leg = leg
        self._network = network
        self._progress = progress

    def run(self, patience: float) -> Taker | Refusal:
        """Whoever answered, within so many simulated seconds, or how the ringing ended."""
        behaviour = self._leg.phone.on_ring
        match behaviour:
            case Unreachable():
                self._leg.wait(behaviour.ring_seconds)
                return "failed"
            case Busy():
                self._leg.wait(behaviour.ring_seconds)
                return "busy"
            case NoAnswer() | Decline() | Answer() | Voicemail() | Screening():
                return self._ring(behaviour, patience)

    def _ring(self, behaviour: Behaviour, patience: float) -> Taker | Refusal:
        self._leg.record.status = "ringing"
        self._leg.phone.ring(self._leg.record.from_, self._network.clock.now())
        self._progress.tell("ringing", "ringing")
        if isinstance(behaviour, NoAnswer) or behaviour.ring_seconds > patience:
            self._leg.wait(patience)
            return "no-answer"
        self._leg.wait(behaviour.ring_seconds)
        if not isinstance(behaviour, Taker):
            return "busy"
        self._pick_up(behaviour)
        return behaviour

    def _pick_up(self, behaviour: Taker) -> None:
        self._leg.answer()
        match behaviour:
            case Answer():
                self._leg.keypad = Keypad.pressed(behaviour.keys)
                self._leg.say(behaviour.hello)
                self._leg.hang_up_within(behaviour.hang_up_after)
            case Voicemail():
                self._leg.phone.voicemails.append(self._leg.heard)
                self._leg.say(behaviour.greeting)
                self._leg.hang_up_within(behaviour.hang_up_after)
            case Screening():
                let_assistant_answer(self._leg, behaviour)
        self._progress.tell("answered", "in-progress")
