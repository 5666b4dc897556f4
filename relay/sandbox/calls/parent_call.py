"""The call that Dial verbs are performed for."""

from __future__ import annotations

from dataclasses import dataclass

from relay.sandbox.calls.leg import Leg
from relay.sandbox.calls.trace import CallTrace
from relay.sandbox.network import Network
from relay.sandbox.phone import Caller


@dataclass(frozen=True)
class ParentCall:
    network: Network
    leg: Leg
    caller: Caller
    trace: CallTrace
