"""A board's honest day against the budgets of guesses: nobody is told to wait."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from relay.domain.errors import RateLimited
from relay.domain.free_text import compared_digits, read_numbers
from relay.domain.guesses import CONTEXTS, MOST_REGISTERED, PHONES, Budget
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
SESSIONS, RECRUITERS = 20_000, 100
#: What people write who explain little: a fifth of these is compared with the pair's phones.
CONTEXTS_OF_A_DAY = Path("tests/domain/free_text/honest_contexts.txt")
_CLIENT = "the-boards-backend"


def honest_day(server: EmbeddedRedis) -> list[Row]:
    """100,000 registrations by one key, four of five of candidates. 1 % of all change their phone,
    0.1 % try a phone that another candidate has, 5 % are sent again. Then 100 recruiters open
    20,000 sessions, each with a real-life context."""
    store = Store(connect(server.url), SIGNER)
    empty(store)
    day = _Day(store)
    for ordinal in range(REGISTRATIONS):
        day.register(ordinal)
    contexts = CONTEXTS_OF_A_DAY.read_text().splitlines()
    for ordinal in range(SESSIONS):
        day.tell(ordinal, contexts[ordinal % len(contexts)])
    return [
        Row("registrations by one key in a day", f"{REGISTRATIONS:,}"),
        Row("of these: phone changes / shared phones / sent again", day.summary()),
        Row("contexts of sessions / of these compared with both phones", day.told()),
        Row("answered 429", str(day.refused), "none", day.refused == 0),
        Row("guesses that the key has left: of phones", f"{day.left_of(PHONES):,}"),
        Row("… of contexts", f"{day.left_of(CONTEXTS[Role.RECRUITER]):,}"),
    ]


class _Day:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._rng = random.Random(SEED)
        self.changed = self.shared = self.repeated = self.compared = self.refused = 0

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

    def tell(self, ordinal: int, context: str) -> None:
        """A recruiter opens a session with a candidate, with this context."""
        if not read_numbers(context).unexplained:
            return
        self.compared += 1
        digits = ",".join(compared_digits(context))
        recruiter = (Role.RECRUITER, f"r-{ordinal % RECRUITERS}")
        for role, ref in (recruiter, (Role.CANDIDATE, f"c-{ordinal}")):
            try:
                self._store.people.count_compared(role, ref, digits, client=_CLIENT)
            except RateLimited:
                self.refused += 1

    def told(self) -> str:
        return f"{SESSIONS:,} / {self.compared:,}"

    def left_of(self, budget: Budget) -> int:
        keys, client = self._store.keys, self._store.client
        registered = min(client.pfcount(keys.registered(_CLIENT)), MOST_REGISTERED)
        most = budget.by + registered // budget.registered_a_guess
        return most - int(client.get(keys.guesses_by(budget.kind, _CLIENT)))


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
