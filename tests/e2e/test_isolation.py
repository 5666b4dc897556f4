"""Two boards with the same phones, the same refs and the same people: nothing of one is ever
visible, callable or textable from the other.

Whatever is done on either of them, by the API, by calls and by texts, is held against what each
board's own key was told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from relay.app import create_app
from relay.carrier.webhooks import InboundCall, InboundText
from relay.domain.api_key import Scope
from relay.domain.board import MAIN, Board
from relay.domain.pool import Pool
from relay.domain.routing import Bridge
from relay.embedded_redis import EmbeddedRedis
from relay.store.api_keys import ApiKeys
from relay.vault import Vault
from relay.workflows.connect_call import connect_call
from relay.workflows.deployment import Deployment
from relay.workflows.relay_text import relay_text
from relay.workflows.services import Services
from tests.fake_redis import real_redis
from tests.sending import send_lane
from tests.workflows.texting import NotedJobs, StandInCarrier
from tests.world import make_settings, signer

#: For a busy machine: what hypothesis says of a timeout leads astray.
pytestmark = [pytest.mark.real_redis, pytest.mark.timeout(400)]

BOARDS = (MAIN, "second")
#: Each board's own; both call their pool "us".
NUMBERS = {
    MAIN: ("+14155550151", "+14155550152"),
    "second": ("+16285550151", "+16285550152"),
}
PHONES = [f"+1212555010{place}" for place in range(5)]
RECRUITERS, CANDIDATES = ["r0", "r1"], ["c0", "c1"]
ROLES = {**dict.fromkeys(RECRUITERS, "recruiters"), **dict.fromkeys(CANDIDATES, "candidates")}

boards = st.sampled_from(BOARDS)
phones = st.sampled_from(PHONES)
numbers = st.sampled_from([number for of_board in NUMBERS.values() for number in of_board])


@dataclass
class Side:
    """One board as its own key sees it. ``phones`` are those of its people now, by ref."""

    services: Services
    key: str
    jobs: NotedJobs
    sessions: set[str] = field(default_factory=set)
    interactions: set[str] = field(default_factory=set)
    phones: dict[str, str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)


class TwoBoards(RuleBasedStateMachine):
    #: A server of its own, which is much faster than fakeredis.
    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.carrier = StandInCarrier()
        jobs = {board: NotedJobs() for board in BOARDS}
        configured = make_settings(API_REQUESTS_PER_MINUTE="100000")
        self.client = real_redis(self.url)
        self.client.flushall()
        deployment = Deployment(
            configured,
            self.client,
            Vault(configured.relay_sealing_keys, configured.relay_index_keys),
            carrier_of=lambda _account: self.carrier,  # type: ignore[arg-type, return-value]
            jobs_of=jobs.__getitem__,
            queues=self.client,
        )
        deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
        self.deployment = deployment
        self.http: FlaskClient = create_app(deployment).test_client()
        self.sides = {board: self._side(board, jobs[board]) for board in BOARDS}
        self.count = 0

    def _side(self, board: str, jobs: NotedJobs) -> Side:
        services = self.deployment.of_board(board)
        store = services.store
        store.pools.put(Pool(name="us", country="US"))
        for number in NUMBERS[board]:
            store.numbers.add(number, "us", carrier_sid=f"PN{number}", capabilities="vs", now=1)
        key = ApiKeys(store.client, store.keys, signer()).create(
            "test", [Scope.ADMIN], now=time.time()
        )
        return Side(services, key, jobs)

    def ask(self, board: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.sides[board].key}"}
        return self.http.open(path, method=method, json=body, headers=headers)

    # --- what is done -----------------------------------------------------------------

    @rule(
        board=boards,
        recruiter=st.sampled_from(RECRUITERS),
        candidate=st.sampled_from(CANDIDATES),
        theirs=st.tuples(phones, phones),
    )
    def open(self, board: str, recruiter: str, candidate: str, theirs: tuple[str, str]) -> None:
        """With the phones they have; who is not there yet comes with one."""
        known = self.sides[board].phones
        body = {
            role: ref if ref in known else {"ref": ref, "phone": phone}
            for role, ref, phone in zip(
                ("recruiter", "candidate"), (recruiter, candidate), theirs, strict=True
            )
        }
        answer = self.ask(board, "POST", "/v1/sessions", body)
        if answer.status_code in {200, 201}:
            self.sides[board].sessions.add(answer.json["id"])
            assert answer.json["virtual_number"] in NUMBERS[board]
        self._read_people(board, theirs)

    @rule(board=boards, ref=st.sampled_from([*RECRUITERS, *CANDIDATES]), phone=phones)
    def register(self, board: str, ref: str, phone: str) -> None:
        self.ask(board, "PUT", f"/v1/{ROLES[ref]}/{ref}", {"phone": phone})
        self._read_people(board, (phone,))

    @rule(board=boards, ref=st.sampled_from([*RECRUITERS, *CANDIDATES]))
    def erase(self, board: str, ref: str) -> None:
        side = self.sides[board]
        answer = self.ask(board, "DELETE", f"/v1/{ROLES[ref]}/{ref}")
        known = ref in side.phones or ref in side.erased
        assert answer.status_code == (202 if known else 404)
        if side.phones.pop(ref, None):
            side.erased.add(ref)

    @rule(board=boards, which=st.integers(0, 99))
    def close(self, board: str, which: int) -> None:
        if self.sides[board].sessions:
            # How many there are may depend on the clock: what is drawn must not.
            sessions = sorted(self.sides[board].sessions)
            session = sessions[which % len(sessions)]
            assert self.ask(board, "DELETE", f"/v1/sessions/{session}").status_code in {200, 204}

    @rule(phone=phones, number=numbers)
    def call(self, phone: str, number: str) -> None:
        self.count += 1
        services = self.deployment.of_number(number)
        assert number in NUMBERS[services.board.name]
        side = self.sides[services.board.name]
        call = InboundCall(call_sid=f"CA{self.count:032d}", caller=phone, called=number)
        answered = connect_call(services, call, now=time.time())
        if isinstance(answered.decision, Bridge):
            side.interactions.add(answered.id)
            assert answered.decision.session.id in side.sessions
            self._is_connected(side, number, phone, answered.decision.counterpart.reveal())

    @rule(phone=phones, number=numbers)
    def text(self, phone: str, number: str) -> None:
        self.count += 1
        services = self.deployment.of_number(number)
        side = self.sides[services.board.name]
        text = InboundText(
            message_sid=f"SM{self.count:032d}",
            sender=phone,
            virtual_number=number,
            body="hello",
            media=0,
        )
        relay_text(services, text, now=time.time())
        assert not any(other.jobs.noted for other in self.sides.values() if other is not side)
        before = len(self.carrier.messages.sent)
        while side.jobs.noted:
            for message in side.jobs.take():
                send_lane(services, message, clock=time.time)
        for sender, to, body in self.carrier.messages.sent[before:]:
            assert sender == number
            if body.endswith("hello"):
                self._is_connected(side, number, phone, to)

    # --- what must hold ---------------------------------------------------------------

    def _read_people(self, board: str, tried: tuple[str, ...]) -> None:
        """A hint shows which of the phones that were tried somebody has now, if any of them."""
        side = self.sides[board]
        for ref, role in ROLES.items():
            answer = self.ask(board, "GET", f"/v1/{role}/{ref}")
            if answer.status_code == 404:
                assert ref not in side.phones
                continue
            hint = answer.json["phone_hint"][-2:]
            side.phones[ref] = next(
                (phone for phone in (*tried, *PHONES) if phone.endswith(hint)), ""
            )

    def _is_connected(self, side: Side, number: str, one: str, other: str) -> None:
        """Whether this board itself has a session of the two on the number, and no matter who else
        has one on the other board."""
        listed = self.ask(
            side.services.board.name, "GET", f"/v1/sessions?virtual_number=%2B{number[1:]}"
        ).json["data"]
        pairs = [
            {side.phones.get(found["recruiter"]), side.phones.get(found["candidate"])}
            for found in listed
        ]
        assert {one, other} in pairs

    @invariant()
    def nothing_is_visible_from_the_other(self) -> None:
        for board, other in (BOARDS, BOARDS[::-1]):
            theirs = self.sides[other]
            for session in theirs.sessions:
                path = f"/v1/sessions/{session}"
                for method, below in (
                    ("GET", ""),
                    ("GET", "/interactions"),
                    ("DELETE", ""),
                ):
                    assert self.ask(board, method, path + below).status_code == 404
                assert self.ask(board, "PATCH", path, {"ttl": 60}).status_code == 404

    @invariant()
    def lists_hold_a_boards_own_only(self) -> None:
        for board, side in self.sides.items():
            sessions = self.ask(board, "GET", "/v1/sessions?limit=200").json["data"]
            assert {session["id"] for session in sessions} <= side.sessions
            talks = self.ask(board, "GET", "/v1/interactions?limit=200").json["data"]
            assert {talk["session"] for talk in talks} <= side.sessions
            found = self.ask(board, "GET", "/v1/numbers").json["data"]
            assert {number["phone_number"] for number in found} == set(NUMBERS[board])

    @invariant()
    def nobody_is_known_to_a_board_that_was_not_told_of_them(self) -> None:
        for board, side in self.sides.items():
            for ref, role in ROLES.items():
                status = self.ask(board, "GET", f"/v1/{role}/{ref}").status_code
                assert status == (200 if ref in side.phones else 404)

    def teardown(self) -> None:
        self.client.close()


@pytest.fixture(autouse=True)
def server(tmp_path: Path) -> Iterator[None]:
    with EmbeddedRedis(tmp_path) as server:
        TwoBoards.url = server.url
        yield


TestTwoBoards = pytest.mark.slow(TwoBoards.TestCase)
TestTwoBoards.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    # Each step asks a dozen questions: to shrink a sequence would take minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
