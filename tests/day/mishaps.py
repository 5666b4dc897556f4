"""What goes wrong on that day, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from relay.domain.participant import Role
from tests.day.calls import Calls
from tests.day.phones import Kind, Phones
from tests.day.plan import LOST, MACHINES_MEET, MINUTE, SILENT, SUSPENDED, Plan
from tests.day.tally import Tally
from tests.day.texts import Texts
from tests.month.board import Board
from tests.month.oracle import Oracle, Talk
from tests.month.people import People, Recruiter
from tests.month.service import Service

#: When the workers look around after something has gone wrong, in seconds.
_LOOKS = (0, 1, 5, 15, 30, 59, 60, 62, 65, 70, 80, 100, 140, 200, 300, 420, 600, 900, 1200)
#: What the sandbox loses: what only tells, and nobody waits for.
_REPORTS = ("status", "message-status", "call-ended")

Event = tuple[float, Callable[[], None]]


class Mishaps:
    def __init__(
        self,
        *,
        plan: Plan,
        service: Service,
        people: People,
        phones: Phones,
        oracle: Oracle,
        board: Board,
        calls: Calls,
        texts: Texts,
        tally: Tally,
    ) -> None:
        self._plan = plan
        self._service = service
        self._people = people
        self._phones = phones
        self._oracle = oracle
        self._board = board
        self._calls = calls
        self._texts = texts
        self._tally = tally
        self.lost_number = ""

    def moments(self) -> Iterator[float]:
        """When there is something to be seen between two steps."""
        for begin in (MACHINES_MEET, SUSPENDED, LOST, SILENT):
            yield from (begin + seconds for seconds in _LOOKS)

    def events(self) -> Iterator[Event]:
        yield MACHINES_MEET, self._let_machines_meet
        yield SUSPENDED, self._suspend
        yield from self._spread(SUSPENDED, self._texts.write)
        yield SUSPENDED + MINUTE, self._service.carrier.faults.rest.clear
        yield LOST, self._lose_number
        yield from self._spread(LOST + MINUTE, self._write_on_lost)
        yield from self._spread(LOST + 2 * MINUTE, self._call_on_lost)
        yield SILENT, self._lose_reports
        yield from self._spread(SILENT, self._write_in_silence)
        yield from self._spread(SILENT, self._call_in_silence)
        yield SILENT + MINUTE, self._service.carrier.faults.webhooks.clear

    def _spread(self, begin: float, what: Callable[[], None]) -> Iterator[Event]:
        """Over a minute."""
        pause = MINUTE / (self._plan.in_trouble + 1)
        for place in range(self._plan.in_trouble):
            yield begin + pause * (place + 1), what

    def look(self) -> None:
        if self.lost_number:
            self._board.look_at_lost(self.lost_number)

    def _let_machines_meet(self) -> None:
        """A recruiter's phone that answers by itself, whatever comes: what another one answers,
        and what we say when nobody gets the answers."""
        automatic = set(self._phones.of_kind(Kind.AUTOMATIC))
        recruiter = next(one for one in self._people.recruiters if one.phone in automatic)
        for kind in (Kind.AUTOMATIC, Kind.OPTED_OUT, Kind.LANDLINE):
            talk = self._open_with(recruiter, kind)
            self._texts.stop_if_opted_out(talk)
            self._texts.say(talk, Role.RECRUITER)

    def _open_with(self, recruiter: Recruiter, kind: Kind) -> Talk:
        phones = {*self._phones.of_kind(kind)} - {recruiter.phone}
        candidate = next(one for one in self._people.candidates if one.phone in phones)
        self._board.open_between(recruiter, candidate)
        refs = {recruiter.ref, candidate.ref}
        return next(one for one in self._oracle.open.values() if set(one.refs.values()) == refs)

    def _suspend(self) -> None:
        self._service.carrier.faults.rest.next(status=401, code=20005, times=10**6)
        self._tally.count("suspended seconds", MINUTE)

    def _lose_number(self) -> None:
        """The busiest; a few texts have come in on it that are not sent yet. Before we know of it,
        somebody texts and somebody calls it."""
        numbers = Counter(talk.number for talk in self._oracle.open.values())
        self.lost_number = numbers.most_common(1)[0][0]
        for talk in self._talks_on_lost()[:3]:
            self._texts.say(talk, Role.CANDIDATE, waits=True)
        account = self._service.account
        self._tally.count("lost numbers")
        self._tally.count("sessions on the lost number", len(self._talks_on_lost()))
        account.remove_number(account.number(self.lost_number))
        self._service.carrier.faults.market.sell_elsewhere(self.lost_number)
        talk = self._talks_on_lost()[-1]
        self._texts.say(talk, Role.CANDIDATE, waits=True)
        self._calls.recruiter_calls(talk)

    def _talks_on_lost(self) -> list[Talk]:
        return [talk for talk in self._oracle.open.values() if talk.number == self.lost_number]

    def _write_on_lost(self) -> None:
        for talk in self._talks_on_lost()[:1]:
            self._texts.say(talk, Role.CANDIDATE)

    def _call_on_lost(self) -> None:
        for talk in self._talks_on_lost()[:1]:
            self._calls.recruiter_calls(talk)

    def _lose_reports(self) -> None:
        self._service.carrier.faults.webhooks.lose(_REPORTS)
        self._tally.count("seconds without reports", MINUTE)

    def _write_in_silence(self) -> None:
        """A third are filtered, of which nobody tells us either."""
        self._tally.count("texts in silence")
        talks = list(self._oracle.open.values())
        talk = talks[self._tally.counts["texts in silence"] * 7 % len(talks)]
        self._texts.say(
            talk, Role.CANDIDATE, is_filtered=self._tally.counts["texts in silence"] % 3 == 0
        )

    def _call_in_silence(self) -> None:
        talks = list(self._oracle.open.values())
        self._tally.count("calls in silence")
        talk = talks[self._tally.counts["calls in silence"] * 11 % len(talks)]
        if self._tally.counts["calls in silence"] % 2:
            self._calls.recruiter_gives_up(talk)
        else:
            self._calls.recruiter_calls(talk)
