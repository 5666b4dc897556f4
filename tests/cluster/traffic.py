"""Forty people who get sessions on ten boards, call each other and part again."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from relay.carrier.webhooks import InboundCall
from relay.domain.board import Board
from relay.domain.errors import Conflict, PoolExhausted, Unavailable
from relay.domain.participant import CandidateDetails, RecruiterDetails
from relay.domain.pool import Pool
from relay.domain.routing import Decline
from relay.domain.session import Session
from relay.workflows.close_session import close_session
from relay.workflows.connect_call import connect_call
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.open_session import open_session
from tests.cluster.servers import BOARDS
from tests.invariants import audit_people, audit_pool
from tests.world import ASKER, UNLIMITED, make_deployment

#: The one pool of each board.
POOL = "us"
_NUMBERS = 3


def number_of(board: str, ordinal: int = 0) -> str:
    return f"+1{310 + BOARDS.index(board)}5550{150 + ordinal}"


@dataclass
class Outcomes:
    """By board."""

    done: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    unexpected: list[BaseException] = field(default_factory=list)


class Town:
    def __init__(self, client: Any) -> None:
        self.client = client
        self.deployment = make_deployment(client)
        for board in BOARDS:
            self.deployment.registry.put(Board(name=board, spoken_name=board.upper()))
        self.boards = {board: self.deployment.of_board(board) for board in BOARDS}
        for board, services in self.boards.items():
            services.store.pools.put(
                Pool(
                    name=POOL,
                    country="US",
                    candidate_cooldown=1,
                    recruiter_cooldown=1,
                    limits=UNLIMITED,
                )
            )
            for ordinal in range(_NUMBERS):
                services.store.numbers.add(
                    number_of(board, ordinal), POOL, carrier_sid="PN", capabilities="vsm", now=1
                )

    def open(self, board: str, recruiter: int = 0, candidate: int = 0) -> Session:
        """Raises what ``open_session`` raises."""
        return open_session(
            self.boards[board],
            SessionRequest(
                recruiter=Someone(
                    ref=f"r{recruiter}", details=RecruiterDetails(phone=recruiter_phone(recruiter))
                ),
                candidate=Someone(
                    ref=f"c{candidate}",
                    details=CandidateDetails(phone=f"+1212555{100 + candidate:04}"),
                ),
                pool=POOL,
            ),
            client_id=ASKER,
            now=time.time(),
        ).session

    def call(self, board: str, session: Session, recruiter: int = 0) -> bool:
        """Whether the call is connected, or would be with its code. Raises Unavailable."""
        answered = connect_call(
            self.boards[board],
            InboundCall(
                call_sid=f"CA{random.getrandbits(128):032x}",
                caller=recruiter_phone(recruiter),
                called=session.virtual_number,
            ),
            now=time.time(),
        )
        return not isinstance(answered.decision, Decline)

    def close(self, board: str, session: Session) -> None:
        close_session(self.boards[board], session.id, now=time.time())

    def audit(self) -> None:
        for board, services in self.boards.items():
            audit_pool(self.client, POOL, board)
            audit_people(self.client, services.store, [POOL], time.time())

    @contextmanager
    def traffic(self, *, threads: int = 4) -> Iterator[Outcomes]:
        """Goes on in the background for as long as the block lasts."""
        stopping, outcomes = threading.Event(), Outcomes()
        crew = [
            threading.Thread(target=self._come_and_go, args=(seed, stopping, outcomes))
            for seed in range(threads)
        ]
        for one in crew:
            one.start()
        try:
            yield outcomes
        finally:
            stopping.set()
            for one in crew:
                one.join()

    def _come_and_go(self, seed: int, stopping: threading.Event, outcomes: Outcomes) -> None:
        """Each thread has recruiters of its own, so that it knows how their calls must end."""
        chance = random.Random(seed)
        mine = range(seed * 5, seed * 5 + 5)
        while not stopping.is_set():
            recruiter = chance.choice(mine)
            board = BOARDS[recruiter % len(BOARDS)]
            try:
                self._meet(board, recruiter, chance.choice([0, 10]) + recruiter % 10)
            except Unavailable:
                outcomes.refused[board] = outcomes.refused.get(board, 0) + 1
            except BaseException as error:  # noqa: BLE001 - the test is told
                outcomes.unexpected.append(error)
                return
            else:
                outcomes.done[board] = outcomes.done.get(board, 0) + 1

    def _meet(self, board: str, recruiter: int, candidate: int) -> None:
        with contextlib.suppress(Conflict, PoolExhausted):
            session = self.open(board, recruiter, candidate)
            try:
                assert self.call(board, session, recruiter), "an open session was not connected"
            finally:
                self.close(board, session)


def recruiter_phone(recruiter: int) -> str:
    return f"+1415555{100 + recruiter:04}"
