"""Texts by phones of the simulated carrier, each with a word that is nowhere else."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from relay.domain.participant import Role
from tests.month.diary import Diary
from tests.month.oracle import Oracle, Talk, WrongPerson
from tests.month.people import People
from tests.month.service import Service

_WORD = re.compile(r"\bword\d+\b")
#: A text that is tried again is there by then, in seconds.
_PATIENCE = 2 * 3600


@dataclass
class SentText:
    """``to`` is the phone that may show it, "" for nobody; ``must_arrive``: it has to."""

    said_at: float
    number: str
    to: str
    must_arrive: bool
    arrivals: int = 0


class Texts:
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
        self._said = 0
        self._sent: dict[str, SentText] = {}
        self._read: dict[str, int] = {}
        self._stopped: set[tuple[str, str]] = set()

    def write(self) -> None:
        talks = list(self._oracle.open.values())
        if not talks:
            return
        talk = self._chance.choice(talks)
        way = self._chance.choices(
            [self.recruiter_writes, self._candidate_writes, self._forgets_code, self._writes_late],
            weights=[50, 40, 5, 5],
        )[0]
        way(talk)

    def recruiter_writes(self, talk: Talk, *, is_filtered: bool = False) -> None:
        session = self._service.store.sessions.get(talk.id)
        prefix = f"{session.access_code} " if session.code_needed else ""
        to = talk.phones[Role.CANDIDATE]
        if is_filtered and (to, talk.number) not in self._stopped:
            self._service.carrier.faults.messages.fail(to=to, code=30007, times=1)
        self._say(talk, Role.RECRUITER, prefix, to, must_arrive=not is_filtered)

    def _candidate_writes(self, talk: Talk) -> None:
        self._say(talk, Role.CANDIDATE, "", talk.phones[Role.RECRUITER], must_arrive=True)

    def _forgets_code(self, talk: Talk) -> None:
        """Where one is needed, nobody gets the text; its writer is asked."""
        session = self._service.store.sessions.get(talk.id)
        if session.code_needed:
            self._say(talk, Role.RECRUITER, "", "", must_arrive=False)

    def _writes_late(self, _talk: Talk) -> None:
        """From a phone that has nothing open on that number any more."""
        now = self._service.calendar.now
        for late in self._oracle.closed[-200:][::-1]:
            held = self._oracle.held(late.phones[Role.CANDIDATE], late.number, now)
            if all(binding.until is not None for binding in held.sure):
                self._say(late, Role.CANDIDATE, "", "", must_arrive=False)
                return

    def stop(self) -> None:
        """A candidate wants no texts from a number any more; calls go on."""
        talks = list(self._oracle.open.values())
        if talks:
            talk = self._chance.choice(talks)
            phone = talk.phones[Role.CANDIDATE]
            self._service.carrier.phone(phone).text(talk.number, "STOP").wait()
            self._stopped.add((phone, talk.number))
            self._diary.today.stops += 1

    def _say(self, talk: Talk, sender: Role, prefix: str, to: str, *, must_arrive: bool) -> None:
        now = self._service.calendar.now
        self._oracle.pass_time(now)
        if to and not talk.is_open(now):
            return
        self._said += 1
        word = f"word{self._said}"
        is_stopped = (to, talk.number) in self._stopped
        self._sent[word] = SentText(
            said_at=now,
            number=talk.number,
            to="" if is_stopped else to,
            must_arrive=must_arrive and not is_stopped,
        )
        phone = self._service.carrier.phone(talk.phones[sender])
        phone.text(talk.number, f"{prefix}Hello, {word}.").wait()
        self._diary.today.texts += 1
        self._service.work()

    # --- who got what -----------------------------------------------------------------

    def check(self) -> None:
        """Every text on every phone is there for whom it was written; none twice."""
        for phone in self._phones():
            texts = self._service.carrier.phone(phone).texts
            for text in texts[self._read.get(phone, 0) :]:
                for word in _WORD.findall(text.body):
                    self._take(word, phone, text.sender)
            self._read[phone] = len(texts)
        now = self._service.calendar.now
        for word, text in list(self._sent.items()):
            if text.said_at < now - _PATIENCE:
                is_there = text.arrivals == 1 or not text.must_arrive
                assert is_there, f"{word} did not arrive: {text}"
                del self._sent[word]

    def _take(self, word: str, phone: str, sender: str) -> None:
        text = self._sent[word]
        if (phone, sender) != (text.to, text.number):
            raise WrongPerson(f"{word} arrived elsewhere, or from another number")
        text.arrivals += 1
        assert text.arrivals == 1, f"{word} arrived twice"
        self._diary.today.texts_arrived += 1

    def _phones(self) -> list[str]:
        everybody = [*self._people.recruiters, *self._people.candidates]
        return sorted(
            {person.phone for person in everybody}
            | set(self._read)
            | {text.to for text in self._sent.values() if text.to}
            | set(self._people.strangers)
        )
