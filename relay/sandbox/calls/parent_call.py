"""The call that Dial verbs are performed for."""

from __future__ import annotations

from dataclasses import dataclass

from relay.sandbox.calls.caller import Caller
from relay.sandbox.calls.leg import Leg
from relay.sandbox.calls.story import CallStory
from relay.sandbox.network import Network


@dataclass(frozen=True)
class ParentCall:
    network: Network
    leg: Leg
    caller: Caller
    story: CallStory
