"""Between us and the carrier's numbers: where a worker can be killed."""

from __future__ import annotations

from typing import Any, Literal

from relay.carrier.client import Carrier

Moment = Literal["before", "after"]


class Killed(BaseException):
    """kill -9, as far as Python can play it: no workflow catches it."""


class Border:
    """Passes everything on. ``kill_at`` ends the next execution that comes to this request, before
    it is made or when its answer comes; once each."""

    def __init__(self, carrier: Carrier) -> None:
        self.messages = carrier.messages
        self.calls = carrier.calls
        self.records = carrier.records
        self.messaging_services = carrier.messaging_services
        self.numbers = _Numbers(carrier.numbers, self)
        self._deaths: list[tuple[str, Moment]] = []
        self.died_at: list[tuple[str, Moment]] = []

    def kill_at(self, request: str, moment: Moment) -> None:
        self._deaths.append((request, moment))

    @property
    def waits_for(self) -> list[tuple[str, Moment]]:
        return list(self._deaths)

    def come_to(self, request: str, moment: Moment) -> None:
        if (request, moment) in self._deaths:
            self._deaths.remove((request, moment))
            self.died_at.append((request, moment))
            raise Killed


class _Numbers:
    def __init__(self, numbers: Any, border: Border) -> None:
        self._numbers = numbers
        self._border = border

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._numbers, name)

        def ask(*args: Any, **options: Any) -> Any:
            self._border.come_to(name, "before")
            answer = method(*args, **options)
            self._border.come_to(name, "after")
            return answer

        return ask
