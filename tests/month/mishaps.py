"""What goes wrong at the carrier, with us, and with the people, on which day of thirty.

Whatever needs a purchase has one of its own: ops order it, in the first days, when each board's
pool still is well inside its limits. So every seed comes to all of it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from relay.domain.errors import Conflict
from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus
from relay.domain.purchase import JobStatus, Purchase
from relay.sandbox.stock import in_area
from relay.workflows.order_numbers import Order, order_numbers
from tests.month.board import Board
from tests.month.calls import Telephones
from tests.month.diary import Diary
from tests.month.oracle import Oracle, Talk
from tests.month.plan import HOUR, START, Plan
from tests.month.service import Service
from tests.month.texts import Texts

_PURCHASES, _RELEASES = ("POST", "IncomingPhoneNumbers"), ("DELETE", "IncomingPhoneNumbers")
_NUMBERS = "PhoneNumbers"


class Mishaps:
    def __init__(
        self,
        *,
        plan: Plan,
        service: Service,
        oracle: Oracle,
        diary: Diary,
        board: Board,
        telephones: Telephones,
        texts: Texts,
        chance: random.Random,
    ) -> None:
        self._plan = plan
        self._service = service
        self._oracle = oracle
        self._diary = diary
        self._board = board
        self._telephones = telephones
        self._texts = texts
        self._chance = chance
        self._orders: dict[str, str] = {}
        self._drained_by_hand = ""
        self._agenda: list[tuple[float, Callable[[], None]]] = [
            (self._at(day, hour), what) for day, hour, what in self._programme()
        ]

    def _programme(self) -> list[tuple[int, int, Callable[[], None]]]:
        return [
            (2, 9, self._sell_an_area_out),
            (2, 10, self._order_there_and_elsewhere),
            (3, 6, lambda: self._lose_answer(_PURCHASES, "a purchase")),
            (3, 8, lambda: self._order("617", "one number of 617")),
            (4, 6, lambda: self._kill("buy", "after", "the worker, when a number was just bought")),
            (4, 8, lambda: self._order("206", "one number of 206")),
            (5, 6, lambda: self._kill("buy", "before", "the worker, just before a purchase")),
            (5, 8, lambda: self._order("512", "one number of 512")),
            (6, 7, self._snatch),
            (6, 8, lambda: self._order("303", "one number of 303")),
            (6, 14, self._campaign_of_short_calls),
            (7, 8, self._sell_out),
            (7, 9, lambda: self._order("404", "one number of 404", comes_to="nothing_on_offer")),
            (7, 14, self._restock),
            (8, 9, self._refuse_all),
            (8, 9, lambda: self._order("312", "one number of 312")),
            (8, 10, self._serve_again),
            (9, 11, self._filter_texts),
            # Where the pool itself wants some then, it says so and waits.
            (11, 8, self._sell_out),
            (11, 14, self._restock),
            (13, 7, lambda: self._diary.tell("everybody wants the busiest candidate")),
            *((13, hour, self._board.seek_the_busiest) for hour in range(8, 21)),
            (13, 15, self._campaign_of_short_calls),
            (16, 0, lambda: self._lose_answer(_RELEASES, "a release")),
            (17, 9, self._drain_by_hand),
            (18, 0, lambda: self._kill("release", "before", "the worker, just before a release")),
            (19, 0, lambda: self._kill("release", "after", "the worker, when a release was made")),
            (21, 10, self._point_elsewhere),
        ]

    def run(self) -> None:
        """What has come due by now."""
        now = self._service.calendar.now
        due = [what for at, what in self._agenda if at <= now]
        self._agenda = [(at, what) for at, what in self._agenda if at > now]
        for what in due:
            what()

    def check(self) -> None:
        """At the end: all of it has happened, and came to what it must come to."""
        assert not self._agenda
        untried = self._service.border.waits_for
        assert not untried, f"this seed never came to {untried}"
        self._check_carrier()
        for job, expected in self._orders.items():
            ended = self._service.store.purchases.get(job)
            assert self._came_to(ended) == expected, f"{ended}, expected {expected}"
        owned = {number.phone_number for number in self._service.account.numbers.values()}
        assert self._drained_by_hand not in owned

    def _check_carrier(self) -> None:
        """Its troubles came upon a request of ours, each as often as planned."""
        requests = self._service.carrier.rest_log
        faults = Counter(request.fault for request in requests)
        assert faults["lost reply"] == 2, "this seed never lost an answer"
        assert faults["refused"] > 0, "this seed was never refused"
        snatched = [r for r in requests if r.response and r.response.get("code") == 21422]
        assert len(snatched) == 2, "this seed was never too late for a number"

    def _at(self, day: int, hour: int) -> float:
        return START + day * DAY * self._plan.days / 30 + hour * HOUR

    def _came_to(self, job: Purchase) -> str:
        if job.status is JobStatus.DONE:
            return "bought"
        return job.failures[0].code if job.failures else job.status

    # --- the carrier ------------------------------------------------------------------

    def _sell_an_area_out(self) -> None:
        numbers = [number for series in in_area("415") for number in series.numbers()]
        ours = {number.phone_number for number in self._service.account.numbers.values()}
        self._service.carrier.faults.market.sell_elsewhere(*(n for n in numbers if n not in ours))
        self._diary.tell("the carrier has sold its 415 numbers to others")

    def _order_there_and_elsewhere(self) -> None:
        self._order("415", "two numbers of 415", count=2, comes_to="nothing_on_offer")
        self._order("617", "one number of 617")

    def _order(self, area: str, what: str, *, count: int = 1, comes_to: str = "bought") -> None:
        wanted = Order(pool="us", country="US", area_code=area, count=count)
        now = self._service.calendar.now
        try:
            job = order_numbers(self._service.services, wanted, now=now)
        except Conflict as refusal:
            raise AssertionError(f"no room for {what}: {refusal.reason}") from refusal
        self._orders[job.id] = comes_to
        self._diary.tell(f"ops order {what}")

    def _lose_answer(self, request: tuple[str, str], what: str) -> None:
        method, path = request
        self._service.carrier.faults.rest.next(lost_reply=True, method=method, path_contains=path)
        self._diary.tell(f"the answer to {what} will be lost")

    def _refuse_all(self) -> None:
        self._service.carrier.faults.rest.next(status=503, times=10**6, path_contains=_NUMBERS)
        self._diary.tell("the carrier answers 503 about numbers for an hour")

    def _serve_again(self) -> None:
        self._service.carrier.faults.rest.clear()

    def _sell_out(self) -> None:
        self._service.carrier.faults.market.left = 0
        self._diary.tell("the carrier has nothing to sell for six hours")

    def _restock(self) -> None:
        self._service.carrier.faults.market.left = None

    def _snatch(self) -> None:
        self._service.carrier.faults.market.snatch(2)
        self._diary.tell("somebody else is faster at the next two purchases")

    def _point_elsewhere(self) -> None:
        """At the carrier's console, by mistake."""
        owned = next(iter(self._service.account.numbers.values()))
        owned.voice_url = "https://elsewhere.example.com/voice"
        self._diary.tell("a number's calls are pointed elsewhere by mistake")

    # --- us ---------------------------------------------------------------------------

    def _kill(self, request: str, moment: str, whom: str) -> None:
        self._service.border.kill_at(request, moment)
        self._diary.tell(f"kill -9 of {whom}")

    def _drain_by_hand(self) -> None:
        """A number with open sessions, which go on."""
        number = self._busiest_number()
        self._service.store.numbers.set_status(number, "us", NumberStatus.DRAINING)
        self._drained_by_hand = number
        self._diary.tell("ops drain a number that has open sessions")

    # --- the people -------------------------------------------------------------------

    def _campaign_of_short_calls(self) -> None:
        """Somebody dials through a number's sessions, and people hang up at once."""
        talks = self._talks_on(self._busiest_number())
        for _ in range(self._plan.campaign):
            self._telephones.recruiter_calls(self._chance.choice(talks), seconds=3)
        self._diary.tell(f"{self._plan.campaign} calls of three seconds on one number")

    def _filter_texts(self) -> None:
        """The carrier takes every third of them for spam (30007)."""
        talks = self._talks_on(self._busiest_number())
        for place in range(self._plan.campaign):
            talk = self._chance.choice(talks)
            self._texts.recruiter_writes(talk, is_filtered=place % 3 == 0)
        self._diary.tell(f"the carrier filters a third of {self._plan.campaign} texts (30007)")

    def _busiest_number(self) -> str:
        usable = {
            number.number
            for number in self._service.store.numbers.of_pool("us")
            if number.status is NumberStatus.AVAILABLE
        }
        now = self._service.calendar.now
        self._oracle.pass_time(now)
        busy = Counter(t.number for t in self._oracle.open.values() if t.number in usable)
        return busy.most_common(1)[0][0]

    def _talks_on(self, number: str) -> list[Talk]:
        return [talk for talk in self._oracle.open.values() if talk.number == number]
