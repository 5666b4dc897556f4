"""The threads of one turn at the queue of texts, on a real Redis, against the simulated carrier."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from config.queues import TEXTS
from relay.carrier.webhooks import InboundText
from relay.domain.participant import CandidateDetails, RecruiterDetails
from relay.embedded_redis import EmbeddedRedis
from relay.queues import connect_queues, open_queue
from relay.sandbox import SimulatedCarrier
from relay.workflows.deployment import Deployment
from relay.workflows.draw_up_side import Someone
from relay.workflows.open_session import SessionRequest, open_session
from relay.workflows.relay_text import relay_text
from relay.workflows.services import Services
from tests.e2e.stage import eventually
from tests.workers.test_planted_jobs import plant
from tests.world import ENVIRONMENT, NUMBER, OTHER_NUMBER, US
from workers import jobs
from workers.drain import Drain, Work
from workers.hints import HintQueue
from workers.known_job import KnownJob
from workers.lane_plan import Hint
from workers.worker import KnownQueue, RelayWorker

pytestmark = pytest.mark.real_redis
AREAS = ("202", "203", "205", "206", "207", "208", "209", "210", "212", "213", "214", "215")
POOLS = {"us": NUMBER, "other": OTHER_NUMBER}
PATIENCE = 30.0
#: Threads of the tests' worker, and how many of them one number may have.
THREADS, SHARE = 8, 2


@dataclass
class Board:
    """A board of many pairs, each with two phones of an area, and two pools of one number each."""

    redis_url: str
    twilio: SimulatedCarrier
    changes: dict[str, str]
    deployment: Deployment
    count: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return self.deployment.main

    @property
    def posted(self) -> list[Any]:
        return [
            one for one in self.twilio.rest_log if one.method == "POST" and "Messages" in one.path
        ]

    def open(self, area: str, pool: str = "us") -> None:
        """A session of the pair of that area."""
        recruiter = RecruiterDetails(phone=f"+1{area}5550101", name="Rita", organization="Acme")
        candidate = CandidateDetails(phone=f"+1{area}5550127")
        request = SessionRequest(
            pool=pool,
            recruiter=Someone(ref=f"r{area}", details=recruiter),
            candidate=Someone(ref=f"c{area}", details=candidate),
        )
        open_session(self.services, request, client_id="test", now=time.time())

    def write(self, area: str, body: str, *, pool: str = "us") -> str:
        """The recruiter of that area writes to the candidate there."""
        self.count += 1
        text = InboundText(
            message_sid=f"SM{self.count:032d}",
            sender=f"+1{area}5550101",
            virtual_number=POOLS[pool],
            body=body,
            media=0,
        )
        return relay_text(self.services, text, now=time.time()).message

    def arrived(self, area: str) -> list[str]:
        return [text.body for text in self.twilio.phone(f"+1{area}5550127").texts]

    def turn(
        self,
        until: Callable[[], bool],
        *,
        first: Hint | None = None,
        works: dict[str, Work] | None = None,
        **options: float,
    ) -> None:
        """Works until that is so, and is done with what it has begun."""
        deadline = time.monotonic() + PATIENCE
        done = works or jobs._WORKS
        queue = open_queue(TEXTS, connect_queues(self.deployment.settings))
        hints = HintQueue(queue, done, lambda job, why: self.refused.append((job, why)))
        Drain(
            self.deployment,
            hints,
            done,
            is_over=lambda: until() or time.monotonic() > deadline,
            **options,
        ).run(first or hints.take(1)[0])
        assert time.monotonic() < deadline


@pytest.fixture
def twilio() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(
        ENVIRONMENT["TWILIO_ACCOUNT_SID"], ENVIRONMENT["TWILIO_AUTH_TOKEN"], message_delay=(0, 0)
    ) as carrier:
        carrier.faults.webhooks.lose()
        for number in (NUMBER, OTHER_NUMBER):
            carrier.add_number(number)
        yield carrier


@pytest.fixture
def make_board(
    tmp_path: Path, twilio: SimulatedCarrier, work_under: Callable[..., None]
) -> Iterator[Callable[..., Board]]:
    with EmbeddedRedis(tmp_path) as server:

        def make(**settings: str) -> Board:
            changes = {
                "REDIS_URL": server.url,
                "TWILIO_API_BASE_URL": twilio.base_url,
                "TEXTS_AT_ONCE": str(THREADS),
                **settings,
            }
            work_under(**changes)
            deployment = jobs.deployment()
            board = Board(server.url, twilio, changes, deployment)
            for pool, number in POOLS.items():
                deployment.main.store.pools.put(replace(US, name=pool))
                deployment.main.store.numbers.add(
                    number, pool, carrier_sid=f"PN{number[1:]:0>32}", capabilities="vsm", now=0
                )
            return board

        yield make


def test_many_lanes_at_once_each_in_order_and_each_text_once(
    make_board: Callable[..., Board],
) -> None:
    """P4"""
    board = make_board()
    for area in AREAS:
        board.open(area)
    for ordinal in range(4):
        for area in AREAS:
            board.write(area, f"text {ordinal}")
    board.turn(lambda: len(board.posted) == 4 * len(AREAS))
    board.twilio.settle()
    for area in AREAS:
        assert board.arrived(area) == [f"text {ordinal}" for ordinal in range(4)]
    assert board.services.store.messages.outbox.sweep(now=time.time() + 3600) == []


def test_a_carrier_that_hangs_for_one_number_keeps_a_quarter_of_the_threads(
    make_board: Callable[..., Board],
) -> None:
    board = make_board()
    hangs, goes = AREAS[:6], AREAS[6:]
    board.twilio.faults.rest.next(timeout=4, times=99, method="POST", sender=NUMBER)
    for area in hangs:
        board.open(area)
        board.write(area, "hello")
    for area in goes:
        board.open(area, "other")
    for ordinal in range(3):
        for area in goes:
            board.write(area, f"text {ordinal}", pool="other")

    hung: list[int] = []

    def all_others_went() -> bool:
        senders = [one.params["From"][0] for one in board.posted]
        hung.append(senders.count(NUMBER))
        return senders.count(OTHER_NUMBER) == 3 * len(goes)

    board.turn(all_others_went)
    # Nobody has waited for a request that hangs: none had ended, or another had begun.
    assert hung[-1] == SHARE
    board.twilio.settle()
    assert all(board.arrived(area) == ["text 0", "text 1", "text 2"] for area in goes)


def test_a_refusal_for_haste_stops_all_threads_for_as_long_as_it_says(
    make_board: Callable[..., Board],
) -> None:
    board = make_board()
    for area in AREAS:
        board.open(area)
    board.twilio.faults.rest.next(status=429, retry_after=2, times=1, method="POST")
    for area in AREAS:
        board.write(area, "hello")
    paused: list[int] = []

    def is_done() -> bool:
        if board.services.carrier.throttle.is_paused(time.time()):
            paused.append(len(board.posted))
        return len(board.posted) == len(AREAS)

    board.turn(is_done)
    # What was under way when the answer came had begun before it.
    assert paused
    assert max(paused) <= SHARE
    board.twilio.settle()
    assert sorted(board.arrived(area) for area in AREAS) == [[], *[["hello"]] * (len(AREAS) - 1)]
    assert not board.services.carrier.throttle.admits(THREADS - 1)
    # The one that was refused is tried again in its time.
    due = board.services.store.messages.outbox.sweep(now=time.time() + 60)
    assert len(due) == 1
    board.turn(lambda: len(board.posted) > len(AREAS), first=Hint("send_texts", "main", due[0]))
    board.twilio.settle()
    assert all(board.arrived(area) == ["hello"] for area in AREAS)


def test_an_account_is_handed_no_more_texts_a_second_than_the_setting_lets(
    make_board: Callable[..., Board],
) -> None:
    board = make_board(TEXTS_PER_SECOND="8")
    for area in AREAS:
        board.open(area)
        board.write(area, "hello")
    begun = time.time()
    counts: list[tuple[float, int]] = []

    def is_done() -> bool:
        counts.append((time.time() - begun, len(board.posted)))
        return len(board.posted) == len(AREAS)

    board.turn(is_done)
    # A quarter of a second's go at once; the one that is looked at may just have come.
    assert all(count <= 8 * (seconds + 0.25) + 1 for seconds, count in counts)
    # The carrier asked for no pause: a refusal would make the account slower.
    assert not board.services.carrier.throttle.is_paused(begun)


def test_p9_a_planted_hint_runs_nothing_and_keeps_nobody_waiting(
    make_board: Callable[..., Board],
) -> None:
    board = make_board()
    board.open("202")
    with redis.Redis.from_url(board.redis_url) as client:
        plant(client, "code", "os.system", ["touch x"], TEXTS)
        plant(client, "other", "workers.jobs.recycle", [], TEXTS)
        plant(client, "arguments", "workers.jobs.send_texts", ["main", {"$": "x"}], TEXTS)
        plant(client, "board", "workers.jobs.send_texts", ["nobodys", "us.SM1"], TEXTS)
        client.hset("rq:job:rubbish", mapping={"data": b"\x00"})
        client.set("rq:job:kind", "no hash")
        client.rpush("rq:queue:texts", "rubbish", "kind", "nothing", b"\xff")
        first = Hint("send_texts", "main", board.write("202", "hello"))
        board.turn(
            lambda: len(board.posted) == 1 and not client.llen("rq:queue:texts"), first=first
        )
        assert client.keys("rq:job:*") == []
    assert dict(board.refused) == {
        "code": "os.system is no job",
        "other": "it is no job of this queue",
        "arguments": "its arguments are not ids",
        "rubbish": "it cannot be read",
        "kind": "it cannot be read",
    }
    board.twilio.settle()
    assert board.arrived("202") == ["hello"]


def test_work_that_fails_keeps_no_other_from_being_done(make_board: Callable[..., Board]) -> None:
    board = make_board()
    done: list[str] = []

    def work(services: Services, name: str) -> str:
        if name == "bad":
            raise ValueError("cannot call +12025550101")
        done.append(name)
        return "next" if name == "good" else ""

    jobs_ = board.services.jobs
    jobs_.send_message("bad")
    jobs_.send_message("good")
    with capture_logs() as logs:
        board.turn(lambda: done == ["good", "next"], works={"send_texts": work})
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["job failed"]
    assert "2025550101" not in str(logs)


def test_a_turn_that_is_over_begins_nothing_and_ends_what_it_has_begun(
    make_board: Callable[..., Board],
) -> None:
    board = make_board()
    board.twilio.faults.rest.next(slow=0.5, times=99, method="POST")
    for area in AREAS:
        board.open(area)
        board.write(area, "hello")
    board.turn(lambda: len(board.posted) > 0)
    begun = len(board.posted)
    assert begun <= SHARE
    left = board.services.store.messages.outbox.sweep(now=time.time() + 3600)
    assert len(left) == len(AREAS) - begun


def test_a_turn_without_anything_to_do_ends_after_a_while(make_board: Callable[..., Board]) -> None:
    board = make_board()
    board.open("202")
    board.write("202", "hello")
    board.turn(lambda: False, linger=1.0)
    board.twilio.settle()
    assert board.arrived("202") == ["hello"]


def test_a_turn_whose_main_thread_is_stuck_is_ended_by_the_system(
    make_board: Callable[..., Board],
) -> None:
    """RQ's own limits end none: a turn has no end while there is anything to do."""
    board = make_board()
    first = Hint("send_texts", "main", "us.SM1")
    child = os.fork()
    if not child:
        with suppress(BaseException):
            board.turn(lambda: time.sleep(PATIENCE) is None, first=first, stuck_after=1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGALRM


def test_a_turn_that_waits_for_a_thread_which_never_ends_is_ended_too(
    make_board: Callable[..., Board],
) -> None:
    board = make_board()
    first = Hint("send_texts", "main", "us.SM1")
    begun = threading.Event()

    def hang(_services: Services, _name: str) -> str:
        begun.set()
        time.sleep(PATIENCE)
        return ""

    child = os.fork()
    if not child:
        with suppress(BaseException):
            board.turn(begun.is_set, first=first, works={"send_texts": hang}, stuck_after=1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGALRM


@pytest.fixture
def worker(make_board: Callable[..., Board]) -> Iterator[tuple[Board, subprocess.Popen[bytes]]]:
    """A worker of the queue of texts whose carrier is about to answer slowly, busy with one."""
    board = make_board()
    board.twilio.faults.rest.next(slow=1.5, times=1, method="POST")
    board.open("202")
    board.write("202", "hello")
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.worker", TEXTS],
        env={**os.environ, **ENVIRONMENT, **board.changes, "LOG_LEVEL": "ERROR"},
    )
    try:
        board.twilio.wait_for_request("Messages", timeout=PATIENCE)
        yield board, process
    finally:
        process.kill()
        process.wait(20)


def test_a_worker_that_is_told_to_stop_ends_its_turn_at_once(
    worker: tuple[Board, subprocess.Popen[bytes]],
) -> None:
    """A deploy waits for what is being sent, and for nothing else."""
    board, process = worker
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert board.services.store.messages.outbox.sweep(now=time.time() + 3600) == []


class ToldWhileForking(RelayWorker):
    """It is told to stop when it has a job, and no process for it yet."""

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        super().fork_work_horse(job, queue)


def test_a_worker_that_is_told_to_stop_while_it_forks_ends_that_turn_too(
    make_board: Callable[..., Board],
) -> None:
    board = make_board()
    board.open("202")
    board.write("202", "hello")
    child = os.fork()
    if not child:
        with suppress(BaseException):
            connection = connect_queues(board.deployment.settings)
            ToldWhileForking(
                [open_queue(TEXTS, connection, KnownQueue)],
                connection=connection,
                job_class=KnownJob,
                serializer=JSONSerializer,
                job_monitoring_interval=1,
            ).work(logging_level="WARNING")
        os._exit(0)
    try:
        eventually(lambda: os.waitpid(child, os.WNOHANG)[0], seconds=PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_a_turn_whose_worker_was_killed_ends_too(
    worker: tuple[Board, subprocess.Popen[bytes]],
) -> None:
    board, process = worker
    (turn,) = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGKILL)
    eventually(lambda: not turn.is_running(), seconds=PATIENCE)
    assert board.services.store.messages.outbox.sweep(now=time.time() + 3600) == []
