"""The whole service as real processes, the simulated carrier, and six people with phones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from relay.sandbox.behaviour import Answer
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.phone import Phone
from relay.sandbox.service import Api, Service, simulated_carrier

NUMBERS = ("+14155550192", "+14155550193", "+14155550194")
NUMBER = NUMBERS[0]
#: Tests call more often and for shorter than people: no number shall rest for that.
POOL = {
    "country": "US",
    "allowed_countries": ["US", "MX"],
    "cooldown": 2,
    "reputation": {
        "min_answer_rate": None,
        "max_short_share": None,
        "max_calls_per_minute": None,
        "max_calls_per_day": None,
        "max_filtered_share": None,
    },
}
PEOPLE = {
    "rita": "0101",
    "nora": "0123",
    "carl": "0127",
    "dan": "0138",
    "eve": "0116",
    "finn": "0105",
}
#: Each test has people with phones in an area of its own, so that no STOP or cooldown outlives it.
AREAS = (
    *("201", "202", "203", "205", "206", "207", "208", "209", "210", "212", "213", "214", "215"),
    *("216", "217", "218", "219", "224", "225", "228", "229", "231", "234", "239", "240", "248"),
    *("251", "252", "253", "254", "256", "260", "262", "267", "269", "270", "276", "281", "301"),
    *("302", "303", "304", "305", "307", "308", "309", "310", "312", "313", "314", "315", "316"),
    *("317", "318", "319", "320", "321", "323", "325", "330", "334", "336", "337", "339", "347"),
    *("410", "412", "413", "414", "417", "419", "423", "424", "425", "430", "432", "434", "435"),
    *("351", "352", "360", "361", "386", "401", "402", "404", "405", "406", "407", "408", "409"),
)


@dataclass
class Stage:
    carrier: SimulatedCarrier
    service: Service
    api: Api
    area: str = AREAS[0]
    _areas: Iterator[str] = field(default_factory=lambda: iter(AREAS))

    def move_people(self) -> None:
        """Everybody gets a new phone, which answers and takes what comes."""
        self.area = next(self._areas)
        for name in PEOPLE:
            self.phone(name).on_ring = Answer(keys="1")

    def forget_people(self) -> None:
        """Erases everybody, and with them their sessions."""
        for role in ("recruiters", "candidates"):
            for ref in PEOPLE:
                self.api.send("DELETE", f"/v1/{role}/{ref}")

    def number(self, name: str) -> str:
        """A person's real number."""
        return f"+1{self.area}555{PEOPLE[name]}"

    def phone(self, name: str) -> Phone:
        return self.carrier.phone(self.number(name))

    def open(
        self, recruiter: str = "rita", candidate: str = "carl", *, phone: str = "", **more: Any
    ) -> dict[str, Any]:
        """A session of two of the people. ``phone`` is the candidate's, if not their usual one."""
        session: dict[str, Any] = self.api.ask(
            "POST",
            "/v1/sessions",
            {
                "recruiter": {
                    "ref": recruiter,
                    "phone": self.number(recruiter),
                    "name": recruiter.title(),
                    "organization": "Acme",
                },
                "candidate": {"ref": candidate, "phone": phone or self.number(candidate)},
                "context": "Backend engineer",
                **more,
            },
        )
        return session

    def on_board(self, name: str, spoken_name: str, numbers: Sequence[str]) -> Stage:
        """The same people on another board of the service, which has numbers of its own."""
        self.service.run("boards", "put", name, "--spoken-name", spoken_name)
        key = self.service.run("keys", "create", "test", "--scope", "admin", "--board", name)
        other = replace(self, api=Api(self.service.base_url, key))
        for number in numbers:
            self.carrier.add_number(number)
        other.rent(numbers)
        return other

    def rent(self, numbers: Sequence[str]) -> None:
        """Takes them into a pool whose cooldown is short."""
        self.api.ask("PUT", "/v1/pools/us", POOL)
        for number in numbers:
            self.api.ask("POST", "/v1/numbers", {"phone_number": number, "pool": "us"})

    def session(self, session_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.ask("GET", f"/v1/sessions/{session_id}")
        return found

    def interactions(self, session_id: str) -> list[dict[str, Any]]:
        answer = self.api.ask("GET", f"/v1/sessions/{session_id}/interactions")
        interactions: list[dict[str, Any]] = answer["data"]
        return interactions


@contextmanager
def set_stage(directory: Path, **environment: str) -> Iterator[Stage]:
    """Starts everything, with a pool of three numbers whose cooldown is short."""
    with (
        simulated_carrier(seed=11) as carrier,
        Service(carrier, directory, extra_environment=environment) as service,
    ):
        for number in NUMBERS:
            carrier.add_number(number)
        stage = Stage(carrier, service, service.api())
        stage.rent(NUMBERS)
        stage.move_people()
        yield stage
    assert carrier.crashes == []


def eventually(
    ask: Callable[[], Any], fulfilled: Callable[[Any], bool] = bool, *, seconds: float = 20
) -> Any:
    """The first answer that fulfils; fails with the last one when none does in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if fulfilled(answer):
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s; the last answer: {answer}"
        time.sleep(0.1)
