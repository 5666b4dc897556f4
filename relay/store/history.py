"""What a pool held, hour by hour, for its forecast."""

from __future__ import annotations

from relay.domain.forecast import Sample
from relay.domain.policy import DAY
from relay.domain.reputation import HOUR
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: In seconds.
KEPT_FOR = 30 * DAY


class History:
    """Every method raises Unavailable when Redis is away."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def note(self, pool: str, sample: Sample) -> None:
        """Keeps the latest sample of each hour, for thirty days."""
        member = ":".join(
            str(value)
            for value in (
                sample.at,
                sample.bound,
                sample.candidate_bound,
                sample.allocatable,
                sample.open_sessions,
                sample.cooling_bindings,
            )
        )
        self._scripts.run(
            "note_sample",
            self._keys.in_pool(pool),
            durably=False,
            hour=sample.at // HOUR,
            sample=member,
            hours_kept=KEPT_FOR // HOUR,
        )

    def since(self, pool: str, at: float) -> list[Sample]:
        """The samples of the hours from this instant on, the oldest first."""
        members = self._client.zrangebyscore(
            self._keys.in_pool(pool).history, int(at) // HOUR, "+inf"
        )
        return [_read(member) for member in members]

    def recruiters_beyond(self, pool: str, *bounds: int) -> list[int]:
        """How many phones have more bindings as a recruiter's than each of these."""
        degrees = self._keys.in_pool(pool).recruiter_degrees
        with self._client.pipeline(transaction=False) as pipe:
            for bound in bounds:
                pipe.zcount(degrees, f"({bound}", "+inf")
            answer: list[int] = pipe.execute()
        return answer


def _read(member: str) -> Sample:
    at, bound, candidate_bound, allocatable, open_sessions, cooling = map(int, member.split(":"))
    return Sample(
        at=at,
        bound=bound,
        candidate_bound=candidate_bound,
        allocatable=allocatable,
        open_sessions=open_sessions,
        cooling_bindings=cooling,
    )
