"""A recruiter with more candidates than there are numbers: an access code tells them apart."""

from __future__ import annotations

from typing import Any

from relay.sandbox.behaviour import Answer
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.narrator import Narrator
from relay.sandbox.scenarios.people import (
    BOARD,
    CARL,
    EVE,
    FINN,
    FIRST_NUMBER,
    RITA,
    SECOND_NUMBER,
)
from relay.sandbox.service import Api


class SharedNumber:
    def __init__(self, narrator: Narrator, carrier: SimulatedCarrier, api: Api) -> None:
        self._narrator = narrator
        self._carrier = carrier
        self._api = api
        self._rita, self._finn = narrator.phone(RITA), narrator.phone(FINN)

    def tell(self) -> None:
        self._rent_a_second_number()
        carls, finns = self._open_three_sessions()
        self._one_tap(finns)
        self._candidate_calls_back()
        self._texts(carls, finns)

    def _rent_a_second_number(self) -> None:
        self._carrier.add_number(SECOND_NUMBER)
        self._api.ask("POST", "/v1/numbers", {"phone_number": SECOND_NUMBER, "pool": "us"})

    def _open_three_sessions(self) -> tuple[dict[str, Any], dict[str, Any]]:
        self._narrator.title("Three candidates, two numbers")
        carls = self._open("carl", CARL, "Backend engineer")
        eves = self._open("eve", EVE, "Frontend engineer")
        finns = self._open("finn", FINN, "Data engineer")
        self._narrator.say(
            f"{BOARD} rents a second number, {SECOND_NUMBER}, and connects Rita with Carl, Eve",
            "and Finn. She has somebody on both when Finn comes: now an access code decides.",
        )
        self._narrator.say("What she dials for each, in one tap:")
        carls = self._api.ask("GET", f"/v1/sessions/{carls['id']}")
        for name, session in (("Carl", carls), ("Eve", eves), ("Finn", finns)):
            self._narrator.say(f"  {name:4}  {session['dial']}")
        numbers = [session["virtual_number"] for session in (carls, eves, finns)]
        self._narrator.expect(
            numbers == [FIRST_NUMBER, SECOND_NUMBER, FIRST_NUMBER], "the third one shares a number"
        )
        needed = [session["code_needed"] for session in (carls, eves, finns)]
        self._narrator.expect(
            needed == [True, False, True], "a code is needed there, and only there"
        )
        return carls, finns

    def _open(self, ref: str, phone: str, context: str) -> dict[str, Any]:
        session: dict[str, Any] = self._api.ask(
            "POST",
            "/v1/sessions",
            {
                "recruiter": "rita",
                "candidate": {"ref": ref, "phone": phone},
                "context": context,
            },
        )
        return session

    def _one_tap(self, finns: dict[str, Any]) -> None:
        self._narrator.title("Rita taps Finn's link")
        self._finn.on_ring = Answer(keys="1")
        self._narrator.show_call(self._rita, self._finn, finns["dial"])

    def _candidate_calls_back(self) -> None:
        self._narrator.title("Finn calls back (candidates are never asked for a code)")
        self._narrator.show_call(self._finn, self._rita, FIRST_NUMBER)

    def _texts(self, carls: dict[str, Any], finns: dict[str, Any]) -> None:
        self._narrator.title("Rita texts, first without the code")
        code, hello = finns["access_code"], "Hello Finn, is 3 pm fine?"
        self._narrator.show_question(
            self._rita,
            FIRST_NUMBER,
            hello,
            options={f"{s['access_code']} {s['context']}" for s in (carls, finns)},
        )
        self._narrator.show_text(
            self._rita, self._finn, FIRST_NUMBER, f"{code} {hello}", arrives_as=hello
        )
        self._narrator.show_text(
            self._finn,
            self._rita,
            FIRST_NUMBER,
            "It is!",
            arrives_as=f"{code} Data engineer: It is!",
        )
