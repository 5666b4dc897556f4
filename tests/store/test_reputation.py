"""Traffic of a number: counted once, in whatever order and however often reports come."""

from __future__ import annotations

import itertools
import re

import pytest
import redis

from relay.carrier.codes import trouble_of
from relay.domain import call_progress
from relay.domain.call_progress import CallProgress
from relay.domain.forecast import Sample
from relay.domain.message_progress import DELIVERED_RANK, FINAL_RANK, MessageStatus
from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus
from relay.domain.reputation import HOUR, Complaint, Traffic
from relay.store.keys import PoolKeys
from relay.store.reputation import TRAFFIC_FIELDS
from relay.store.script_headers import LUA
from relay.store.store import Store
from tests.board import Board, number
from tests.store.test_messages import Texts
from tests.world import NOW, NUMBER, Pair

GONE = call_progress.caller_gone(was_accepted=False, duration=None)
TAKEN = call_progress.taken("CA-leg")
OVER = call_progress.leg_over("CA-leg", duration=4)


def dialled(*, is_connected: bool, duration: int | None) -> CallProgress:
    return call_progress.dialled(
        "completed" if is_connected else "no-answer",
        known=call_progress.CallStatus.RINGING,
        is_connected=is_connected,
        duration=duration,
        leg_sid="CA-leg",
    )


@pytest.fixture
def talking(board: Board) -> Board:
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    board.open("rita", "carl", ttl=10 * DAY)
    return board


def traffic(board: Board, now: float | None = None) -> Traffic:
    at = board.now if now is None else now
    return board.store.reputation.traffic([number(0)], now=at)[0]


def call(board: Board, sid: str, *reports: CallProgress) -> None:
    board.call("r", number(0), sid=sid)
    for report in reports:
        board.store.calls.advance(f"us.{sid}", report, now=board.now, virtual_number=number(0))


def test_python_and_lua_know_the_same_counts() -> None:
    text = (LUA / "shared" / "traffic.lua").read_text()
    fields = re.search(r"TRAFFIC_FIELDS = \{(.*?)\}", text)
    assert fields is not None
    assert tuple(re.findall(r'"(\w+)"', fields.group(1))) == TRAFFIC_FIELDS


def test_a_number_without_calls_has_no_traffic(board: Board) -> None:
    assert traffic(board) == Traffic()


def test_a_call_under_way_has_begun_and_not_ended(talking: Board) -> None:
    call(talking, "CA1", TAKEN)
    assert traffic(talking) == Traffic(calls=1, busiest_minute=1)


def test_outcomes_are_told_apart(talking: Board) -> None:
    call(talking, "CA1", dialled(is_connected=True, duration=5))
    call(talking, "CA2", dialled(is_connected=True, duration=6))
    call(talking, "CA3", dialled(is_connected=False, duration=None))
    call(talking, "CA4", call_progress.refused("CA-leg"))
    assert traffic(talking) == Traffic(calls=4, ended=4, answered=3, short=1, busiest_minute=4)


@pytest.mark.parametrize("order", list(itertools.permutations([GONE, TAKEN, OVER])))
def test_reports_in_any_order_and_twice_count_once(
    talking: Board, order: tuple[CallProgress, ...]
) -> None:
    call(talking, "CA1", *order, *order)
    assert traffic(talking) == Traffic(calls=1, ended=1, answered=1, short=1, busiest_minute=1)


def test_a_call_leaves_the_window_after_a_day(talking: Board) -> None:
    call(talking, "CA1", GONE)
    assert traffic(talking, talking.now + 2 * HOUR) == Traffic(calls=1, ended=1)
    assert traffic(talking, talking.now + 22 * HOUR).calls == 1
    assert traffic(talking, talking.now + 24 * HOUR) == Traffic()


def test_what_is_past_the_window_is_forgotten(talking: Board) -> None:
    call(talking, "CA1", GONE)
    key = PoolKeys("main", "us").traffic(number(0))
    before = set(talking.client.hkeys(key))
    talking.now += DAY
    call(talking, "CA2", GONE)
    after = set(talking.client.hkeys(key))
    assert len(after) == 2
    assert not before & after
    assert 25 * HOUR - 60 < talking.client.ttl(key) <= 25 * HOUR


def test_a_report_that_comes_a_day_late_is_not_counted(talking: Board) -> None:
    talking.call("r", number(0), sid="CA1")
    talking.client.persist(PoolKeys("main", "us").call("CA1"))
    talking.store.calls.advance("us.CA1", GONE, now=talking.now + DAY, virtual_number=number(0))
    assert not talking.client.exists(PoolKeys("main", "us").traffic(number(0)))


# --- texts ------------------------------------------------------------------------------


@pytest.fixture
def texts(client: redis.Redis, store: Store) -> Texts:
    return Texts(Pair(client, store))


def texted(texts: Texts) -> Traffic:
    return texts.store.reputation.traffic([NUMBER], now=NOW)[0]


def test_a_text_counts_once_it_was_passed_on(texts: Texts) -> None:
    message, _ = texts.accept()
    texts.begin(message)
    texts.report(message, MessageStatus.QUEUED, 2)
    assert texted(texts) == Traffic()
    for _ in range(2):
        texts.report(message, MessageStatus.SENT, 4)
        texts.report(message, MessageStatus.DELIVERED, FINAL_RANK)
    assert texted(texts) == Traffic(texts=1)


