"""The threads of one turn at the queue of texts, on fakeredis: what they do is a test's."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import fakeredis
import pytest
from structlog.testing import capture_logs

from config.queues import TEXTS
from relay.domain.board import Board
from relay.domain.errors import Unavailable
from relay.domain.throttle import Throttle
from relay.queues import JobQueues, open_queue
from relay.store.keys import BoardKeys
from relay.workflows.put_board import BoardTerms, put_board
from relay.workflows.services import Services
from tests.fake_redis import FakeRedis
from tests.world import make_deployment, make_settings
from workers import jobs
from workers.drain import Drain
from workers.hints import HintQueue
from workers.lane_plan import Hint

pytestmark = pytest.mark.usefixtures("signals_as_they_were")
#: Seconds after which a turn that still waits for something is ended, and its test fails.
PATIENCE = 10.0
THREADS = 8
BOARDS = ("main", "second")
THEIRS = "AC" + "1" * 32


@dataclass
class Turn:
    """``work`` is done for each text, and for each person whose calls are to end."""

    work: Callable[[Services, str], str] = lambda _services, _id: ""
    settings: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    throttle: Throttle = field(default_factory=lambda: Throttle(THREADS))
    #: Of accounts of their own, by sid.
    throttles: dict[str, Throttle] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server = fakeredis.FakeServer()
        self.rq = fakeredis.FakeRedis(server=self.server)
        self.client = FakeRedis()
        self.deployment = make_deployment(
            self.client,
            make_settings(TEXTS_AT_ONCE=str(THREADS), **self.settings),
            carrier_of=lambda account: SimpleNamespace(
                throttle=self.throttles.get(account.sid, self.throttle)
            ),
        )
        for name in BOARDS[1:]:
            self.deployment.registry.put(Board(name=name, spoken_name=name.title()))

    def text(self, name: str, number: str = "", receiver: str = "", board: str = "main") -> Hint:
        """It waits in its lane, and so does a hint of it."""
        fields = {"number": number or f"number of {name}", "index": receiver or f"one of {name}"}
        self.client.hset(BoardKeys(board).message(name), mapping=fields)
        self.hint(name, board)
        return Hint("send_texts", board, name)

    def hint(self, name: str, board: str = "main") -> None:
        JobQueues(self.rq).send_message(board, name)

    def waiting(self) -> int:
        return int(self.rq.llen(f"rq:queue:{TEXTS}"))

    def run(self, until: Callable[[], bool], first: Hint | None = None, **options: float) -> None:
        works = dict.fromkeys(jobs._WORKS, self._do)
        deadline = time.monotonic() + PATIENCE
        hints = HintQueue(
            open_queue(TEXTS, self.rq), works, lambda job, _why: self.refused.append(job)
        )
        Drain(
            self.deployment,
            hints,
            works,
            is_over=lambda: until() or time.monotonic() > deadline,
            **options,
        ).run(first or hints.take(1)[0])
        assert self.refused == []
        assert time.monotonic() < deadline

    def run_all(self, *names: str) -> None:
        """Until they are done."""
        self.run(lambda: len(self.done) >= len(names))
        assert sorted(self.done) == sorted(names)

    def _do(self, services: Services, name: str) -> str:
        following = self.work(services, name)
        self.done.append(name)
        return following


class Meeting:
    """Work that ends when so many are at it."""

    def __init__(self, size: int) -> None:
        self._barrier = threading.Barrier(size)

    def __call__(self, _services: Services, _name: str) -> str:
        self._barrier.wait(PATIENCE)
        return ""


class Counting(Meeting):
    """The same, which takes a moment longer; and how many were at it together at most."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.most = 0
        self._at_work = 0
        self._lock = threading.Lock()

    def __call__(self, services: Services, name: str) -> str:
        with self._lock:
            self._at_work += 1
            self.most = max(self.most, self._at_work)
        super().__call__(services, name)
        time.sleep(0.01)  # for one more, who must not come
        with self._lock:
            self._at_work -= 1
        return ""


def rounds(number: int) -> Callable[[], bool]:
    """Over after so many."""
    left = iter(range(number))
    return lambda: next(left, None) is None


def test_texts_of_different_lanes_are_worked_on_at_once() -> None:
    turn = Turn(Meeting(THREADS))
    names = [f"us.{one}" for one in range(THREADS)]
    for name in names:
        turn.text(name)
    turn.run_all(*names)


def test_p4_a_lane_is_worked_on_by_one_thread_in_order() -> None:
    counting = Counting(1)
    turn = Turn(counting)
    names = [f"us.{one}" for one in range(6)]
    for name in names:
        turn.text(name, "number", "carl")
    turn.run_all(*names)
    assert turn.done == names
    assert counting.most == 1


