"""What theory says of a trace: the fewest numbers that could serve it, exactly, by a sweep.

Two bindings of one person exclude each other unless they are of the same pair: a pair that comes
back while it cools may have its old number again. So a person's bindings are counted by
counterpart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from relay.domain.participant import Role
from tests.bench.pool.trace import Cooldown, Pairing


@dataclass(frozen=True)
class Bounds:
    """Numbers. ``recruiter`` and ``candidate`` are the most that any one of them holds, open and
    cooling, at any one moment; ``proxy`` is Twilio Proxy's rule; ``pairs`` is the most pairs that
    are open or cooling at once, ``open_pairs`` that are open."""

    recruiter: int
    candidate: int
    proxy: int
    pairs: int
    open_pairs: int

    @property
    def koenig(self) -> int:
        """By König's theorem so many numbers are enough for the pairs of any moment, and no fewer.
        With access codes only the busiest candidate counts."""
        return max(self.recruiter, self.candidate)


def bounds_of(trace: list[Pairing], cooldown: Cooldown) -> Bounds:
    return Bounds(
        recruiter=_most_held(_holdings(trace, Role.RECRUITER, cooldown.recruiter)),
        candidate=_most_held(_holdings(trace, Role.CANDIDATE, cooldown.candidate)),
        proxy=_proxy_rule(trace, cooldown),
        pairs=_most_held(_pair_holdings(trace, cooldown.longer)),
        open_pairs=_most_held(_pair_holdings(trace, 0)),
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """``holder`` needs one number for ``what`` in this span."""

    holder: int
    what: int
    since: int
    until: int


def _holdings(trace: list[Pairing], role: Role, cooldown: int) -> Iterator[Holding]:
    return (
        Holding(p.person(role), p.person(role.other), p.at, p.expires_at + cooldown) for p in trace
    )


def _pair_holdings(trace: list[Pairing], cooldown: int) -> Iterator[Holding]:
    """One number for each pair: everybody is one holder. A number rests until both sides may."""
    return (
        Holding(0, p.recruiter << 32 | p.candidate, p.at, p.expires_at + cooldown) for p in trace
    )


def _proxy_rule(trace: list[Pairing], cooldown: Cooldown) -> int:
    """Twilio Proxy: "if the same participant will be active in two concurrent sessions, at least
    two Twilio numbers will be required" (twilio.com/docs/proxy/phone-numbers-needed). It knows no
    cooldown; here it is granted ours, for each side its own, though a board could only keep the
    whole session open for the longer one. A pair's new session needs a number beside its old one.
    """
    return max(
        _most_held(
            Holding(p.person(role), session, p.at, p.expires_at + cooldown.of(role))
            for session, p in enumerate(trace)
        )
        for role in Role
    )


def _most_held(holdings: Iterable[Holding]) -> int:
    """The most different things that any one holder has at once."""
    ends: list[tuple[int, int, int]] = []
    until: dict[tuple[int, int], int] = {}
    held: Counter[int] = Counter()
    most = 0
    for holding in holdings:
        while ends and ends[0][0] <= holding.since:
            end, holder, what = heappop(ends)
            if until.get((holder, what)) == end:
                del until[holder, what]
                held[holder] -= 1
        place = (holding.holder, holding.what)
        if place not in until:
            held[holding.holder] += 1
            most = max(most, held[holding.holder])
        if holding.until > until.get(place, 0):
            until[place] = holding.until
            heappush(ends, (holding.until, *place))
    return most
