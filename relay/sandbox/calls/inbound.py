"""A call from a person to one of the account's numbers."""

from __future__ import annotations

import contextlib
from functools import partial

from relay.sandbox.calls.dial import CallerIsGone, Dialing
from relay.sandbox.calls.keypad import Keypad
from relay.sandbox.calls.leg import Leg, LegOver
from relay.sandbox.calls.parameters import ended_parameters
from relay.sandbox.calls.parent_call import ParentCall
from relay.sandbox.calls.performer import Ending, Fallback, Performer
from relay.sandbox.calls.requests import Fetch
from relay.sandbox.calls.trace import CallTrace, SimulatedCall, Status
from relay.sandbox.documents import DocumentError
from relay.sandbox.network import Network
from relay.sandbox.phone import Caller
from relay.sandbox.records import OwnedNumber
from relay.sandbox.webhooks.journal import Webhook

NO_VOICE_URL = 11100


class InboundCalls:
    def __init__(self, network: Network) -> None:
        self._network = network

    def place(self, caller: Caller, dialled: str) -> SimulatedCall:
        """Starts the call and returns at once."""
        number = self._network.account.number(dialled)
        if number is None or not number.capabilities.get("voice", False):
            return _no_such_number(caller, dialled)
        session = InboundCall(self._network, caller, number)
        self._network.switchboard.connect(session.leg)
        self._network.switchboard.start(session.run)
        return session.handle


def _no_such_number(caller: Caller, dialled: str) -> SimulatedCall:
    trace = CallTrace("", caller.shown, dialled, status="failed")
    trace.heard_by_caller.append("[the number you have dialled is not in service]")
    call = SimulatedCall(trace, lambda: None)
    call.is_over.set()
    return call


class InboundCall:
    def __init__(self, network: Network, caller: Caller, number: OwnedNumber) -> None:
        self._network = network
        self._number = number
        record = network.account.add_call(caller.shown, number.phone_number, "inbound")
        record.forwarded_from, record.verstat = caller.forwarded_from, caller.verstat
        self.leg = Leg(
            record,
            network.clock,
            caller.phone,
            Keypad.dialled(caller.digits, caller.sent_keys),
            hangs_up_at=caller.hang_up_after,
        )
        self._trace = CallTrace(
            record.sid, caller.shown, number.phone_number, heard_by_caller=self.leg.heard
        )
        self.handle = SimulatedCall(self._trace, partial(self.leg.end, "hung up"))
        fallback = Fallback(number.voice_fallback_url, number.voice_fallback_method)
        self._performer = Performer(
            network,
            self.leg,
            self._trace,
            fallback=fallback if fallback.url else None,
            dialer=Dialing(ParentCall(network, self.leg, caller, self._trace)),
            number=number,
        )

    def run(self) -> None:
        try:
            self._go_through()
        finally:
            self.handle.is_over.set()

    def _go_through(self) -> None:
        ending, action = None, None
        try:
            ending = self._perform()
        except LegOver:
            pass
        except CallerIsGone as gone:
            action = gone.action
        finally:
            self._network.switchboard.disconnect(self.leg)
        self._finish(ending)
        if action is not None:
            self._tell(action)
        self._report()

    def _perform(self) -> Ending | None:
        if not self._number.voice_url:
            self._trace.note(NO_VOICE_URL, "the number has no VoiceUrl")
            return None
        return self._performer.run(
            Fetch("voice", self._number.voice_url, self._number.voice_method)
        )

    def _finish(self, ending: Ending | None) -> None:
        record, trace, leg = self.leg.record, self._trace, self.leg
        if ending == "document ended" and not leg.is_answered and trace.dial_status is None:
            # An empty document answers, and is billed.
            leg.answer()
        trace.status, recorded = self._status(ending)
        with self._network.account.lock:
            record.status = recorded
            record.duration = leg.seconds_since_answer() or 0
            record.ended = record.updated = self._network.clock.now()
        trace.answered = leg.is_answered
        trace.duration = record.duration

    def _status(self, ending: Ending | None) -> tuple[Status, str]:
        """What the caller is told, and what Twilio writes down."""
        if self.leg.is_answered:
            return "completed", "completed"
        if ending == "rejected":
            return "rejected", "no-answer"
        if ending == "busy":
            return "busy", "busy"
        if self.leg.over is not None:
            return "canceled", "canceled"
        dialled = self._trace.dial_status
        if dialled == "busy":
            return "busy", "busy"
        return ("failed", "failed") if dialled in (None, "failed") else ("no-answer", "no-answer")

    def _tell(self, action: Fetch) -> None:
        """The Dial's action, although nobody is there any more."""
        with contextlib.suppress(DocumentError, LegOver):
            self._performer.tell(action)

    def _report(self) -> None:
        if self._number.status_callback:
            self._network.dispatch.soon(
                Webhook(
                    kind="call-ended",
                    url=self._number.status_callback,
                    method=self._number.status_callback_method,
                    params=ended_parameters(self.leg.record, self._network.clock),
                    subject=self.leg.record.sid,
                )
            )
