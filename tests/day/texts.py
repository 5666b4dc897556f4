"""Texts, each with a word that is nowhere else; and what the inboxes say of them in the evening."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from relay.domain.notices import GATHERED_FOR, Notice
from relay.domain.pace import OF_SAME_WORDS_A_DAY
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.sandbox.phone import ReceivedText
from relay.store.notices import ASKED_ABOUT_SAME_WORDS, ASKED_AN_HOUR
from tests.day.notices import Told, is_carriers_own, read_notice
from tests.day.phones import Kind, Phones
from tests.day.plan import MINUTE
from tests.day.tally import Tally
from tests.month.oracle import Oracle, Talk
from tests.month.plan import HOUR
from tests.month.service import Service

_WORD = re.compile(r"\bword\d+\b")
_FILTERED = 30007

ELSEWHERE = "delivered to the wrong person"
TWICE = "delivered twice"
UNTOLD = "neither delivered nor told"
LOOP = "more than was to be"
UNKNOWN = "a text nobody wrote"
#: What one side of a session is told of one kind in a quarter of a day: at once, then the count.
MOST_TOLD = 2
#: The same words are relayed so often in a session and day (``docs/outcomes.md``).
MOST_SAME_WORDS = OF_SAME_WORDS_A_DAY.burst + DAY // OF_SAME_WORDS_A_DAY.every


@dataclass
class Said:
    at: float
    talk: Talk
    sender: str
    #: Where it must be read, "" where nobody may.
    reader: str
    came_in: bool
    #: Number and code, as its session has had them: one number may have been lost.
    places: set[tuple[str, str]]
    arrivals: int = 0

    def is_told_by(self, told: Told) -> bool:
        """A question answers a text that said no code, whatever follows."""
        if told.notice is Notice.WHICH_SESSION and self.reader:
            return False
        is_about = any(
            told.number == number and told.code in {"", code} for number, code in self.places
        )
        return is_about and (told.is_lasting or (told.left > 0 and told.at > self.at - 1))


class Texts:
    def __init__(
        self,
        service: Service,
        phones: Phones,
        oracle: Oracle,
        tally: Tally,
        chance: random.Random,
    ) -> None:
        self._service = service
        self._phones = phones
        self._oracle = oracle
        self._tally = tally
        self._chance = chance
        self._said: dict[str, Said] = {}
        self._places: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._stopped: set[tuple[str, str]] = set()

    def write(self) -> None:
        """A text as it comes, of somebody whose phone can."""
        way = self._chance.choices(
            [self.say, self._forgets_code, self._writes_late], weights=[90, 6, 4]
        )[0]
        talk = self._chance.choice(list(self._oracle.open.values()))
        way(talk, self._chance.choice(list(Role)))

    def say(
        self, talk: Talk, role: Role, *, is_filtered: bool = False, waits: bool = False
    ) -> None:
        """``waits``: the workers have not come to it yet."""
        session = self._service.store.sessions.get(talk.id)
        needs_code = role is Role.RECRUITER and session.code_needed
        reader = talk.phones[role.other]
        if self._can_write(talk, role) and is_filtered:
            self._service.carrier.faults.messages.fail(to=reader, code=_FILTERED, times=1)
            self._tally.count("filtered")
        self._say(talk, role, f"{talk.code} " if needs_code else "", reader, waits=waits)

    def _forgets_code(self, talk: Talk, _role: Role) -> None:
        if self._service.store.sessions.get(talk.id).code_needed:
            self._say(talk, Role.RECRUITER, "", "")

    def _writes_late(self, _talk: Talk, role: Role) -> None:
        """From a phone that has nothing open on that number any more."""
        now = self._service.calendar.now
        for late in self._oracle.closed[::-1]:
            held = self._oracle.held(late.phones[role], late.number, now)
            if held.sure and all(binding.until is not None for binding in held.sure):
                self._say(late, role, "", "")
                return

    def _can_write(self, talk: Talk, role: Role) -> bool:
        phone = talk.phones[role]
        is_stopped = (phone, talk.number) in self._stopped
        return self._phones.kind_of(phone) is not Kind.LANDLINE and not is_stopped

    def _say(
        self, talk: Talk, role: Role, prefix: str, reader: str, *, waits: bool = False
    ) -> None:
        if not self._can_write(talk, role):
            return
        word = f"word{len(self._said) + 1}"
        sender = talk.phones[role]
        self._places[talk.id].add((talk.number, talk.code))
        phone = self._service.carrier.phone(sender)
        message = phone.text(talk.number, f"{prefix}Hello, {word}.").wait()
        self._said[word] = Said(
            self._service.calendar.now,
            talk,
            sender,
            reader,
            came_in=message.sid is not None,
            places=self._places[talk.id],
        )
        if not waits:
            self._service.settle()

    def stop_if_opted_out(self, talk: Talk) -> None:
        for phone in talk.phones.values():
            if self._phones.kind_of(phone) is Kind.OPTED_OUT:
                self._service.carrier.phone(phone).text(talk.number, "STOP").wait()
                self._stopped.add((phone, talk.number))
                self._tally.count("STOPs")
        self._service.settle()

    # --- in the evening ---------------------------------------------------------------

    def judge(self) -> None:
        for talk in self._oracle.talks.values():
            self._places[talk.id].add((talk.number, talk.code))
        told: dict[str, list[Told]] = {}
        machines: Counter[tuple[str, str, str]] = Counter()
        for phone in self._service.carrier.phones:
            told[phone.number] = self._read_inbox(phone.number, phone.texts, machines)
        self._judge_words(told)
        self._judge_machines(told, machines)
        self._judge_notices(told)

    def _read_inbox(
        self, phone: str, inbox: list[ReceivedText], machines: Counter[tuple[str, str, str]]
    ) -> list[Told]:
        notices = []
        for received in inbox:
            words = _WORD.findall(received.body)
            machine = self._machine_of(received.body)
            notice = read_notice(received)
            if words:
                self._take(words[0], phone, received.sender)
            elif machine:
                machines[machine, received.sender, phone] += 1
            elif notice:
                notices.append(notice)
            elif not is_carriers_own(received):
                self._tally.blame(UNKNOWN, f"{received}")
        return notices

    def _machine_of(self, body: str) -> str:
        """Whose automatic answer it is."""
        phones = self._phones.of_kind(Kind.AUTOMATIC)
        replies = {self._service.carrier.phone(phone).auto_reply: phone for phone in phones}
        return next((phone for words, phone in replies.items() if body.endswith(words)), "")

    def _take(self, word: str, phone: str, sender: str) -> None:
        said = self._said[word]
        said.arrivals += 1
        if phone != said.reader or sender not in {number for number, _ in said.places}:
            self._tally.blame(ELSEWHERE, f"{word} at {phone} from {sender}: {said}")
        if said.arrivals > 1:
            self._tally.blame(TWICE, f"{word}: {said}")

    def _judge_words(self, told: dict[str, list[Told]]) -> None:
        """Each text that nobody got is told of by a notice that tells of no other."""
        for said in self._said.values():
            self._tally.count("texts")
            if not said.came_in:
                self._tally.count("texts to a lost number")
            elif said.arrivals:
                self._tally.count("delivered")
            else:
                self._find_notice(said, told[said.sender])

    def fate_of_minute(self, begin: float) -> tuple[int, int]:
        """How many texts were written in the minute from then on, and how many were delivered."""
        said = [one for one in self._said.values() if begin <= one.at < begin + MINUTE]
        return len(said), sum(one.arrivals for one in said)

    def _is_refuted(self, notice: Told, said: Said) -> bool:
        """Whether a text has arrived there since the notice, so that it tells nothing of this."""
        return any(
            other.arrivals and other.sender == said.sender and other.places & said.places
            for other in self._said.values()
            if notice.at < other.at < said.at
        )

    def _find_notice(self, said: Said, notices: list[Told]) -> None:
        fitting = [
            notice
            for notice in notices
            if said.is_told_by(notice) and not self._is_refuted(notice, said)
        ]
        # One that tells of this text alone before one that tells of all.
        fitting.sort(key=lambda notice: notice.is_lasting)
        if not fitting:
            self._tally.blame(UNTOLD, f"{said}")
            return
        fitting[0].left -= 1
        self._tally.count("told")

    def _judge_machines(
        self, told: dict[str, list[Told]], machines: Counter[tuple[str, str, str]]
    ) -> None:
        """An automatic answer goes to the counterpart, or its sender is told; and is not repeated
        without end."""
        replies = {phone: self._service.carrier.phone(phone).auto_reply for phone in told}
        said: Counter[tuple[str, str]] = Counter()
        for message in self._service.carrier.messages():
            if message.direction == "inbound" and message.body == replies.get(message.from_):
                said[message.from_, message.to] += 1
        self._tally.count("automatic answers", said.total())
        self._tally.count("automatic answers relayed", machines.total())
        relayed: Counter[tuple[str, str]] = Counter()
        for (machine, number, reader), times in machines.items():
            relayed[machine, number] += times
            if not self._are_connected(machine, reader):
                self._tally.blame(ELSEWHERE, f"an answer of {machine} at {reader}")
            if times > MOST_SAME_WORDS:
                self._tally.blame(LOOP, f"{times} times the same words of {machine} at {reader}")
        self._tally.counts["most of one answer"] = max(machines.values(), default=0)
        for (machine, number), times in said.items():
            is_told = any(
                notice.number == number and notice.is_of_failure for notice in told[machine]
            )
            if relayed[machine, number] < times and not is_told:
                self._tally.blame(UNTOLD, f"{times} answers of {machine} to {number}")

    def _are_connected(self, one: str, other: str) -> bool:
        pair = {one, other}
        return any(set(talk.phones.values()) == pair for talk in self._oracle.talks.values())

    def _judge_notices(self, told: dict[str, list[Told]]) -> None:
        """Of one kind to one phone, in a session and quarter of a day; of questions, in an hour."""
        most_of_phone = 0
        for phone, notices in told.items():
            self._tally.count("notices", len(notices))
            changed = sum(one.notice is Notice.NUMBER_CHANGED for one in notices)
            self._tally.count("told of a new number", changed)
            most_of_phone = max(most_of_phone, len(notices))
            kinds = Counter((_kind(one), one.number, _period(one), one.code) for one in notices)
            sessions = self._sessions_at(phone)
            for (kind, number, _, code), times in kinds.items():
                most = MOST_TOLD * (1 if code else max(1, sessions[number]))
                if kind == Notice.WHICH_SESSION:
                    most = self._most_asked(phone)
                if times > most:
                    self._tally.blame(LOOP, f"{times} of {kind} at {phone} from {number}")
        self._tally.counts["most notices at a phone"] = most_of_phone

    def _most_asked(self, phone: str) -> int:
        """An hour of theirs and one of ours begin at different times."""
        is_automatic = self._phones.kind_of(phone) is Kind.AUTOMATIC
        return 2 * (ASKED_ABOUT_SAME_WORDS if is_automatic else ASKED_AN_HOUR)

    def _sessions_at(self, phone: str) -> dict[str, int]:
        sessions: dict[str, int] = defaultdict(int)
        for talk in self._oracle.talks.values():
            sessions[talk.number] += phone in talk.phones.values()
        return sessions


def _kind(told: Told) -> str:
    """What was told at once, and the count of what followed, are of one kind."""
    counted = {Notice.TEXT_FAILED, Notice.MORE_NOT_DELIVERED}
    return "not delivered" if told.notice in counted else told.notice


def _period(told: Told) -> int:
    return int(told.at // (HOUR if told.notice is Notice.WHICH_SESSION else GATHERED_FOR))
