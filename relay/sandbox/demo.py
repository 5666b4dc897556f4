"""``make demo``: a short story with two phones, told as it happens.

Every process is the real one; only the carrier is simulated. The story ends with a search for the
real numbers in Redis and in the logs, which must find none (P2).
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from relay.sandbox.behaviour import Answer
from relay.sandbox.calls.story import CallStory
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.leak_search import everything_in_files, everything_in_redis, holds_number
from relay.sandbox.phone import Phone
from relay.sandbox.service import Api, Service, simulated_carrier

VIRTUAL_NUMBER = "+14155550142"
RITA, CARL, NORA, DAN = "+12125550101", "+13105550177", "+16175550123", "+19175550188"
NAMES = {RITA: "Rita", CARL: "Carl", NORA: "Nora", DAN: "Dan", VIRTUAL_NUMBER: "the virtual number"}
BOARD = "JobBoard"
#: So short that the story can wait for it; a real one lasts weeks.
COOLDOWN_SECONDS = 4


class StoryBroken(Exception):
    """Something did not happen as the story tells it."""


def run(console: Console | None = None) -> None:
    """Plays the story. Raises StoryBroken, or ServiceDidNotStart, when it goes wrong."""
    console = console or Console(highlight=False, soft_wrap=True)
    directory = Path(tempfile.mkdtemp(prefix="relay-demo-"))
    try:
        console.print("[dim]Starting Redis, web, worker and scheduler, and a simulated carrier …")
        with (
            simulated_carrier(seed=7) as carrier,
            Service(carrier, directory, board_name=BOARD) as service,
        ):
            Story(console, carrier, service).tell()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Story:
    def __init__(self, console: Console, carrier: SimulatedCarrier, service: Service) -> None:
        self._console = console
        self._carrier = carrier
        self._service = service
        self._api: Api = service.api()
        self._rita, self._carl = carrier.phone(RITA), carrier.phone(CARL)
        self._nora, self._dan = carrier.phone(NORA), carrier.phone(DAN)
        self._step = 0

    def tell(self) -> None:
        self._introduce()
        session = self._open_session()
        self._recruiter_calls()
        self._candidate_calls_back()
        self._texts_both_ways()
        self._stranger_calls()
        self._session_expires(session)
        self._late_call()
        self._number_is_given_on(session)
        self._nobody_reaches_a_stranger()
        self._search_for_real_numbers()
        self._console.print("\n[bold green]The end. Nobody saw anybody's real number.[/]")

    # --- the chapters -------------------------------------------------------------------

    def _introduce(self) -> None:
        self._title("The people")
        self._say("Rita is a recruiter at Acme.", f"Her phone is {RITA}.")
        self._say(f"Carl is a candidate on {BOARD}.", f"His phone is {CARL}.")
        self._say("Nora and Dan have nothing to do with them, yet.")
        self._say(f"{BOARD} rents one virtual number:", f"{VIRTUAL_NUMBER}.")
        self._carrier.add_number(VIRTUAL_NUMBER)
        policy = {"country": "US", "cooldown": COOLDOWN_SECONDS, "default_ttl": 604800}
        self._api.ask("PUT", "/v1/pools/us", policy)
        self._api.ask("POST", "/v1/numbers", {"phone_number": VIRTUAL_NUMBER, "pool": "us"})

    def _open_session(self) -> dict[str, Any]:
        self._title(f"{BOARD} connects the pair")
        session: dict[str, Any] = self._api.ask(
            "POST",
            "/v1/sessions",
            {
                "recruiter": {
                    "ref": "rita",
                    "phone": RITA,
                    "name": "Rita Reyes",
                    "organization": "Acme",
                },
                "candidate": {"ref": "carl", "phone": CARL},
                "context": "Backend engineer",
            },
        )
        self._expect(session["virtual_number"] == VIRTUAL_NUMBER, "the session has the number")
        self._say("Both now know one number for each other:", session["virtual_number"] + ".")
        return session

    def _recruiter_calls(self) -> None:
        self._title("Rita calls Carl")
        self._carl.on_ring = Answer(keys="21")
        self._show_call(self._rita, self._carl, connected=True)

    def _candidate_calls_back(self) -> None:
        self._title("Carl calls back (recruiters answer directly)")
        self._rita.on_ring = Answer()
        self._show_call(self._carl, self._rita, connected=True)

    def _texts_both_ways(self) -> None:
        self._title("They text")
        self._show_text(self._rita, self._carl, "Hi Carl, can you come at 10 on Monday?")
        self._show_text(self._carl, self._rita, "Yes 👍 see you then. 星期一见!")

    def _stranger_calls(self) -> None:
        self._title("Nora, who has no session, calls the number")
        self._refused(self._nora)

    def _session_expires(self, session: dict[str, Any]) -> None:
        self._title("The session expires")
        self._api.ask("PATCH", f"/v1/sessions/{session['id']}", {"ttl": 1})
        closed = self._wait_for(
            lambda: self._api.ask("GET", f"/v1/sessions/{session['id']}"),
            lambda answer: answer["status"] == "closed",
            "the session expires",
        )
        self._expect(closed["closed_reason"] == "expired", "the time was over")
        self._say("The time agreed for the pair is over: the number stops connecting them.")

    def _late_call(self) -> None:
        self._title("Rita calls too late")
        self._refused(self._rita)

    def _number_is_given_on(self, session: dict[str, Any]) -> None:
        self._title("The number is given to the next pair")
        figures = self._wait_for(
            lambda: self._api.ask("GET", "/v1/pools/us")["figures"],
            lambda answer: answer["open_sessions"] == answer["cooling_bindings"] == 0,
            "the worker has freed the number",
        )
        self._expect(figures["headroom"] == 1, "nobody is on the number")
        self._say(
            f"After a cooldown of {COOLDOWN_SECONDS} s (in real life 30 and 90 days) it is free.",
            f"{BOARD} gives it to Nora, a recruiter too, and Dan, a candidate.",
        )
        following = self._api.ask(
            "POST",
            "/v1/sessions",
            {
                "recruiter": {"ref": "nora", "phone": NORA, "name": "Nora Novak"},
                "candidate": {"ref": "dan", "phone": DAN},
                "context": "Nurse, night shift",
            },
        )
        self._expect(following["virtual_number"] == VIRTUAL_NUMBER, "the number is used again")
        self._expect(following["id"] != session["id"], "it is another session")
        self._dan.on_ring = Answer(keys="1")
        self._show_call(self._nora, self._dan, connected=True)

    def _nobody_reaches_a_stranger(self) -> None:
        self._title("Carl still has the old number, and dials it")
        self._refused(self._carl)

    def _search_for_real_numbers(self) -> None:
        self._title("Is a real number anywhere?")
        directory = self._service.directory
        places = {
            "Redis": everything_in_redis(self._service.redis.url),
            "Redis' files": everything_in_files(directory / "redis", "**/*"),
            "the logs": everything_in_files(directory, "*.log"),
        }
        for place, found in places.items():
            leaks = [n for n in (RITA, CARL, NORA, DAN) if holds_number(found, n)]
            self._expect(not leaks, f"no real number is in {place}")
            self._say(f"Searched {place}: no real number.")

    # --- telling ------------------------------------------------------------------------

    def _title(self, text: str) -> None:
        self._step += 1
        self._console.print(f"\n[bold cyan]{self._step}. {escape(text)}[/]")

    def _say(self, *parts: str) -> None:
        self._console.print("   " + escape(" ".join(parts)))

    def _sees(self, phone: Phone, what: str) -> None:
        name = NAMES[phone.number]
        self._console.print(f"   [yellow]{name + chr(39) + 's phone':>13}[/]  {escape(what)}")

    def _show_call(self, caller: Phone, callee: Phone, *, connected: bool) -> None:
        self._sees(caller, f"dials {VIRTUAL_NUMBER}")
        story = caller.call(VIRTUAL_NUMBER).wait(30)
        self._sees(callee, f"rings, and shows {story.callee_saw}")
        question, *more = [*story.heard_by_callee] or [""]
        first_key, *other_keys = [*_keys_of(callee)] or [""]
        for happening in (
            f"“{question}”" if question else "",
            f"presses {first_key}" if first_key else "",
            *(f"“{sentence}”" for sentence in more),
            *(f"presses {key}" for key in other_keys),
        ):
            if happening:
                self._sees(callee, happening)
        self._check_call(story, callee, connected=connected)
        self._say("They talk.")

    def _check_call(self, story: CallStory, callee: Phone, *, connected: bool) -> None:
        self._expect(not story.errors, f"the carrier had no complaint {story.problems}")
        self._expect(story.callee_number == callee.number, "the right phone rang")
        self._expect(story.callee_saw == VIRTUAL_NUMBER, "only the virtual number was shown")
        self._expect(story.bridged is connected, "the two were connected")

    def _refused(self, caller: Phone) -> None:
        others = [self._rita, self._carl, self._nora, self._dan]
        rings_before = [len(phone.rings) for phone in others]
        self._sees(caller, f"dials {VIRTUAL_NUMBER}")
        story = caller.call(VIRTUAL_NUMBER).wait(30)
        for sentence in story.heard_by_caller:
            self._sees(caller, f"“{sentence}”")
        self._expect(bool(story.heard_by_caller), "the caller is told why")
        rings_after = [len(phone.rings) for phone in others]
        self._expect(rings_before == rings_after, "no phone rang")
        self._say("No phone rings.")

    def _show_text(self, sender: Phone, receiver: Phone, body: str) -> None:
        count = len(receiver.texts)
        self._sees(sender, f"texts {VIRTUAL_NUMBER}: “{body}”")
        sender.text(VIRTUAL_NUMBER, body)
        received = receiver.wait_for_text(count + 1, timeout=20)[count]
        self._sees(receiver, f"gets a text from {received.sender}: “{received.body}”")
        self._expect(received.body == body, "the text arrived unchanged")
        self._expect(received.sender == VIRTUAL_NUMBER, "it came from the virtual number")

    def _expect(self, fact: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
        if not fact:
            raise StoryBroken(f"The story went wrong: it is not true that {what}.")

    def _wait_for(self, ask: Callable[[], Any], fulfilled: Callable[[Any], bool], what: str) -> Any:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            answer = ask()
            if fulfilled(answer):
                return answer
            time.sleep(0.2)
        raise StoryBroken(f"The story went wrong: waited in vain until {what}.")


def _keys_of(phone: Phone) -> str:
    """The keys its owner presses, one at each question."""
    return phone.on_ring.keys if isinstance(phone.on_ring, Answer) else ""
