"""Dial: one number after the other or all at once, and what is told of it (TW-dial)."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from relay.sandbox.calls.attempt import Attempt, Race
from relay.sandbox.calls.dial_plan import DialPlan, read_dial
from relay.sandbox.calls.parent_call import ParentCall
from relay.sandbox.calls.requests import Fetch


class CallerIsGone(Exception):
    """The caller hung up during a Dial; `action` is told of it, if it is to be told."""

    def __init__(self, action: Fetch | None) -> None:
        super().__init__("the caller is gone")
        self.action = action


class Dialing:
    """Performs the Dial verbs of one parent leg."""

    def __init__(self, call: ParentCall) -> None:
        self._call = call
        self._parent = call.leg

    def __call__(self, verb: Element, base: str) -> Fetch | None:
        """The action to go on with, or None if the next verb's turn comes."""
        plan = read_dial(verb, base)
        if not plan.answer_on_bridge:
            self._parent.answer()
        last = self._dial(plan)
        if last is not None:
            self._parent.catch_up(last.leg.now)
        self._call.trace.dial_status = last.status if last else "failed"
        action = self._action(plan, last)
        if self._parent.over is not None:
            raise CallerIsGone(action if self._is_told(last) else None)
        self._parent.check()
        return action

    def _dial(self, plan: DialPlan) -> Attempt | None:
        """The leg that counts: the connected one, or else the last."""
        if plan.sequential or len(plan.targets) < 2:
            return self._one_by_one(plan)
        return self._all_at_once(plan)

    def _one_by_one(self, plan: DialPlan) -> Attempt | None:
        attempt = None
        for target in plan.targets:
            attempt = Attempt(self._call, plan, target, Race())
            attempt.run()
            self._parent.catch_up(attempt.leg.now)
            if attempt.bridged or self._parent.over is not None:
                break
        return attempt

    def _all_at_once(self, plan: DialPlan) -> Attempt:
        race = Race()
        race.entrants = [Attempt(self._call, plan, target, race) for target in plan.targets]
        start = self._call.network.thread_pool.start_thread
        for thread in [start(one.run, "sandbox-leg") for one in race.entrants]:
            thread.join()
        connected = [one for one in race.entrants if one.bridged]
        return (connected or race.entrants)[-1]

    def _action(self, plan: DialPlan, last: Attempt | None) -> Fetch | None:
        if plan.action is None:
            return None
        extra = {
            "DialCallStatus": last.status if last else "failed",
            "DialBridged": "true" if last and last.bridged else "false",
        }
        if last is not None:
            extra["DialCallSid"] = last.record.sid
            if last.leg.is_answered:
                extra["DialCallDuration"] = str(last.record.duration)
        return Fetch("action", plan.action, plan.method, extra)

    def _is_told(self, last: Attempt | None) -> bool:
        policy = self._call.network.faults.action_after_hang_up
        return policy == "always" or (policy == "bridged" and last is not None and last.bridged)
