"""A board's honest day against the budget of guesses: nobody is told to wait."""

from __future__ import annotations

import random
from dataclasses import replace

from relay.domain.errors import RateLimited
from relay.domain.guesses import PHONES
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from relay.store.people import PutOutcome
from relay.store.store import Store
from tests.bench.board import NOW, SEED, empty
from tests.bench.table import Row
from tests.key_ring import SIGNER

REGISTRATIONS = 100_000
CHANGED, SHARED, REPEATED = 0.01, 0.001, 0.05
_CLIENT = "the-boards-backend"


def honest_day(server: EmbeddedRedis) -> list[Row]:
    """100,000 registrations by one key, four of five of candidates. 1 % of all change their phone,
    0.1 % try a phone that another candidate has, 5 % are sent again."""
    store = Store(connect(server.url), SIGNER)
    empty(store)
    day = _Day(store)
    for ordinal in range(REGISTRATIONS):
        day.register(ordinal)
    return [
        Row("registrations by one key in a day", f"{REGISTRATIONS:,}"),
        Row("of these: phone changes / shared phones / sent again", day.summary()),
        Row("answered 429", str(day.refused), "none", day.refused == 0),
        Row("guesses that the key has left", f"{day.guesses_left():,}"),
    ]


class _Day:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._rng = random.Random(SEED)
        self.changed = self.shared = self.repeated = self.refused = 0

    def register(self, ordinal: int) -> None:
        role = Role.RECRUITER if ordinal % 5 == 0 else Role.CANDIDATE
        person = _person(role, ordinal, f"p{ordinal}")
        self._put(person)
        # Evenly over the day: the shares are of what was asked for, and not of chance.
        if ordinal % round(1 / CHANGED) == 7:
            person = replace(person, phone_indexes=(f"new{ordinal}",))
            self._change(person)
        if ordinal % round(1 / SHARED) == 11:
            self.shared += self._put(_person(Role.CANDIDATE, ordinal, "p1")) is PutOutcome.HELD
        if self._rng.random() < REPEATED:
            self.repeated += self._put(person) is PutOutcome.UPDATED

    def _change(self, person: Participant) -> None:
        if self._put(person) is PutOutcome.OTHER_PHONE:
            self._store.phone_changes.change(person, take_over=False, pools={}, now=NOW)
            self.changed += 1

    def _put(self, person: Participant) -> PutOutcome | None:
        try:
            return self._store.people.put(person, client=_CLIENT, now=NOW)
        except RateLimited:
            self.refused += 1
            return None

    def summary(self) -> str:
        return f"{self.changed:,} / {self.shared:,} / {self.repeated:,}"

    def guesses_left(self) -> int:
        keys, client = self._store.keys, self._store.client
        registered = int(client.hget(keys.registered, _CLIENT))
        return PHONES.by + registered // 100 - int(client.get(keys.guesses_by("phone", _CLIENT)))


def _person(role: Role, ordinal: int, phone: str) -> Participant:
    return Participant(
        ref=f"{role[0]}-{ordinal}" if phone != "p1" else f"twin-{ordinal}",
        role=role,
        status=ParticipantStatus.ACTIVE,
        sealed_phone=f"k1:{ordinal:048d}",
        phone_indexes=(phone,),
        index_key_ids=("k1",),
        phone_hint="+1 ••• ••• ••01",
        country="US",
        locale="en",
    )
