"""A recruiter with more candidates than there are numbers: an access code tells them apart."""

from __future__ import annotations

from typing import Any

from relay.sandbox.behaviour import Answer
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.chapters.people import (
    BOARD,
    CARL,
    EVE,
    FINN,
    FIRST_NUMBER,
    RITA,
    SECOND_NUMBER,
)
from relay.sandbox.service import Api
from relay.sandbox.telling import Teller


class SharedNumber:
    def __init__(self, teller: Teller, carrier: SimulatedCarrier, api: Api) -> None:
        self._teller = teller
        self._carrier = carrier
        self._api = api
        self._rita, self._finn = teller.phone(RITA), teller.phone(FINN)

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
        self._teller.title("Three candidates, two numbers")
        carls = self._open("carl", CARL, "Backend engineer")
        eves = self._open("eve", EVE, "Frontend engineer")
        finns = self._open("finn", FINN, "Data engineer")
        self._teller.say(
            f"{BOARD} rents a second number, {SECOND_NUMBER}, and connects Rita with Carl, Eve",
            "and Finn. She has somebody on both when Finn comes: now an access code decides.",
        )
        self._teller.say("What she dials for each, in one tap:")
        carls = self._api.ask("GET", f"/v1/sessions/{carls['id']}")
        for name, session in (("Carl", carls), ("Eve", eves), ("Finn", finns)):
            self._teller.say(f"  {name:4}  {session['dial']}")
        numbers = [session["virtual_number"] for session in (carls, eves, finns)]
        self._teller.expect(
            numbers == [FIRST_NUMBER, SECOND_NUMBER, FIRST_NUMBER], "the third one shares a number"
        )
        needed = [session["code_needed"] for session in (carls, eves, finns)]
        self._teller.expect(needed == [True, False, True], "a code is needed there, and only there")
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
        self._teller.title("Rita taps Finn's link")
        self._finn.on_ring = Answer(keys="1")
        self._teller.show_call(self._rita, self._finn, finns["dial"])

    def _candidate_calls_back(self) -> None:
        self._teller.title("Finn calls back (candidates are never asked for a code)")
        self._teller.show_call(self._finn, self._rita, FIRST_NUMBER)

    def _texts(self, carls: dict[str, Any], finns: dict[str, Any]) -> None:
        self._teller.title("Rita texts, first without the code")
        code, hello = finns["access_code"], "Hello Finn, is 3 pm fine?"
        self._teller.show_question(
            self._rita,
            FIRST_NUMBER,
            hello,
            options={f"{s['access_code']} {s['context']}" for s in (carls, finns)},
        )
        self._teller.show_text(
            self._rita, self._finn, FIRST_NUMBER, f"{code} {hello}", arrives_as=hello
        )
        self._teller.show_text(
            self._finn,
            self._rita,
            FIRST_NUMBER,
            "It is!",
            arrives_as=f"{code} Data engineer: It is!",
        )
