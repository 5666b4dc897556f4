"""The job board: opens sessions, closes some early, changes a phone now and then."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from relay.domain.errors import PoolExhausted
from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.domain.policy import DAY
from relay.domain.session import ClosedReason
from relay.workflows.close_session import close_session
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.open_session import open_session
from relay.workflows.register_participant import register_candidate, register_recruiter
from tests.month.diary import Diary
from tests.month.oracle import Oracle, Talk
from tests.month.people import Candidate, People, Recruiter
from tests.month.service import Service

_CLIENT = "board"
Details = RecruiterDetails | CandidateDetails


class Board:
    def __init__(
        self,
        service: Service,
        people: People,
        oracle: Oracle,
        diary: Diary,
        chance: random.Random,
        *,
        busiest_candidate: int,
        details: Callable[[Recruiter | Candidate], Details] | None = None,
    ) -> None:
        self._busiest = busiest_candidate
        self._details = details or _details
        self._service = service
        self._people = people
        self._oracle = oracle
        self._diary = diary
        self._chance = chance
        self._known: set[str] = set()

    def open(self) -> None:
        self.open_between(*self._draw_pair())

    def seek_the_busiest(self) -> None:
        """One more recruiter for the candidate with most sessions, unless that one is on numbers
        enough. One at a time, since for each the pool must have bought another number; nobody who
        is both, since a recruiter may be on every number already."""
        now = self._service.calendar.now
        phones = {one.phone for one in self._people.recruiters}
        sought = Counter(
            talk.refs[Role.CANDIDATE]
            for talk in self._oracle.open.values()
            if talk.phones[Role.CANDIDATE] not in phones
        )
        [(ref, _)] = sought.most_common(1)
        candidate = self._person(Role.CANDIDATE, ref)
        if self._oracle.numbers_of(candidate.phone, now) >= self._busiest:
            return
        talks = [t for t in self._oracle.open.values() if t.refs[Role.CANDIDATE] == ref]
        known = {talk.refs[Role.RECRUITER] for talk in talks}
        others = [one for one in self._people.recruiters[:-3] if one.ref not in known]
        self.open_between(self._chance.choice(others), candidate)

    def open_between(self, recruiter: Recruiter, candidate: Candidate) -> None:
        now = self._service.calendar.now
        request = SessionRequest(
            recruiter=self._someone(recruiter),
            candidate=self._someone(candidate),
            pool="us",
            ttl=self._chance.choice([None, None, None, DAY, 7 * DAY]),
            context=self._chance.choice(["", "Backend engineer, Acme", "Nurse, night shift"]),
        )
        try:
            opened = open_session(self._service.services, request, client_id=_CLIENT, now=now)
        except PoolExhausted as refusal:
            self._diary.refuse(f"{recruiter.ref} and {candidate.ref}", refusal.reason)
            return
        self._known |= {recruiter.ref, candidate.ref}
        if opened.is_new:
            phones = {Role.RECRUITER: recruiter.phone, Role.CANDIDATE: candidate.phone}
            self._oracle.opened(opened.session, phones)
            self._diary.today.opened += 1
        else:
            self._oracle.open[opened.session.id].expires_at = opened.session.expires_at

    def close_one(self) -> None:
        talk = self._any_open()
        if talk is not None:
            close_session(self._service.services, talk.id, now=self._service.calendar.now)
            self._oracle.close(talk, int(self._service.calendar.now))
            self._diary.today.closed += 1

    def change_phone(self) -> None:
        """Of somebody with an open session; recruiters who show a switchboard keep it."""
        talk = self._any_open()
        if talk is None:
            return
        role = self._chance.choice(list(Role))
        person = self._person(role, talk.refs[role])
        if self._is_shared(person.phone):
            return
        before, person.phone = person.phone, self._people.new_phone()
        self._register(role, person)
        self._diary.today.phones_changed += 1
        for theirs in list(self._oracle.open.values()):
            if theirs.refs[role] == person.ref and theirs.phones[role] == before:
                session = self._service.store.sessions.get(theirs.id)
                now = self._service.calendar.now
                self._oracle.moved(theirs, role, person.phone, session, now)

    def look_at_lost(self, number: str) -> None:
        """The account has lost a number: the board sees which numbers its sessions have now."""
        now = self._service.calendar.now
        for talk in [one for one in self._oracle.open.values() if one.number == number]:
            session = self._service.store.sessions.get(talk.id)
            if session.closed_reason is ClosedReason.NUMBER_LOST:
                self._oracle.close(talk, now)
            elif session.virtual_number != number:
                self._oracle.renumbered(talk, session, now)

    def person_of(self, talk: Talk, role: Role) -> Recruiter | Candidate:
        return self._person(role, talk.refs[role])

    def _draw_pair(self) -> tuple[Recruiter, Candidate]:
        now = self._service.calendar.now
        while True:
            recruiter, candidate = self._people.draw_recruiter(), self._people.draw_candidate()
            is_busy = self._oracle.numbers_of(candidate.phone, now) >= self._busiest
            if recruiter.phone != candidate.phone and not is_busy:
                return recruiter, candidate

    def _someone(self, person: Recruiter | Candidate) -> Someone:
        """By ref alone once they are on record, as a board would do it."""
        if person.ref in self._known:
            return Someone(ref=person.ref)
        return Someone(ref=person.ref, details=self._details(person))

    def _register(self, role: Role, person: Recruiter | Candidate) -> None:
        terms = {
            "client_id": _CLIENT,
            "renumber": True,
            "now": self._service.calendar.now,
        }
        register = register_recruiter if role is Role.RECRUITER else register_candidate
        register(self._service.services, person.ref, self._details(person), **terms)

    def _any_open(self) -> Talk | None:
        return self._chance.choice(list(self._oracle.open.values())) if self._oracle.open else None

    def _person(self, role: Role, ref: str) -> Recruiter | Candidate:
        place = int(ref.rpartition("-")[2])
        of_role = self._people.recruiters if role is Role.RECRUITER else self._people.candidates
        return of_role[place]

    def _is_shared(self, phone: str) -> bool:
        everybody = [*self._people.recruiters, *self._people.candidates]
        return sum(person.phone == phone for person in everybody) > 1


def _details(person: Recruiter | Candidate) -> Details:
    if isinstance(person, Recruiter):
        return RecruiterDetails(phone=person.phone, name=person.ref, organization="Acme")
    return CandidateDetails(phone=person.phone)
