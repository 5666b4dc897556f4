"""Calls: who dials what, what the relay answers, and how the call ends."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

from relay.carrier.webhooks import CallEnded, DialReport, InboundCall, KeyPress, LegReport
from relay.domain.access_code import TRIES_IN_A_CALL
from relay.domain.participant import Role
from relay.domain.routing import AskAccessCode, Bridge
from relay.workflows.connect_call import AnsweredCall, connect_call, take_code
from relay.workflows.record_call_progress import record_call_end, record_dial, record_leg
from relay.workflows.screen_call import ask_human, take_answer
from tests.month.diary import Diary
from tests.month.oracle import Oracle, Talk, WrongPerson
from tests.month.people import People
from tests.month.service import Service
from tests.month.voice import documents_of

WITHHELD = "anonymous"
_NUMBERS = re.compile(r"\+\d{11}")
#: A talk is late when its number's bindings still cool; those before are nobody's concern any more.
_RECENT = 300


class Telephones:
    def __init__(
        self,
        service: Service,
        people: People,
        oracle: Oracle,
        diary: Diary,
        chance: random.Random,
    ) -> None:
        self._service = service
        self._people = people
        self._oracle = oracle
        self._diary = diary
        self._chance = chance
        self._documents = documents_of(service.services)

    def ring(self) -> None:
        """A call as it comes: most are what the service is for."""
        talk = self._any(list(self._oracle.open.values()))
        if talk is None:
            return
        way = self._chance.choices(
            [
                self.recruiter_calls,
                self.candidate_calls,
                self._mistypes,
                self._calls_from_mobile,
                self._withholds,
                self._calls_late,
                self._guesses,
            ],
            weights=[50, 34, 2, 3, 3, 6, 2],
        )[0]
        way(talk)

    def recruiter_calls(self, talk: Talk, *, seconds: int | None = None) -> None:
        """Dials what the board shows: the number, and the code where one is needed."""
        session = self._service.store.sessions.get(talk.id)
        number, _, code = session.dial.removeprefix("tel:").partition(",,")
        assert number == talk.number
        self._check_dial(talk, needs_code=bool(code))
        self._diary.today.dials += 1
        self._diary.today.coded_dials += bool(code)
        phone = talk.phones[Role.RECRUITER]
        final = self._place(phone, number, [code or talk.code], talk, Role.RECRUITER)
        self._end(final, number, seconds)

    def candidate_calls(self, talk: Talk) -> None:
        """Never asked for a code from the phone on record."""
        final = self._place(talk.phones[Role.CANDIDATE], talk.number, [], talk, Role.CANDIDATE)
        self._end(final, talk.number)

    def _mistypes(self, talk: Talk) -> None:
        """Once, or as often as one call allows."""
        wrong = [self._no_code_of(talk.number) for _ in range(TRIES_IN_A_CALL)]
        codes = wrong if self._chance.random() < 0.3 else [wrong[0], talk.code]
        self._diary.today.odd_calls += 1
        final = self._place(talk.phones[Role.RECRUITER], talk.number, codes)
        self._end(final, talk.number)

    def _calls_from_mobile(self, talk: Talk) -> None:
        mobile = self._people.recruiters[int(talk.refs[Role.RECRUITER].rpartition("-")[2])].mobile
        self._diary.today.odd_calls += 1
        final = self._place(mobile, talk.number, [talk.code], talk, Role.RECRUITER)
        self._end(final, talk.number)

    def _withholds(self, talk: Talk) -> None:
        self._diary.today.odd_calls += 1
        final = self._place(WITHHELD, talk.number, [talk.code], talk, Role.RECRUITER)
        self._end(final, talk.number)

    def _calls_late(self, _talk: Talk) -> None:
        """On a session that has ended; with its code, where one is asked for."""
        late = self._any(self._oracle.closed[-_RECENT:])
        if late is not None:
            self._diary.today.odd_calls += 1
            role = self._chance.choice(list(Role))
            final = self._place(late.phones[role], late.number, [late.code])
            self._end(final, late.number)

    def _guesses(self, talk: Talk) -> None:
        self._diary.today.odd_calls += 1
        stranger = self._chance.choice(self._people.strangers)
        self._place(stranger, talk.number, [self._no_code_of(talk.number)])

    # --- the answer -------------------------------------------------------------------

    def _place(
        self,
        caller: str,
        number: str,
        codes: Iterable[str],
        talk: Talk | None = None,
        role: Role | None = None,
    ) -> AnsweredCall:
        """Checks each answer of the call. A caller of ``talk`` must reach its other side."""
        now = self._service.calendar.now
        self._oracle.pass_time(now)
        self._diary.today.calls += 1
        call = InboundCall(call_sid=self._sid(), caller=caller, called=number, attestation="A")
        answered = connect_call(self._service.services, call, now=now)
        known = "" if caller == WITHHELD else caller
        self._oracle.check(answered.decision, self._oracle.expect_call(known, number, now), role)
        self._read(answered, number)
        for code in codes:
            if not isinstance(answered.decision, AskAccessCode):
                break
            answered = take_code(
                self._service.services,
                f"us.{call.call_sid}",
                call,
                code=code,
                attempt=str(answered.decision.attempt),
                now=now,
            )
            self._oracle.check(answered.decision, self._oracle.expect_code(number, code, now), role)
            self._read(answered, number)
        if talk is not None:
            self._must_reach(answered, talk)
        return answered

    def _must_reach(self, answered: AnsweredCall, talk: Talk) -> None:
        decision = answered.decision
        assert isinstance(decision, Bridge), f"{talk} was answered by {decision}"
        if decision.session.id != talk.id:
            raise WrongPerson(f"{talk} was connected by {decision.session.id}")

    def _read(self, answered: AnsweredCall, number: str) -> None:
        """P2: the document dials the counterpart, shows the virtual number, and holds no other."""
        document = self._documents.call(
            answered.decision, call_id=answered.id, virtual_number=number
        )
        found = set(_NUMBERS.findall(document))
        if isinstance(answered.decision, Bridge):
            assert found == {number, answered.decision.counterpart.reveal()}
            assert f'callerId="{number}"' in document
        else:
            assert not found

    def _check_dial(self, talk: Talk, *, needs_code: bool) -> None:
        self._oracle.pass_time(self._service.calendar.now)
        held = self._oracle.held(
            talk.phones[Role.RECRUITER], talk.number, self._service.calendar.now
        )
        assert needs_code or not held.shares_surely, f"{talk} is shared, and dialled without a code"
        assert not needs_code or not held.is_alone_surely, f"{talk} is alone, and needs a code"

    # --- what becomes of it -----------------------------------------------------------

    def _end(self, answered: AnsweredCall, number: str, seconds: int | None = None) -> None:
        """The carrier's reports; some never come."""
        if not isinstance(answered.decision, Bridge):
            self._diary.today.not_connected += 1
            return
        self._diary.today.connected += 1
        if seconds is None and self._chance.random() < 0.02:
            return
        outcome = "completed" if seconds else self._outcome()
        seconds = seconds or max(3, round(self._chance.expovariate(1 / 120)))
        leg = self._sid()
        if outcome == "completed":
            self._talk(answered, leg, seconds)
        self._report_dial(answered, leg, outcome, seconds)
        ended = CallEnded(
            call_sid=answered.id.partition(".")[2],
            called=number,
            status="completed",
            duration=seconds,
        )
        record_call_end(self._service.services, ended, now=self._service.calendar.now)

    def _outcome(self) -> str:
        return self._chance.choices(["completed", "no-answer", "busy"], weights=[78, 16, 6])[0]

    def _talk(self, answered: AnsweredCall, leg: str, seconds: int) -> None:
        services, now = self._service.services, self._service.calendar.now
        parent = answered.id.partition(".")[2]
        if answered.decision.is_guarded:
            key = KeyPress(call_sid=leg, parent_call_sid=parent, digits="1")
            ask_human(services, answered.id, key, now=now)
            take_answer(services, answered.id, key, turn="0", now=now)
        for status, duration in (("in-progress", None), ("completed", seconds)):
            report = LegReport(
                call_sid=leg, parent_call_sid=parent, status=status, duration=duration
            )
            record_leg(services, answered.id, report, now=now)

    def _report_dial(self, answered: AnsweredCall, leg: str, outcome: str, seconds: int) -> None:
        is_talk = outcome == "completed"
        report = DialReport(
            call_sid=answered.id.partition(".")[2],
            dial_status=outcome,
            bridged=is_talk,
            duration=seconds if is_talk else None,
            leg_sid=leg,
        )
        now = self._service.calendar.now
        record_dial(self._service.services, answered.id, report, now=now)

    def _no_code_of(self, number: str) -> str:
        while True:
            code = f"{self._chance.randrange(10**6):06d}"
            if not self._oracle.is_code(number, code):
                return code

    def _any(self, talks: list[Talk]) -> Talk | None:
        return self._chance.choice(talks) if talks else None

    def _sid(self) -> str:
        return f"CA{self._chance.getrandbits(128):032x}"