def test_a_filtered_text_is_known_as_such(texts: Texts) -> None:
    message, _ = texts.accept()
    texts.begin(message)
    texts.report(message, MessageStatus.SENT, 4)
    for _ in range(2):
        texts.report(message, MessageStatus.UNDELIVERED, FINAL_RANK, code=30007)
    assert texted(texts) == Traffic(texts=1, filtered=1)


def test_another_failure_is_not_the_numbers_fault(texts: Texts) -> None:
    message, _ = texts.accept()
    texts.begin(message)
    texts.report(message, MessageStatus.UNDELIVERED, FINAL_RANK, code=30005)
    assert texted(texts) == Traffic(texts=1)


@pytest.mark.parametrize(("code", "filtered"), [(30007, 1), (21610, 0)])
def test_a_text_refused_at_once_counts_when_it_was_filtered(
    texts: Texts, code: int, filtered: int
) -> None:
    message, _ = texts.accept()
    texts.begin(message)
    for _ in range(2):
        texts.outbox.give_up(
            message,
            token="t1",
            now=NOW,
            error_code=code,
            why=trouble_of(code),
            telling=texts.telling(),
            retention=1000,
            number=NUMBER,
        )
    assert texted(texts) == Traffic(texts=filtered, filtered=filtered)


def test_a_text_that_arrives_though_it_was_given_up_counts_once(texts: Texts) -> None:
    message, _ = texts.accept()
    texts.begin(message)
    texts.give_up(message)
    assert texted(texts) == Traffic(texts=1, filtered=1)
    texts.report(message, MessageStatus.DELIVERED, DELIVERED_RANK)
    assert texted(texts) == Traffic(texts=1)


# --- rest -------------------------------------------------------------------------------


def resting_bit(board: Board) -> int:
    return int(board.client.getbit(PoolKeys("main", "us").resting, 0))


def test_a_number_rests_and_wakes_and_says_why(board: Board) -> None:
    numbers = board.store.numbers
    assert numbers.rest(number(0), "us", [Complaint.SHORT_CALLS], now=board.now)
    found = numbers.get(number(0))
    assert found is not None
    assert found.status is NumberStatus.RESTING
    assert (found.resting_since, found.complaints) == (board.now, (Complaint.SHORT_CALLS,))
    assert resting_bit(board) == 1
    assert numbers.wake(number(0), "us")
    found = numbers.get(number(0))
    assert found is not None
    assert (found.status, found.resting_since, found.complaints) == ("available", None, ())
    assert resting_bit(board) == 0


@pytest.mark.parametrize("status", [NumberStatus.RESERVED, NumberStatus.DRAINING])
def test_what_an_operator_has_set_stands(board: Board, status: NumberStatus) -> None:
    numbers = board.store.numbers
    numbers.rest(number(0), "us", [Complaint.SHORT_CALLS], now=board.now)
    numbers.set_status(number(0), "us", status)
    assert resting_bit(board) == 0
    assert not numbers.wake(number(0), "us")
    assert not numbers.rest(number(0), "us", [Complaint.SHORT_CALLS], now=board.now)
    found = numbers.get(number(0))
    assert found is not None
    assert found.status is status
    assert not numbers.rest("+1", "us", [Complaint.SHORT_CALLS], now=board.now)


# --- number stats and history -----------------------------------------------------------


def test_number_stats_replace_what_was_before(board: Board) -> None:
    reputation = board.store.reputation
    reputation.note_number_stats("us", {"status:available": 3, "complaint:short_calls": 1})
    reputation.note_number_stats("us", {"status:available": 2})
    assert reputation.number_stats("us") == {"status:available": 2}
    assert board.client.ttl(PoolKeys("main", "us").number_stats) > 0
    assert reputation.number_stats("cn") == {}


def sample(at: int, bound: int) -> Sample:
    return Sample(
        at=at,
        bound=bound,
        candidate_bound=1,
        allocatable=2,
        open_sessions=3,
        cooling_bindings=4,
    )


def test_history_keeps_the_last_sample_of_an_hour_for_a_month(board: Board) -> None:
    start = board.now - board.now % HOUR
    for at in (start, start + 600, start + HOUR):
        board.store.history.note("us", sample(at, at - start))
    assert board.store.history.since("us", start) == [
        sample(start + 600, 600),
        sample(start + HOUR, HOUR),
    ]
    assert board.store.history.since("us", start + HOUR) == [sample(start + HOUR, HOUR)]
    board.store.history.note("us", sample(start + 31 * DAY, 1))
    assert len(board.store.history.since("us", 0)) == 1


def test_recruiters_beyond_a_bound_are_counted(board: Board) -> None:
    board.register_recruiter("rita", "r")
    board.register_recruiter("nora", "n")
    for ref in ("carl", "dan"):
        board.register_candidate(ref, ref[0])
        board.open("rita", ref)
    board.open("nora", "carl")
    assert board.store.history.recruiters_beyond("us", 0, 1, 2) == [2, 1, 0]
