"""Calls, texts and requests at a steady rate, and what was acknowledged of them."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
from twilio.request_validator import RequestValidator

from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.service import Api, Service
from relay.sandbox.texts.trace import SimulatedMessage
from tests.e2e.stage import AREAS, NUMBERS

_POOL = {
    "country": "US",
    "reputation": {
        "min_answer_rate": None,
        "max_short_share": None,
        "max_calls_per_minute": None,
        "max_calls_per_day": None,
        "max_filtered_share": None,
    },
    "limits": {"calls_per_session": None, "calls_per_person": None},
}
_CALLERS = 100
#: Whom sessions are opened for while traffic runs: nobody who calls or texts.
_FIRST_OTHER = 500


@dataclass(frozen=True)
class Rates:
    """A second."""

    calls: int
    texts: int
    requests: int


@dataclass(frozen=True)
class Pair:
    session: str
    number: str
    recruiter: str
    candidate: str


@dataclass
class Kind:
    """One kind of traffic: what was acknowledged, and when it failed and went well."""

    acknowledged: list[Any] = field(default_factory=list)
    failed_at: list[float] = field(default_factory=list)
    went_well_at: list[float] = field(default_factory=list)

    def note(self, what: Any, *, went_well: bool) -> None:
        (self.went_well_at if went_well else self.failed_at).append(time.monotonic())
        if went_well:
            self.acknowledged.append(what)

    def back_after(self, fault: float) -> float:
        """Seconds from the fault until nothing failed any more."""
        failures = [at for at in self.failed_at if at > fault]
        return max(failures, default=fault) - fault

    def works_since(self, moment: float) -> bool:
        return any(at > moment for at in self.went_well_at)


class Traffic:
    """On one board of a running service, between so many pairs."""

    def __init__(self, service: Service, carrier: SimulatedCarrier, pairs: int) -> None:
        self._service = service
        self._carrier = carrier
        self._api: Api = service.api()
        self._validator = RequestValidator(carrier.account.auth_token)
        self.calls, self.texts, self.requests = Kind(), Kind(), Kind()
        self._to_be_ended: set[str] = set()
        self._sent: list[tuple[Pair, SimulatedMessage]] = []
        self._api.ask("PUT", "/v1/pools/us", _POOL)
        for number in NUMBERS:
            carrier.add_number(number)
            self._api.ask("POST", "/v1/numbers", {"phone_number": number, "pool": "us"})
        self.pairs = [self._open(n) for n in range(pairs)]
        self._session = threading.local()
        self._ordinals: dict[str, Iterator[int]] = {}

    def _open(self, n: int) -> Pair:
        request = _request(n)
        session = self._api.ask("POST", "/v1/sessions", request)
        return Pair(
            session["id"],
            session["virtual_number"],
            recruiter=request["recruiter"]["phone"],
            candidate=request["candidate"]["phone"],
        )

    @contextmanager
    def running(self, rates: Rates) -> Iterator[None]:
        stopping = threading.Event()
        with ThreadPoolExecutor(_CALLERS) as callers:
            pacers = [
                threading.Thread(target=self._pace, args=(rate, act, callers, stopping))
                for rate, act in (
                    (rates.calls, self._call),
                    (rates.texts, self._text),
                    (rates.requests, self._change),
                )
            ]
            for pacer in pacers:
                pacer.start()
            try:
                yield
            finally:
                stopping.set()
                for pacer in pacers:
                    pacer.join()

    def _pace(
        self,
        rate: int,
        act: Callable[[int], None],
        callers: ThreadPoolExecutor,
        stopping: threading.Event,
    ) -> None:
        began = time.monotonic()
        asked: list[Future[None]] = []
        while not stopping.wait(0.02):
            due = int((time.monotonic() - began) * rate)
            asked += [callers.submit(act, self._next(act)) for _ in range(due - len(asked))]
        for each in asked:
            each.result()

    def _next(self, act: Callable[[int], None]) -> int:
        """Each kind counts for itself, over all runs."""
        return next(self._ordinals.setdefault(act.__name__, itertools.count()))

    def _call(self, n: int) -> None:
        """A recruiter's call comes in, as the carrier tells of it."""
        pair = self.pairs[n % len(self.pairs)]
        sid, url = f"CA{n:032x}", f"{self._service.base_url}/twilio/voice"
        fields = {
            "CallSid": sid,
            "AccountSid": self._carrier.account.sid,
            "From": pair.recruiter,
            "To": pair.number,
            "CallStatus": "ringing",
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
        }
        signature = self._validator.compute_signature(url, fields)
        answer = self._post(url, urlencode(fields), signature)
        self.calls.note((pair, sid), went_well="<Dial" in answer)

    def _post(self, url: str, body: str, signature: str) -> str:
        session = self._session.__dict__.setdefault("session", requests.Session())
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            answer = session.post(url, data=body, headers=headers, timeout=15)
        except requests.RequestException:
            return ""
        return str(answer.text)

    def _text(self, n: int) -> None:
        """A recruiter texts; the carrier tries again what we have not taken."""
        pair = self.pairs[n % len(self.pairs)]
        message = self._carrier.phone(pair.recruiter).text(pair.number, f"text {n}").wait(120)
        self._sent.append((pair, message))
        taken = message.delivery is not None and message.delivery.is_answered
        self.texts.note((pair, message.body), went_well=taken)

    def _change(self, n: int) -> None:
        """A board opens a session, and at once ends every other one."""
        opened = self._send("POST", "/v1/sessions", _request(_FIRST_OTHER + n))
        session = opened.json()["id"] if opened else ""
        self.requests.note((session, "open"), went_well=bool(opened))
        if opened and n % 2:
            self._to_be_ended.add(session)
            ended = self._send("DELETE", f"/v1/sessions/{session}")
            self.requests.note((session, "closed"), went_well=bool(ended))

    def _send(self, method: str, path: str, body: Any = None) -> requests.Response | None:
        """The answer, if it says that it went well."""
        try:
            answer = self._api.send(method, path, body)
        except requests.RequestException:
            return None
        return answer if answer.ok else None

    # --- what is found afterwards ---------------------------------------------------------

    def lost_requests(self) -> list[tuple[str, str]]:
        """Sessions that were acknowledged, and what they should be and are not."""
        states = dict(self.requests.acknowledged)  # the last word on each
        return [
            (session, state) for session, state in states.items() if not self._is(session, state)
        ]

    def _is(self, session: str, state: str) -> bool:
        answer = self._api.send("GET", f"/v1/sessions/{session}")
        found = answer.json()["status"] if answer.ok else ""
        # One whose end was asked for and not acknowledged may have ended.
        return found == state or (session in self._to_be_ended and found == "closed")

    def lost_calls(self) -> list[str]:
        """Calls that were connected, and are not on record."""
        known = {
            pair.session: self._interactions(pair.session)
            for pair in {pair for pair, _ in self.calls.acknowledged}
        }
        return [
            sid
            for pair, sid in self.calls.acknowledged
            if not any(sid in interaction for interaction in known[pair.session])
        ]

    def _interactions(self, session: str) -> list[str]:
        found: list[str] = []
        path = f"/v1/sessions/{session}/interactions?limit=100"
        cursor = ""
        while True:
            page = self._api.ask("GET", path + (f"&cursor={cursor}" if cursor else ""))
            found += [interaction["id"] for interaction in page["data"]]
            cursor = page.get("next_cursor") or ""
            if not cursor:
                return found

    def arrived(self) -> Counter[tuple[str, str]]:
        """How often each text has come to its receiver's phone."""
        receivers = {pair.candidate for pair in self.pairs}
        return Counter(
            (phone, text.body)
            for phone in receivers
            for text in self._carrier.phone(phone).texts
            if text.body.startswith("text ")
        )

    def missing_texts(self, *, accepted_only: bool) -> set[tuple[str, str]]:
        sent = {(pair.candidate, message.body) for pair, message in self._sent}
        taken = {(pair.candidate, body) for pair, body in self.texts.acknowledged}
        return (taken if accepted_only else sent) - self.arrived().keys()

    def doubled_texts(self) -> list[tuple[str, str]]:
        return [text for text, count in self.arrived().items() if count > 1]


def _phone(n: int, first: int) -> str:
    """Twenty-five a side in each area."""
    return f"+1{AREAS[n // 25]}555{first + n % 25:04}"


def _request(n: int) -> dict[str, Any]:
    return {
        "recruiter": {"ref": f"r{n}", "phone": _phone(n, 100)},
        "candidate": {"ref": f"c{n}", "phone": _phone(n, 125)},
    }
