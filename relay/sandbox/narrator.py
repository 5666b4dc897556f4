"""Tells what happens on the phones, and holds it to what the scenario says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.markup import escape

from relay.sandbox.behaviour import Answer
from relay.sandbox.calls.dial_string import SentKey, read_dialled
from relay.sandbox.calls.trace import CallTrace
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.phone import Phone

_MARGIN = " " * 18
#: In every sentence that asks for a key, whatever its language.
_KEY_TO_TAKE_IT = "1"


class ScenarioFailed(Exception):
    """Something did not happen as the scenario says."""


class Narrator:
    """``names`` are those of the people, by their real numbers."""

    def __init__(self, console: Console, carrier: SimulatedCarrier, names: dict[str, str]) -> None:
        self._console = console
        self._carrier = carrier
        self._names = names
        self._step = 0

    def phone(self, number: str) -> Phone:
        return self._carrier.phone(number)

    def title(self, text: str) -> None:
        self._step += 1
        self._console.print(f"\n[bold cyan]{self._step}. {escape(text)}[/]")

    def say(self, *parts: str) -> None:
        self._console.print("   " + escape(" ".join(parts)))

    def end(self, text: str) -> None:
        self._console.print(f"\n[bold green]{escape(text)}[/]")

    def sees(self, phone: Phone, what: str) -> None:
        whose = f"{self._names[phone.number]}'s phone"
        self._console.print(
            f"   [yellow]{whose:>13}[/]  {escape(what)}".replace("\n", f"\n{_MARGIN}")
        )

    # --- calls --------------------------------------------------------------------------

    def show_call(self, caller: Phone, callee: Phone, dialled: str) -> None:
        """They are connected; the callee has seen nothing but the number that was dialled."""
        number, sent = read_dialled(dialled)
        self.sees(caller, f"dials {dialled}")
        trace = caller.call(dialled).wait(30)
        self._show_caller(caller, trace, sent)
        self.sees(callee, f"rings, and shows {trace.callee_saw}")
        self._show_callee(callee, trace)
        self.expect(not trace.errors, f"the carrier had no complaint {trace.problems}")
        self.expect(trace.callee_number == callee.number, "the right phone rang")
        self.expect(trace.callee_saw == number, "only the virtual number was shown")
        self.expect(trace.bridged, "the two were connected")
        self.say("They talk.")

    def _show_caller(self, caller: Phone, trace: CallTrace, sent: tuple[SentKey, ...]) -> None:
        for sentence in trace.heard_by_caller:
            self.sees(caller, f"“{sentence}”")
        if sent and trace.heard_by_caller:
            self.sees(caller, f"sends {''.join(key.key for key in sent)} by itself meanwhile")

    def _show_callee(self, callee: Phone, trace: CallTrace) -> None:
        keys = iter(_keys_of(callee))
        for sentence in trace.heard_by_callee:
            self.sees(callee, f"“{sentence}”")
            if _KEY_TO_TAKE_IT in sentence and (key := next(keys, "")):
                self.sees(callee, f"presses {key}")

    def show_refusal(self, caller: Phone, number: str) -> None:
        """The caller is told why, and no phone rings."""
        before = self._rings()
        self.sees(caller, f"dials {number}")
        trace = caller.call(number).wait(30)
        for sentence in trace.heard_by_caller:
            self.sees(caller, f"“{sentence}”")
        self.expect(bool(trace.heard_by_caller), "the caller is told why")
        self.expect(before == self._rings(), "no phone rang")
        self.say("No phone rings.")

    def _rings(self) -> int:
        return sum(len(self.phone(number).rings) for number in self._names)

    # --- texts --------------------------------------------------------------------------

    def show_text(
        self, sender: Phone, receiver: Phone, number: str, body: str, *, arrives_as: str = ""
    ) -> None:
        """It arrives from the virtual number, unchanged if nothing else is told."""
        self.sees(sender, f"texts {number}: “{body}”")
        received = self._send(sender, receiver, number, body)
        self.sees(receiver, f"gets a text from {number}: “{received}”")
        self.expect(received == (arrives_as or body), "the text arrived as it should")

    def show_question(self, sender: Phone, number: str, body: str, *, options: set[str]) -> None:
        """The sender is asked whom it was for, with these lines to choose from."""
        self.sees(sender, f"texts {number}: “{body}”")
        question, *lines = self._send(sender, sender, number, body).splitlines()
        self.sees(sender, "\n".join([f"gets a text from {number}: “{question}", *lines]) + "”")
        self.expect(set(lines) == options, "the sender may choose among their own people")

    def _send(self, sender: Phone, receiver: Phone, number: str, body: str) -> str:
        count = len(receiver.texts)
        sender.text(number, body)
        received = receiver.wait_for_text(count + 1, timeout=20)[count]
        self.expect(received.sender == number, "it came from the virtual number")
        return received.body

    # --- facts --------------------------------------------------------------------------

    def expect(self, fact: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
        if not fact:
            raise ScenarioFailed(f"The scenario went wrong: it is not true that {what}.")

    def wait_for(self, ask: Callable[[], Any], fulfilled: Callable[[Any], bool], what: str) -> Any:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            answer = ask()
            if fulfilled(answer):
                return answer
            time.sleep(0.2)
        raise ScenarioFailed(f"The scenario went wrong: waited in vain until {what}.")


def _keys_of(phone: Phone) -> str:
    """The keys its owner presses, one at each question."""
    return phone.on_ring.keys if isinstance(phone.on_ring, Answer) else ""
