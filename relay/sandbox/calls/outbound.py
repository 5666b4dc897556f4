"""A call that REST asked for: the carrier rings a person, then performs TwiML."""

from __future__ import annotations

from dataclasses import dataclass

from relay.sandbox.behaviour import Taker
from relay.sandbox.calls.dial import CallerIsGone, Dialing
from relay.sandbox.calls.keypad import Keypad
from relay.sandbox.calls.leg import Leg, LegOver, LegRedirected
from relay.sandbox.calls.parent_call import ParentCall
from relay.sandbox.calls.performer import Performer
from relay.sandbox.calls.progress import Progress
from relay.sandbox.calls.requests import Step
from relay.sandbox.calls.ringing import Ringing
from relay.sandbox.calls.trace import CallTrace
from relay.sandbox.network import Network
from relay.sandbox.phone import Caller
from relay.sandbox.records import Call


@dataclass(frozen=True)
class CallOrder:
    step: Step
    status_callback: str | None
    status_callback_method: str
    events: frozenset[str]
    timeout: float


def start_call(network: Network, record: Call, order: CallOrder) -> None:
    session = OutboundCall(network, record, order)
    network.switchboard.connect(session.leg)
    network.switchboard.start(session.run)


class OutboundCall:
    def __init__(self, network: Network, record: Call, order: CallOrder) -> None:
        self._network = network
        self._order = order
        self._record = record
        self._phone = network.phone(record.to)
        self.leg = Leg(record, network.clock, self._phone, Keypad([]))
        self._trace = CallTrace(record.sid, record.from_, record.to)
        self._progress = Progress(
            network, record, order.status_callback, order.status_callback_method, order.events
        )

    def run(self) -> None:
        try:
            status = self._ring()
        except (LegOver, CallerIsGone, LegRedirected):
            status = "completed" if self.leg.is_answered else "canceled"
        finally:
            self._network.switchboard.disconnect(self.leg)
        with self._network.account.lock:
            self._record.status = status
            self._record.duration = self.leg.seconds_since_answer() or 0
            self._record.ended = self._record.updated = self._network.clock.now()
        self._progress.tell("completed", status)

    def _ring(self) -> str:
        self._progress.tell("initiated", "initiated")
        outcome = Ringing(self.leg, self._network, self._progress).run(self._order.timeout)
        return outcome if isinstance(outcome, str) else self._answered(outcome)

    def _answered(self, behaviour: Taker) -> str:
        person = Caller(self._phone, self._record.from_, talk_seconds=behaviour.talk_seconds)
        dialer = Dialing(ParentCall(self._network, self.leg, person, self._trace))
        Performer(self._network, self.leg, self._trace, dialer=dialer).run(self._order.step)
        return "completed"
