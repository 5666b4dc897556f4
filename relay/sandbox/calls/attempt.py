"""One dialled number: rings, perhaps answers, is screened, and perhaps connected."""

from __future__ import annotations

import threading

from relay.sandbox.behaviour import Answer, Screening, Taker, Voicemail
from relay.sandbox.calls.dial_plan import DialPlan, Target
from relay.sandbox.calls.dial_string import KEY_SECONDS
from relay.sandbox.calls.keypad import Keypad
from relay.sandbox.calls.leg import Leg, LegOver, LegRedirected
from relay.sandbox.calls.parent_call import ParentCall
from relay.sandbox.calls.performer import Performer
from relay.sandbox.calls.progress import Progress
from relay.sandbox.calls.requests import Fetch
from relay.sandbox.calls.ringing import Ringing
from relay.sandbox.calls.trace import LegTrace
from relay.sandbox.geography import is_dialled
from relay.sandbox.records import Call

#: Seconds that sendDigits waits (TW-send-digits).
_PAUSES = {"w": 0.5, "W": 1.0}
BAD_CALLER_ID, BAD_NUMBER, NOT_PERMITTED = 13214, 13224, 13227


class Race:
    """The first leg that gets through its screening is connected; the others are let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._winner: Attempt | None = None
        self.entrants: list[Attempt] = []

    def is_won_by(self, attempt: Attempt) -> bool:
        with self._lock:
            if self._winner is None:
                self._winner = attempt
                for other in self.entrants:
                    if other is not attempt:
                        other.leg.end("canceled")
            return self._winner is attempt


class Attempt:
    def __init__(self, call: ParentCall, plan: DialPlan, target: Target, race: Race) -> None:
        self._network = network = call.network
        self._parent = parent = call.leg
        self._caller = call.caller
        self._call_trace = call.trace
        self._plan = plan
        self._target = target
        self._race = race
        self.record = self._book()
        self._phone = network.phone(target.number)
        self.leg = Leg(
            self.record,
            network.clock,
            self._phone,
            Keypad([]),
            parent=parent,
            now=parent.now,
            changed=parent.changed,
        )
        self.trace = LegTrace(
            self.record.sid, target.number, self.record.from_, heard=self.leg.heard
        )
        call.trace.legs.append(self.trace)
        self._progress = Progress(
            network,
            self.record,
            target.status_callback,
            target.status_callback_method,
            target.events,
        )
        self.status = "failed"
        self.bridged = False

    def run(self) -> None:
        self._network.switchboard.connect(self.leg)
        try:
            self.status = self._dial()
        except LegOver as over:
            self.status = self._status_after(over)
        except LegRedirected as elsewhere:
            # One of the two was sent elsewhere, which ends this leg; the parent has yet to go.
            if elsewhere.leg is self._parent:
                self._parent.go_on_with(elsewhere.step)
            self.status = "completed" if self.leg.is_answered else "canceled"
        finally:
            self._network.switchboard.disconnect(self.leg)
            self._finish()

    def _book(self) -> Call:
        shown = self._plan.caller_id or self._parent.record.from_
        return self._network.account.add_call(
            shown, self._target.number, "outbound-dial", self._parent.record.sid
        )

    def _dial(self) -> str:
        self._progress.tell("initiated", "initiated")
        refusal = self._refusal()
        if refusal is not None:
            self.record.error_code = refusal
            self._call_trace.note(refusal, f"dialling as {self.record.from_}")
            return "failed"
        return self._ring()

    def _refusal(self) -> int | None:
        if not self._may_show(self.record.from_):
            return BAD_CALLER_ID
        if not is_dialled(self._target.number):
            return BAD_NUMBER
        denied = self._network.faults.calls_denied_to
        is_permitted = self._network.account.may_dial(self._target.number)
        is_denied = not is_permitted or self._target.number.startswith(denied)
        return NOT_PERMITTED if is_denied else None

    def _may_show(self, number: str) -> bool:
        """An explicit callerId must be the account's, verified, or of the incoming call."""
        if self._plan.caller_id is None:
            return True
        account, parent = self._network.account, self._parent.record
        return (
            number in (parent.from_, parent.to)
            or number in account.verified_caller_ids
            or account.number(number) is not None
        )

    def _ring(self) -> str:
        ringing = Ringing(self.leg, self._network, self._progress)
        outcome = ringing.run(self._plan.patience)
        return outcome if isinstance(outcome, str) else self._answered(outcome)

    def _answered(self, behaviour: Taker) -> str:
        self.trace.answered = True
        self._send_digits(self._target.send_digits)
        if self._target.url is not None and not self._passes_screening(self._target.url):
            return self._network.faults.screening_status
        if self._race.is_won_by(self):
            self._converse(behaviour)
        return "completed"

    def _send_digits(self, digits: str) -> None:
        """Before the whisper document; that order is not documented."""
        for digit in digits:
            self.leg.wait(_PAUSES.get(digit, KEY_SECONDS))
        if digits:
            self.trace.digits_sent = digits
            self._phone.digits_received.append(digits)

    def _passes_screening(self, url: str) -> bool:
        """A whisper document that ends without Hangup lets the call through."""
        whisper = Performer(self._network, self.leg, self._call_trace, language="whisper")
        return whisper.run(Fetch("screen", url, self._target.method)) == "document ended"

    def _converse(self, behaviour: Taker) -> None:
        self.leg.check()
        self._parent.catch_up(self.leg.now)
        self._parent.answer()
        self.bridged = self.trace.bridged = True
        self._call_trace.answered = self._call_trace.bridged = True
        self._speak(behaviour)
        meant_to = self._parent.hangs_up_at
        self._parent.hang_up_within(self._caller.talk_seconds)
        self.leg.hang_up_within(behaviour.talk_seconds)
        if self._plan.hangup_on_star:
            self.leg.hang_up_within(self._caller.star_after)
        try:
            self.leg.wait(self._plan.time_limit - (self.leg.now - (self.leg.answered_at or 0.0)))
        finally:
            self._parent.hangs_up_at = meant_to

    def _speak(self, behaviour: Taker) -> None:
        words = _first_words(behaviour, is_alone=self.leg.listener is not None)
        if words:
            self._parent.overhear(words)
        if self._caller.says:
            self.leg.overhear(self._caller.says)

    def _status_after(self, over: LegOver) -> str:
        if self.bridged:
            return "completed"
        if not self.leg.is_answered:
            return "canceled"
        hung_up_early = over.leg is self.leg and over.cause == "hung up"
        return self._network.faults.screening_status if hung_up_early else "completed"

    def _finish(self) -> None:
        with self._network.account.lock:
            self.record.status = self.status
            self.record.duration = self.leg.seconds_since_answer() or 0
            self.record.ended = self.record.updated = self._network.clock.now()
        self.trace.status = self.status
        self.trace.duration = self.record.duration
        self._progress.tell("completed", self.status)


def _first_words(behaviour: Taker, *, is_alone: bool) -> str:
    """What the caller hears first; `is_alone`: there is nobody yet but the assistant."""
    match behaviour:
        case Voicemail():
            return behaviour.greeting
        case Screening() if is_alone:
            return behaviour.preamble
        case Answer() | Screening():
            return behaviour.says
