"""The day itself: step by step, what is due and what people do; then the evening's judgement."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from relay.workflows.estimate_traffic import estimate_traffic
from tests.day.calls import Calls
from tests.day.mishaps import Event, Mishaps
from tests.day.phones import Phones
from tests.day.plan import BUSIEST_CANDIDATE, POOL, Plan
from tests.day.tally import Tally
from tests.day.texts import Texts
from tests.month.board import Board
from tests.month.diary import Diary
from tests.month.maintenance import Maintenance
from tests.month.oracle import Oracle
from tests.month.people import People
from tests.month.plan import HOUR, START
from tests.month.service import Service, running_service
from tests.month.watch import Watch

#: When people are at work, in hours of the day; sessions of the day before are open by then.
_NIGHT, _MORNING, _FROM, _TO = 1, 6, 7, 21
#: The last notices go out, and the last reports are asked for, in the hours after midnight.
_END = 27

UNFINISHED = "without an end on record"
OnHour = Callable[[int], None]


class Day:
    def __init__(self, plan: Plan, service: Service) -> None:
        self.plan = plan
        self.service = service
        self.tally = Tally()
        self.diary = Diary()
        self.diary.begin_day()
        self._people = People(
            self._chance("people"), recruiters=plan.recruiters, candidates=plan.candidates
        )
        self.phones = Phones(service.carrier, self._people, plan, self._chance("phones"))
        self.oracle = Oracle(POOL)
        self._board = Board(
            service,
            self._people,
            self.oracle,
            self.diary,
            self._chance("board"),
            busiest_candidate=BUSIEST_CANDIDATE,
            details=self.phones.details_of,
        )
        self._calls = Calls(
            service=service,
            people=self._people,
            phones=self.phones,
            oracle=self.oracle,
            tally=self.tally,
            chance=self._chance("calls"),
        )
        self.texts = Texts(service, self.phones, self.oracle, self.tally, self._chance("texts"))
        self._mishaps = Mishaps(
            plan=plan,
            service=service,
            people=self._people,
            phones=self.phones,
            oracle=self.oracle,
            board=self._board,
            calls=self._calls,
            texts=self.texts,
            tally=self.tally,
        )
        self._maintenance = Maintenance(service)
        self._watch = Watch(plan, service, self.oracle, self.diary)
        self._hours = self._chance("hours")
        #: What traffic has cost, in dollars: by our estimate, and by the carrier's books.
        self.estimated = self.charged = Decimal()

    def _chance(self, of: str) -> random.Random:
        return random.Random(f"{self.plan.seed} {of}")

    def live(self, on_hour: OnHour = lambda _: None) -> None:
        agenda = self._agenda()
        moments = self._moments()
        for begin, end in zip(moments, [*moments[1:], moments[-1] + 1], strict=True):
            self._turn_to(begin)
            self.service.calendar.shorten_lives()
            self._maintenance.run()
            self._mishaps.look()
            while agenda and agenda[0][0] < end:
                moment, what = agenda.pop(0)
                self._turn_to(moment)
                what()
            self.service.settle()
            on_hour(int((begin - START) // HOUR))
        self._judge()

    def _turn_to(self, moment: float) -> None:
        self.service.calendar.turn_to(moment)
        self.oracle.pass_time(moment)

    def _moments(self) -> list[float]:
        at_work = range(START + _MORNING * HOUR, START + _TO * HOUR, self.plan.step)
        around = range(START, START + _END * HOUR, self.plan.step_at_night)
        return sorted({*at_work, *around, *self._mishaps.moments()})

    def _agenda(self) -> list[Event]:
        plan = self.plan
        at_work, at_night = (_FROM, _TO), (_NIGHT, _MORNING)
        wanted = [
            (self._open, plan.sessions_before, at_night),
            (self._open, plan.sessions, at_work),
            (self._board.close_one, plan.sessions // 4, at_work),
            (self._calls.ring, plan.calls, at_work),
            (self.texts.write, plan.texts, at_work),
        ]
        agenda: list[Event] = [
            (START + self._hours.uniform(*hours) * HOUR, what)
            for what, count, hours in wanted
            for _ in range(count)
        ]
        return sorted([*agenda, *self._mishaps.events()], key=lambda entry: entry[0])

    def _open(self) -> None:
        before = set(self.oracle.talks)
        self._board.open()
        for new in self.oracle.talks.keys() - before:
            self.texts.stop_if_opted_out(self.oracle.talks[new])

    def _judge(self) -> None:
        carrier = self.service.carrier
        refused = sum(request.fault == "refused" for request in carrier.rest_log)
        self.tally.count("requests refused", refused)
        self.tally.count("reports lost", carrier.faults.webhooks.lost_count)
        spent = estimate_traffic(self.service.services, POOL, since=START)
        assert spent is not None
        self.estimated, self.charged = spent.cost, self.service.account.charged_for_traffic()
        self.texts.judge()
        self._judge_records()
        self._watch.after_day()
        self._watch.search_writings()
        assert not self.diary.refusals, self.diary.refusals
        left = [one for one in self.oracle.open.values() if one.number == self._mishaps.lost_number]
        assert not left, left

    def _judge_records(self) -> None:
        """Every call and text on record has come to its end."""
        store, carrier = self.service.store, self.service.carrier
        for call in carrier.calls():
            record = store.calls.get(f"us.{call.sid}")
            if record and not record.status.is_final:
                self.tally.blame(UNFINISHED, f"{record}")
        for message in carrier.messages():
            text = store.messages.read(f"us.{message.sid}")
            if text and not text.status.is_final:
                self.tally.blame(UNFINISHED, f"{text}")


def live_through(plan: Plan, directory: Path, on_hour: OnHour = lambda _: None) -> Day:
    with running_service(plan.seed, POOL, directory) as service:
        day = Day(plan, service)
        day.live(on_hour)
    return day
