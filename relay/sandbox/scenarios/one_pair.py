"""A recruiter and a candidate on one number, until it is given to the next pair."""

from __future__ import annotations

from typing import Any

from relay.sandbox.behaviour import Answer
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.narrator import Narrator
from relay.sandbox.scenarios.people import BOARD, CARL, DAN, FIRST_NUMBER, NORA, RITA
from relay.sandbox.service import Api

#: So short that the scenario can wait for it; a real one lasts weeks.
COOLDOWN_SECONDS = 4


class OnePair:
    def __init__(self, narrator: Narrator, carrier: SimulatedCarrier, api: Api) -> None:
        self._narrator = narrator
        self._carrier = carrier
        self._api = api
        self._rita, self._carl = narrator.phone(RITA), narrator.phone(CARL)
        self._nora, self._dan = narrator.phone(NORA), narrator.phone(DAN)

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

    def _introduce(self) -> None:
        self._narrator.title("The people")
        self._narrator.say("Rita is a recruiter at Acme.", f"Her phone is {RITA}.")
        self._narrator.say(f"Carl is a candidate on {BOARD}.", f"His phone is {CARL}.")
        self._narrator.say("Nora and Dan have nothing to do with them, yet.")
        self._narrator.say(f"{BOARD} rents one virtual number:", f"{FIRST_NUMBER}.")
        self._carrier.add_number(FIRST_NUMBER)
        policy = {
            "country": "US",
            "allowed_countries": ["US"],
            "cooldown": COOLDOWN_SECONDS,
            "default_ttl": 604800,
        }
        self._api.ask("PUT", "/v1/pools/us", policy)
        self._api.ask("POST", "/v1/numbers", {"phone_number": FIRST_NUMBER, "pool": "us"})

    def _open_session(self) -> dict[str, Any]:
        self._narrator.title(f"{BOARD} connects the pair")
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
        self._narrator.expect(
            session["virtual_number"] == FIRST_NUMBER, "the session has the number"
        )
        self._narrator.say(
            "Both now know one number for each other:", session["virtual_number"] + "."
        )
        return session

    def _recruiter_calls(self) -> None:
        self._narrator.title("Rita calls Carl")
        self._carl.on_ring = Answer(keys="21")
        self._narrator.show_call(self._rita, self._carl, FIRST_NUMBER)

    def _candidate_calls_back(self) -> None:
        self._narrator.title("Carl calls back (recruiters answer directly)")
        self._rita.on_ring = Answer()
        self._narrator.show_call(self._carl, self._rita, FIRST_NUMBER)

    def _texts_both_ways(self) -> None:
        self._narrator.title("They text")
        self._narrator.show_text(
            self._rita, self._carl, FIRST_NUMBER, "Hi Carl, can you come at 10 on Monday?"
        )
        self._narrator.show_text(
            self._carl, self._rita, FIRST_NUMBER, "Yes 👍 see you then. 星期一见!"
        )

    def _stranger_calls(self) -> None:
        self._narrator.title("Nora, who has no session, calls the number")
        self._narrator.show_refusal(self._nora, FIRST_NUMBER)

    def _session_expires(self, session: dict[str, Any]) -> None:
        self._narrator.title("The session expires")
        self._api.ask("PATCH", f"/v1/sessions/{session['id']}", {"ttl": 1})
        closed = self._narrator.wait_for(
            lambda: self._api.ask("GET", f"/v1/sessions/{session['id']}"),
            lambda answer: answer["status"] == "closed",
            "the session expires",
        )
        self._narrator.expect(closed["closed_reason"] == "expired", "the time was over")
        self._narrator.say(
            "The time agreed for the pair is over: the number stops connecting them."
        )

    def _late_call(self) -> None:
        self._narrator.title("Rita calls too late")
        self._narrator.show_refusal(self._rita, FIRST_NUMBER)

    def _number_is_given_on(self, session: dict[str, Any]) -> None:
        self._narrator.title("The number is given to the next pair")
        figures = self._narrator.wait_for(
            lambda: self._api.ask("GET", "/v1/pools/us")["figures"],
            lambda answer: answer["open_sessions"] == answer["cooling_bindings"] == 0,
            "the worker has freed the number",
        )
        self._narrator.expect(figures["headroom"] == 1, "nobody is on the number")
        self._narrator.say(
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
        self._narrator.expect(
            following["virtual_number"] == FIRST_NUMBER, "the number is used again"
        )
        self._narrator.expect(following["id"] != session["id"], "it is another session")
        self._dan.on_ring = Answer(keys="1")
        self._narrator.show_call(self._nora, self._dan, FIRST_NUMBER)

    def _nobody_reaches_a_stranger(self) -> None:
        self._narrator.title("Carl still has the old number, and dials it")
        self._narrator.show_refusal(self._carl, FIRST_NUMBER)
