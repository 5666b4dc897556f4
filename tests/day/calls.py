"""Calls that ring on the simulated carrier: whoever dials, and what the phones have to tell."""

from __future__ import annotations

import random

from relay.domain.guard import GuardStyle
from relay.domain.participant import Role
from relay.sandbox.calls.trace import CallTrace
from tests.day.phones import GREETING, ORGANIZATION, Kind, Phones, Ringing
from tests.day.tally import Tally
from tests.month.oracle import Oracle, Talk
from tests.month.people import People
from tests.month.service import Service

_WITHHELD = "anonymous"

WRONG = "wrong person"
NOT_RUNG = "rang nobody"
PRIVATE = "voicemail or assistant connected"
NOT_CONNECTED = "owner not connected"
NAMED = "named too early"
ERRORS = "errors"
#: Sentences of the guard's question, which come before any key is taken.
_QUESTION = 2


class Calls:
    def __init__(
        self,
        *,
        service: Service,
        people: People,
        phones: Phones,
        oracle: Oracle,
        tally: Tally,
        chance: random.Random,
    ) -> None:
        self._service = service
        self._people = people
        self._phones = phones
        self._oracle = oracle
        self._tally = tally
        self._chance = chance

    def ring(self) -> None:
        """A call as it comes."""
        way = self._chance.choices(
            [
                self.recruiter_calls,
                self._candidate_calls,
                self.recruiter_gives_up,
                self._mistypes,
                self._calls_from_mobile,
                self._withholds,
                self._calls_late,
                self._guesses,
            ],
            weights=[52, 24, 6, 3, 4, 4, 4, 3],
        )[0]
        way(self._chance.choice(list(self._oracle.open.values())))

    def recruiter_calls(self, talk: Talk) -> None:
        """Dials what the board shows, the code included where one is needed."""
        session = self._service.store.sessions.get(talk.id)
        self._call(talk.phones[Role.RECRUITER], session.dial, talk, Role.RECRUITER)

    def recruiter_gives_up(self, talk: Talk) -> None:
        """While it rings, or while the guard asks."""
        dial = self._service.store.sessions.get(talk.id).dial
        after = self._chance.uniform(4, 14)
        phone = talk.phones[Role.RECRUITER]
        self._call(phone, dial, talk, Role.RECRUITER, hang_up_after=after)

    def _candidate_calls(self, talk: Talk) -> None:
        self._call(talk.phones[Role.CANDIDATE], talk.number, talk, Role.CANDIDATE)

    def _mistypes(self, talk: Talk) -> None:
        mobile, wrong = self._mobile_of(talk), self._no_code_of(talk.number)
        self._call(mobile, talk.number, talk, Role.RECRUITER, digits=f"{wrong},{talk.code}")

    def _calls_from_mobile(self, talk: Talk) -> None:
        """A phone that is not on record: the code lets it in."""
        phone = self._mobile_of(talk)
        self._call(phone, talk.number, talk, Role.RECRUITER, digits=talk.code)

    def _withholds(self, talk: Talk) -> None:
        phone = talk.phones[Role.RECRUITER]
        how = {"withheld": _WITHHELD, "digits": talk.code}
        self._call(phone, talk.number, talk, Role.RECRUITER, **how)

    def _calls_late(self, _talk: Talk) -> None:
        """On a session that has ended, and that its pair has not opened again."""
        if self._oracle.closed:
            late, now = self._chance.choice(self._oracle.closed), self._service.calendar.now
            phone = late.phones[self._chance.choice(list(Role))]
            by_phone = self._oracle.expect_call(phone, late.number, now)
            by_code = self._oracle.expect_code(late.number, late.code, now)
            if not by_phone.bridge and not by_code.bridge:
                self._call(phone, late.number, None, None, digits=late.code)

    def _guesses(self, talk: Talk) -> None:
        stranger = self._chance.choice(self._people.strangers)
        digits = self._no_code_of(talk.number)
        self._call(stranger, talk.number, None, None, digits=digits)

    # --- how it went ------------------------------------------------------------------

    def _call(
        self, phone: str, dialled: str, talk: Talk | None, role: Role | None, **how: object
    ) -> None:
        """``talk`` and ``role``: whom the caller must reach, else nobody."""
        self._oracle.pass_time(self._service.calendar.now)
        if talk is not None and talk.closed_at is not None:
            return
        self._tally.count("calls")
        called = talk.phones[role.other] if talk and role else ""
        ringing = self._phones.prepare(called) if called else None
        noted = len(self._service.carrier.phone(called).transcripts) if called else 0
        how.setdefault("talk_seconds", 5 + self._chance.expovariate(1 / 120))
        trace = self._service.carrier.phone(phone).call(dialled, **how).wait()
        self._service.settle()
        is_patient = "hang_up_after" not in how
        self._judge_reach(trace, called, is_patient=is_patient)
        if talk and role and ringing and trace.legs and (trace.bridged or is_patient):
            self._judge_guard(trace, talk, role, ringing)
            self._judge_words(trace, talk, role, ringing, noted)

    def _judge_reach(self, trace: CallTrace, called: str, *, is_patient: bool) -> None:
        for leg in trace.legs:
            if leg.number != called or leg.saw != trace.dialled_number:
                self._tally.blame(WRONG, f"{trace}, expected {called or 'nobody'}")
        self._tally.count("connected", trace.bridged)
        if called and not trace.legs:
            if not trace.call_sid:
                self._tally.count("calls to a lost number")
            elif is_patient:
                self._tally.blame(NOT_RUNG, str(trace))
        if trace.errors:
            self._tally.blame(ERRORS, str(trace))

    def _judge_guard(self, trace: CallTrace, talk: Talk, role: Role, ringing: Ringing) -> None:
        is_guarded = role is Role.RECRUITER or talk.refs[Role.RECRUITER] in self._phones.guarded
        if not is_guarded:
            return
        if self._phones.kind_of(talk.phones[role.other]) is Kind.SCREENING:
            self._tally.count("calls to assistants")
            self._tally.count("assistants' owners", ringing.has_owner)
            self._tally.count("assistants' owners connected", ringing.has_owner and trace.bridged)
            if ringing.has_owner and not trace.bridged:
                self._tally.blame(NOT_CONNECTED, f"{ringing} {trace}")
        is_private = GREETING in " ".join(trace.heard_by_caller)
        if is_private or (trace.bridged and not ringing.has_owner):
            self._tally.blame(PRIVATE, str(trace))
        self._tally.count("voicemails or assistants alone", not ringing.has_owner)

    def _judge_words(
        self, trace: CallTrace, talk: Talk, role: Role, ringing: Ringing, noted: int
    ) -> None:
        """In the discreet style the recruiter is named to nobody who has not pressed 2."""
        is_discreet = self._phones.styles[talk.refs[Role.CANDIDATE]] is GuardStyle.DISCREET
        if role is not Role.RECRUITER or not is_discreet:
            return
        self._tally.count("discreet calls")
        names = (talk.refs[Role.RECRUITER], ORGANIZATION)
        heard = [any(name in words for name in names) for words in trace.heard_by_callee]
        is_early = any(heard if not ringing.presses_two else heard[:_QUESTION])
        transcripts = self._service.carrier.phone(talk.phones[role.other]).transcripts[noted:]
        if is_early or any(name in words for name in names for words in transcripts):
            self._tally.blame(NAMED, str(trace))

    def _mobile_of(self, talk: Talk) -> str:
        return self._people.recruiters[int(talk.refs[Role.RECRUITER].rpartition("-")[2])].mobile

    def _no_code_of(self, number: str) -> str:
        while True:
            code = f"{self._chance.randrange(10**6):06d}"
            if not self._oracle.is_code(number, code):
                return code
