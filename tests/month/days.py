"""The month itself: step by step, what is due, what people do, and what must be true after it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from relay.domain.policy import DAY
from relay.workflows.reconcile_numbers import reconcile_numbers
from tests.month.board import Board
from tests.month.calls import Telephones
from tests.month.diary import Diary
from tests.month.maintenance import Maintenance
from tests.month.mishaps import Mishaps
from tests.month.oracle import Oracle
from tests.month.people import People
from tests.month.plan import HOUR, START, Plan, demand
from tests.month.service import Service, running_service
from tests.month.texts import Texts
from tests.month.watch import Watch

#: When people are at work, in hours of the day.
_FROM, _TO = 7, 21
#: How often the lives of Redis' keys are shortened, in seconds of the month.
_LIVES_EVERY = 6 * HOUR

OnDay = Callable[[Diary], None]


class Month:
    def __init__(self, plan: Plan, service: Service) -> None:
        self.plan = plan
        self.diary = Diary()
        self.service = service
        people = People(
            self._chance("people"), recruiters=plan.recruiters, candidates=plan.candidates
        )
        self.oracle = Oracle(plan.pool)
        self._board = Board(
            service,
            people,
            self.oracle,
            self.diary,
            self._chance("board"),
            busiest_candidate=plan.busiest_candidate,
        )
        self._calls = Telephones(service, people, self.oracle, self.diary, self._chance("calls"))
        self._texts = Texts(service, people, self.oracle, self.diary, self._chance("texts"))
        self._mishaps = Mishaps(
            plan=plan,
            service=service,
            oracle=self.oracle,
            diary=self.diary,
            board=self._board,
            telephones=self._calls,
            texts=self._texts,
            chance=self._chance("mishaps"),
        )
        self._maintenance = Maintenance(service)
        self.watch = Watch(plan, service, self.oracle, self.diary)
        self._hours = self._chance("hours")

    def _chance(self, of: str) -> random.Random:
        """A stream for each kind of event: one more call changes no session."""
        return random.Random(f"{self.plan.seed} {of}")

    def live(self, on_day: OnDay) -> None:
        for day in range(self.plan.days):
            self.diary.begin_day()
            self._live_through(day)
            self._texts.check()
            self.watch.after_day()
            on_day(self.diary)
        self._end()

    def _live_through(self, day: int) -> None:
        agenda = self._agenda(day)
        calendar = self.service.calendar
        for begin in range(START + day * DAY, START + (day + 1) * DAY, self.plan.step):
            calendar.turn_to(begin)
            self.oracle.pass_time(begin)
            if begin % _LIVES_EVERY == 0:
                calendar.shorten_lives()
            self._mishaps.run()
            self._maintenance.run()
            while agenda and agenda[0][0] < begin + self.plan.step:
                moment, what = agenda.pop(0)
                calendar.turn_to(moment)
                self.oracle.pass_time(moment)
                what()
            self.service.settle()
            self.watch.after_step()

    def _agenda(self, day: int) -> list[tuple[float, Callable[[], None]]]:
        """What people do that day, in order."""
        plan, wanted = self.plan, demand(day, self.plan.days)
        counts = {
            self._board.open: plan.sessions * wanted,
            self._board.close_one: plan.sessions * wanted * 0.1,
            self._board.change_phone: 1,
            self._calls.ring: plan.calls * wanted,
            self._texts.write: plan.texts * wanted,
            self._texts.stop: 1,
        }
        begin = START + day * DAY
        agenda = [
            (begin + self._hours.uniform(_FROM, _TO) * HOUR, what)
            for what, count in counts.items()
            for _ in range(round(count))
        ]
        return sorted(agenda, key=lambda entry: entry[0])

    def _end(self) -> None:
        """Whoever was killed last is made good; one more comparison with the carrier's list, then
        the sums."""
        end = START + self.plan.days * DAY
        for moment in (end, end + self.plan.step):
            self.service.calendar.turn_to(moment)
            self._maintenance.run()
        self._mishaps.check()
        comparison = reconcile_numbers([self.service.services], clock=self.service.calendar)
        assert comparison is not None
        assert comparison.findings == (), comparison
        self.watch.at_the_end()
        self._check_promises()

    def _check_promises(self) -> None:
        diary = self.diary
        assert not diary.refusals, f"refused: {diary.refusals}"
        for what in ("bought", "rested", "recovered", "drained", "released"):
            assert diary.total(what) > 0, f"no number was {what}"
        assert diary.total("coded_dials") > 0
        assert "monthly_budget" in self.watch.shortages, "this seed never felt its budget"


def live_through(plan: Plan, directory: Path, on_day: OnDay = lambda _: None) -> Month:
    """Raises AssertionError, WrongPerson among them, at the first broken promise."""
    with running_service(plan.seed, plan.pool, directory) as service:
        month = Month(plan, service)
        month.live(on_day)
    return month
