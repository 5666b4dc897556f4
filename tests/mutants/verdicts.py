"""What became of mutants, the survivors that are accepted with a reason, and the tables of both."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

KILLED, SURVIVED, TIMEOUT, NO_TESTS = "killed", "survived", "timeout", "no tests"
ACCEPTED = Path(__file__).with_name("accepted.toml")


@dataclass(frozen=True)
class Tried:
    """A mutant, and its verdict. ``was`` and ``now`` are the lines that differ, on one line."""

    room: str
    place: str
    was: str
    now: str
    verdict: str

    @property
    def is_killed(self) -> bool:
        return self.verdict in {KILLED, TIMEOUT}


@dataclass(frozen=True)
class Accepted:
    """A mutant that no test needs to kill, and why."""

    place: str
    was: str
    now: str
    why: str

    def covers(self, mutant: Tried) -> bool:
        return (self.place, self.was, self.now) == (mutant.place, mutant.was, mutant.now)


def read_accepted(path: Path = ACCEPTED) -> list[Accepted]:
    """Raises TypeError for an entry that lacks a field or has another."""
    return [Accepted(**entry) for entry in tomllib.loads(path.read_text()).get("mutant", [])]


@dataclass(frozen=True)
class Count:
    """Of the mutants of a room."""

    mutants: int
    killed: int
    timeout: int
    survived: int
    no_tests: int
    #: Of those that survived, or that no test reaches.
    accepted: int

    @classmethod
    def of(cls, tried: Sequence[Tried], accepted: Sequence[Accepted]) -> Count:
        verdicts = [each.verdict for each in tried]
        left = [each for each in tried if not each.is_killed]
        return cls(
            mutants=len(tried),
            killed=verdicts.count(KILLED),
            timeout=verdicts.count(TIMEOUT),
            survived=verdicts.count(SURVIVED),
            no_tests=verdicts.count(NO_TESTS),
            accepted=sum(any(one.covers(each) for one in accepted) for each in left),
        )

    @property
    def killed_share(self) -> float:
        """Of all."""
        return (self.killed + self.timeout) / (self.mutants or 1)

    @property
    def killed_share_without_accepted(self) -> float:
        return (self.killed + self.timeout) / ((self.mutants - self.accepted) or 1)


_HEADINGS = (
    *("mutants", "killed", "timeout", "survived", "no tests", "of these accepted"),
    *("killed, of all", "killed, without the accepted", "goal"),
)


def as_table(title: str, tried: Sequence[Tried], accepted: Sequence[Accepted], goal: float) -> str:
    """By room, and of all; with the goal beside it."""
    rooms = sorted({each.room for each in tried})
    counts = {room: [each for each in tried if each.room == room] for room in rooms}
    lines = [
        f"### {title}",
        "",
        f"| | {' | '.join(_HEADINGS)} | |",
        "|" + " --- |" * (len(_HEADINGS) + 2),
    ]
    lines += [_row(room, Count.of(each, accepted)) + " | |" for room, each in counts.items()]
    whole = Count.of(tried, accepted)
    met = "met" if whole.killed_share_without_accepted >= goal else "**missed**"
    return "\n".join([*lines, f"{_row('all', whole)} at least {goal:.0%} | {met} |", ""])


def _row(name: str, count: Count) -> str:
    figures = (count.mutants, count.killed, count.timeout, count.survived, count.no_tests)
    shares = (count.killed_share, count.killed_share_without_accepted)
    cells = [name, *(f"{each:,}" for each in (*figures, count.accepted))]
    return "| " + " | ".join([*cells, *(f"{share:.1%}" for share in shares)]) + " |"


def survivors(tried: Iterable[Tried], accepted: Sequence[Accepted]) -> str:
    """Each with what differs, and why it is accepted if it is."""
    return "\n".join(
        _told(each, accepted)
        for each in sorted(tried, key=lambda each: (each.room, each.place, each.was, each.now))
        if not each.is_killed
    )


def _told(mutant: Tried, accepted: Sequence[Accepted]) -> str:
    lines = [
        f"{mutant.verdict}: {mutant.place} ({mutant.room})",
        f"  - {mutant.was}",
        f"  + {mutant.now}",
        *(f"  accepted: {one.why}" for one in accepted if one.covers(mutant)),
    ]
    return "\n".join(lines) + "\n"