def test_two_receivers_of_one_number_are_two_lanes() -> None:
    turn = Turn(Meeting(2))
    turn.text("us.1", "number", "carl")
    turn.text("us.2", "number", "dan")
    turn.run_all("us.1", "us.2")


def test_a_number_has_a_quarter_of_the_threads() -> None:
    counting = Counting(THREADS // 4)
    turn = Turn(counting)
    names = [f"us.{one}" for one in range(8)]
    for name in names:
        turn.text(name, "number")
    turn.run_all(*names)
    assert counting.most == THREADS // 4


def test_calls_of_different_people_are_ended_at_once() -> None:
    turn = Turn(Meeting(2))
    for ref in ("rita", "nora"):
        JobQueues(turn.rq).end_calls("main", f"recruiter.{ref}")
    turn.run_all("recruiter.rita", "recruiter.nora")


def test_a_text_that_is_gone_waits_for_no_other_that_is() -> None:
    turn = Turn(Meeting(2))
    turn.hint("us.1")
    turn.hint("us.2")
    turn.run_all("us.1", "us.2")


@pytest.mark.parametrize("board", BOARDS)
def test_what_comes_next_in_a_lane_is_done_for_the_same_board(board: str) -> None:
    seen: list[tuple[str, str]] = []

    def work(services: Services, name: str) -> str:
        seen.append((services.board.name, name))
        return {"us.1": "us.2", "us.2": "us.3"}.get(name, "")

    turn = Turn(work)
    turn.text("us.1", board=board)
    turn.run_all("us.1", "us.2", "us.3")
    assert seen == [(board, name) for name in ("us.1", "us.2", "us.3")]


def test_work_that_fails_keeps_no_other_from_being_done() -> None:
    """P2: nor does the log say what it was about."""

    def work(_services: Services, name: str) -> str:
        if name == "us.bad":
            raise ValueError("cannot call +12125550101")
        return ""

    turn = Turn(work)
    turn.text("us.bad", "number", "carl")
    turn.text("us.good", "number", "carl")
    with capture_logs() as logs:
        turn.run_all("us.good")
    (failed,) = [line for line in logs if line["log_level"] == "error"]
    assert (failed["error"], failed["job"]) == ("ValueError", "send texts")
    assert failed["where"]
    assert "2125550101" not in str(logs)


def test_p9_hints_for_a_board_that_is_none_keep_no_other_waiting() -> None:
    turn = Turn()
    turn.text("us.1")
    turn.text("us.2", board="nobodys")
    turn.text("us.3", board="nobodys")
    turn.text("us.4", board="second")
    with capture_logs() as logs:
        turn.run_all("us.1", "us.4")
    (said,) = [line for line in logs if line["log_level"] == "warning"]
    assert (said["board"], said["hints"]) == ("nobodys", 2)


def test_p9_a_damaged_text_keeps_no_other_waiting() -> None:
    """Nobody knows its lane; its own work will say what is wrong."""
    turn = Turn(Meeting(3))
    turn.text("us.1")
    turn.client.set(BoardKeys("main").message("us.2"), "damaged")
    turn.hint("us.2")
    turn.text("us.3")
    turn.run_all("us.1", "us.2", "us.3")


def test_a_turn_ends_when_the_store_is_away() -> None:
    turn = Turn()
    first = turn.text("us.1")
    turn.client.connection_pool.connection_kwargs["server"].connected = False
    with pytest.raises(Unavailable):
        turn.run(lambda: False, first)
    assert turn.done == []


def test_an_account_has_no_more_threads_than_its_carrier_takes() -> None:
    counting = Counting(3)
    turn = Turn(counting, throttle=Throttle(3))
    names = [f"us.{one}" for one in range(9)]
    for name in names:
        turn.text(name)
    turn.run_all(*names)
    assert counting.most == 3


def test_nothing_begins_while_the_carrier_asks_for_a_pause() -> None:
    turn = Turn()
    turn.throttle.pause(time.time() + 3600)
    turn.text("us.1")
    turn.run(rounds(4))
    assert turn.done == []


def test_an_account_is_handed_no_more_texts_a_second_than_the_setting_lets() -> None:
    turn = Turn(settings={"TEXTS_PER_SECOND": "1"})
    begun = time.time()
    for one in range(THREADS):
        turn.text(f"us.{one}")
    turn.run(rounds(6))
    assert 1 <= len(turn.done) <= 2 + time.time() - begun


def of_two_accounts(**settings: str) -> Turn:
    """The board ``third`` has one of its own."""
    turn = Turn(settings=settings, throttles={THEIRS: Throttle(THREADS)})
    terms = BoardTerms(
        name="third", spoken_name="Third Jobs", account_sid=THEIRS, auth_tokens=("t",)
    )
    put_board(turn.deployment, terms)
    return turn


@pytest.mark.parametrize(("paused", "goes"), [("main", "third"), ("third", "main")])
def test_an_account_that_is_to_pause_keeps_no_other_waiting(paused: str, goes: str) -> None:
    turn = of_two_accounts()
    {"main": turn.throttle, "third": turn.throttles[THEIRS]}[paused].pause(time.time() + 3600)
    for one in range(THREADS):
        turn.text(f"{paused}.{one}", board=paused)
    turn.text(f"{goes}.last", board=goes)
    turn.run(rounds(THREADS + 4))
    assert turn.done == [f"{goes}.last"]


def test_calls_of_an_account_end_though_another_is_to_pause() -> None:
    turn = of_two_accounts()
    turn.throttle.pause(time.time() + 3600)
    for board in ("main", "third"):
        JobQueues(turn.rq).end_calls(board, f"candidate.of-{board}")
    turn.run(rounds(8))
    assert turn.done == ["candidate.of-third"]


def test_each_account_is_handed_its_texts_of_a_second() -> None:
    turn = of_two_accounts(TEXTS_PER_SECOND="1")
    for one in range(2):
        for board in ("main", "third"):
            turn.text(f"{board}.{one}", board=board)
    turn.run(lambda: len(turn.done) >= 2)
    assert {name.partition(".")[0] for name in turn.done[:2]} == {"main", "third"}


class Waiting:
    """Work that lasts for as long as the test lets it."""

    def __init__(self) -> None:
        self.is_over = threading.Event()

    def __call__(self, _services: Services, _name: str) -> str:
        assert self.is_over.wait(PATIENCE)
        return ""

    def rounds(self, number: int) -> Callable[[], bool]:
        """So many, and then it ends."""
        are_over = rounds(number)

        def end_in_time() -> bool:
            if are_over():
                self.is_over.set()
            return self.is_over.is_set()

        return end_in_time


def test_a_turn_holds_no_more_than_its_threads_can_take() -> None:
    """The others are there for other workers."""
    work = Waiting()
    turn = Turn(work)
    for one in range(3 * THREADS):
        turn.text(f"us.{one}")
    turn.run(work.rounds(6))
    assert turn.waiting() == THREADS
    assert len(turn.done) == THREADS


def test_few_are_not_asked_for_while_there_is_much_to_do() -> None:
    """By the dozen: each look into the queue is a request."""
    work = Waiting()
    turn = Turn(work)
    enough = THREADS + THREADS // 2
    for one in range(enough):
        turn.text(f"us.{one}")
    left: list[int] = []
    is_over = work.rounds(8)

    def one_round() -> bool:
        left.append(turn.waiting())
        if len(left) == 5:
            assert left[-1] == 0
            for one in range(5):
                turn.text(f"us.more{one}")
        return is_over()

    turn.run(one_round)
    # Half of the threads have something to do next.
    assert left[-1] == 5


def test_a_turn_that_is_over_begins_nothing_and_ends_what_it_has_begun() -> None:
    begun, over = threading.Event(), threading.Event()

    def work(_services: Services, _name: str) -> str:
        begun.set()
        assert over.wait(PATIENCE)
        return "us.next"

    def is_over() -> bool:
        if begun.is_set():
            over.set()
        return over.is_set()

    turn = Turn(work)
    turn.text("us.1")
    turn.run(is_over)
    assert turn.done == ["us.1"]


def test_a_turn_without_anything_to_do_ends_after_a_while() -> None:
    turn = Turn()
    turn.text("us.1")
    turn.run(lambda: False, linger=0.1)
    assert turn.done == ["us.1"]


def test_a_turn_without_anything_to_do_takes_what_comes() -> None:
    turn = Turn()
    turn.text("us.1")
    looked = 0

    def is_over() -> bool:
        nonlocal looked
        if turn.done == ["us.1"]:
            looked += 1
            if looked == 2:
                turn.text("us.2")
        return "us.2" in turn.done

    turn.run(is_over)


def test_a_main_thread_that_is_stuck_is_ended_by_the_system_for_as_long_as_the_turn_lasts() -> None:
    watched: list[tuple[bool, float]] = []
    before = signal.getsignal(signal.SIGALRM)

    def is_over() -> bool:
        is_systems = signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        watched.append((is_systems, signal.getitimer(signal.ITIMER_REAL)[0]))
        return len(watched) == 2

    turn = Turn()
    turn.text("us.1")
    turn.run(is_over, stuck_after=40)
    assert all(is_systems and 0 < seconds <= 40 for is_systems, seconds in watched)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before
