"""What the carrier charges a pool's traffic by, each once."""

from __future__ import annotations

import fakeredis
import pytest
import redis

from relay.domain.call_progress import CallProgress, caller_gone, leg_seen, taken
from relay.domain.charges import Charges, Unit
from relay.domain.errors import Unavailable
from relay.domain.policy import DAY
from relay.store.keys import PoolKeys
from relay.store.store import Store
from tests.board import NOW, Board, number
from tests.fake_redis import FakeRedis
from tests.key_ring import SIGNER, marks_of

KEYS = PoolKeys("main", "us")


@pytest.fixture
def board(client: redis.Redis, store: Store) -> Board:
    return Board(client, store)


def count_once(store: Store, sid: str, charges: Charges, *, now: float = NOW) -> None:
    store.pools.charges.count_once("us", charges, marks=marks_of(sid), now=now)


def test_what_has_no_record_is_counted_once(store: Store) -> None:
    for _ in range(2):
        count_once(store, "SM1", {Unit.SMS_IN: 3, Unit.SMS_OUT: 1})
    count_once(store, "SM2", {Unit.SMS_IN: 1})
    count_once(store, "SM3", {})
    assert store.pools.charges.total("us") == {Unit.SMS_IN: 4, Unit.SMS_OUT: 1}


def test_days_are_counted_apart_for_a_month_and_the_total_for_ever(
    client: redis.Redis, store: Store
) -> None:
    for days in range(40):
        count_once(store, f"SM{days}", {Unit.SMS_IN: 1}, now=NOW + days * DAY)
    kept = store.pools.charges.days("us")
    assert sorted(one.day for one in kept) == [NOW // DAY + days for days in range(9, 40)]
    assert all(one.charges == {Unit.SMS_IN: 1} for one in kept)
    assert store.pools.charges.total("us") == {Unit.SMS_IN: 40}
    assert store.pools.charges.began_at("us") == NOW
    assert client.hlen(KEYS.charges) == 33


def test_sessions_that_are_opened_are_counted_and_those_that_go_on_are_not(board: Board) -> None:
    board.register_recruiter("rita")
    board.register_candidate("carl")
    for _ in range(2):
        board.open("rita", "carl")
    [today] = board.store.pools.charges.days("us")
    assert (today.day, today.sessions, today.charges) == (NOW // DAY, 1, {})


def report(board: Board, progress: CallProgress, charges: Charges) -> None:
    board.store.calls.advance(
        "us.CA1", progress, now=board.now, virtual_number=number(0), charges=charges
    )


def test_a_call_is_charged_for_the_most_that_any_report_says(board: Board) -> None:
    """In whatever order they come, and however often."""
    board.register_recruiter("rita")
    board.register_candidate("carl")
    session = board.open("rita", "carl")
    board.call("rita", session.virtual_number, sid="CA1")
    for _ in range(2):
        report(board, leg_seen("CA2"), {Unit.SPEECH: 1})
        report(board, taken("CA2"), {})
        report(board, caller_gone(was_accepted=True, duration=61), {Unit.MINUTE_IN: 2})
        report(board, leg_seen("CA2"), {Unit.MINUTE_OUT: 1})
        report(board, leg_seen("CA2"), {Unit.MINUTE_OUT: 3})
    report(board, leg_seen("CA2"), {Unit.MINUTE_OUT: 1})
    assert board.store.pools.charges.total("us") == {
        Unit.SPEECH: 1,
        Unit.MINUTE_IN: 2,
        Unit.MINUTE_OUT: 3,
    }


def test_what_somebody_else_writes_there_takes_nothing_away(
    client: redis.Redis, store: Store
) -> None:
    count_once(store, "SM1", {Unit.SMS_IN: 1})
    for field in ("letters", "x:sms_in", "20000:letters", "sms_out", "20000:sms_out"):
        client.hset(KEYS.charges, field, "many" if "sms_out" in field else "7")
    assert store.pools.charges.total("us") == {Unit.SMS_IN: 1}
    assert len(store.pools.charges.days("us")) == 1


def test_an_estimate_holds_nothing_up() -> None:
    server = fakeredis.FakeServer()
    server.connected = False
    away = Store(FakeRedis(server), SIGNER)
    count_once(away, "SM1", {Unit.SMS_IN: 1})
    with pytest.raises(Unavailable):
        away.pools.charges.total("us")
