"""The calls and messages of a whole board, in the order in which they began."""

from __future__ import annotations

import random
from typing import Any

import pytest

from relay.domain.interaction import EnteredBy
from relay.domain.participant import Role
from relay.domain.routing import RouteState
from relay.store.calls import call_id
from relay.store.interactions import Interactions, Place, Span
from relay.store.keys import BoardKeys
from tests.board import RETENTION, Board, number

KEYS = BoardKeys("main")
START = 1_790_000_000
SESSIONS = [f"us.{letter * 12}" for letter in "abz0"]


@pytest.fixture
def lines(client: Any) -> list[tuple[int, str, str]]:
    """Four hundred interactions of four sessions within a minute, a few at the same moment."""
    chance = random.Random(5)
    found = [
        (START + chance.randrange(60), chance.choice(SESSIONS), f"CA{each:03}")
        for each in range(400)
    ]
    for at, session, one in found:
        client.zadd(KEYS.timeline, {f"{at}\t{session}\t{one}": 0})
        client.zadd(KEYS.interactions, {f"{session}\t{at}\t{one}": 0})
    return found


def expected(lines: list[tuple[int, str, str]], since: int, until: int) -> list[str]:
    kept = [f"{at}\t{s}\t{one}" for at, s, one in lines if since <= at < until]
    return sorted(kept, reverse=True)


@pytest.mark.parametrize("within", [(None, None), (START + 20, None), (None, START + 31)])
@pytest.mark.parametrize("count", [1, 7, 400, 1000])
def test_the_board_and_all_its_sessions_have_the_same_pages(
    client: Any,
    lines: list[tuple[int, str, str]],
    within: tuple[int | None, int | None],
    count: int,
) -> None:
    index = Interactions(client, KEYS)
    since, until = within
    wanted = expected(lines, since or 0, until or START + 60)
    chance = random.Random(count)
    for before in (None, *chance.sample(wanted, 20)):
        span = Span(since=since, until=until, before=Place(before) if before else None)
        rest = [line for line in wanted if before is None or line < before][:count]
        assert [place.line for place in index.of_board(span, count=count)] == rest
        assert [place.line for place in index.of_sessions(SESSIONS, span, count=count)] == rest


def test_a_span_that_ends_before_it_begins_has_nothing(
    client: Any, lines: list[tuple[int, str, str]]
) -> None:
    index, span = Interactions(client, KEYS), Span(since=START + 9, until=START + 9)
    assert index.of_board(span, count=9) == index.of_sessions(SESSIONS, span, count=9) == []


def test_no_session_has_nothing(client: Any, lines: list[tuple[int, str, str]]) -> None:
    assert Interactions(client, KEYS).of_sessions([], Span(), count=9) == []


def listed(board: Board) -> list[str]:
    """What both lists hold, which must be the same."""
    by_start = board.client.zrange(KEYS.timeline, 0, -1)
    by_session = board.client.zrange(KEYS.interactions, 0, -1)
    turned = []
    for line in by_session:
        session, start, one = line.split("\t")
        turned.append(f"{start}\t{session}\t{one}")
    assert sorted(turned) == by_start
    return [Place(line).id for line in by_start]


@pytest.fixture
def talking(board: Board) -> Board:
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    board.open("rita", "carl")
    return board


def test_a_call_is_listed_until_it_is_refused(talking: Board) -> None:
    talking.call("r", number(0), sid="CA1")
    talking.call("c", number(0), sid="CA2")
    assert listed(talking) == ["CA1", "CA2"]
    talking.refuse_call("r", number(0), sid="CA1")
    assert listed(talking) == ["CA2"]


def test_what_a_session_had_goes_with_it(talking: Board) -> None:
    for each in range(3):
        talking.call("r", number(0), sid=f"CA{each}")
    (session,) = talking.audit().values()
    talking.close(session)
    talking.wait(100)
    talking.wait(RETENTION)
    assert listed(talking) == []
    assert talking.client.hlen(KEYS.sessions) == 0


def test_a_line_that_nobody_wrote_keeps_no_session_on_record(talking: Board) -> None:
    """P9"""
    (session,) = talking.audit().values()
    talking.client.zadd(KEYS.interactions, {f"{session.id}\trubbish": 0})
    talking.close(session)
    talking.wait(100)
    talking.wait(RETENTION)
    assert talking.client.zcard(KEYS.interactions) == 0


def test_what_has_no_record_any_more_is_trimmed_in_batches(client: Any, board: Board) -> None:
    for at in range(10):
        client.zadd(KEYS.timeline, {f"{START + at}\tus.a\tCA{at}": 0})
    trim = board.store.recycling.trim_timeline
    assert [trim(before=START + 7.9, batch=3) for _ in range(4)] == [3, 3, 1, 0]
    left = [Place(line).started_at for line in client.zrange(KEYS.timeline, 0, -1)]
    assert left == [f"{START + at}" for at in (7, 8, 9)]


# --- who entered by what ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "entered_by"),
    [
        ("r", EnteredBy.CODE),
        ("c", EnteredBy.CODE_FROM_OTHER_PHONE),
        ("x", EnteredBy.CODE_FROM_OTHER_PHONE),
        ("", EnteredBy.CODE_FROM_OTHER_PHONE),
    ],
)
def test_a_call_says_what_let_the_caller_in(
    board: Board, phone: str, entered_by: EnteredBy
) -> None:
    board.register_recruiter("rita", "r")
    for ref in ("carl", "dan", "eve", "finn"):
        board.register_candidate(ref, ref[0])
        board.open("rita", ref)
    shared = [s for s in board.audit().values() if s.virtual_number == number(0)]
    route = board.enter_code(phone, number(0), shared[0].access_code, sid="CA9")
    assert route.state is RouteState.CONNECT
    call = board.store.calls.get(call_id("us", "CA9"))
    assert call is not None
    assert call.entered_by is entered_by
    assert call.caller is Role.RECRUITER


def test_a_call_without_a_code_says_so(talking: Board) -> None:
    for phone, sid in (("r", "CA1"), ("c", "CA2")):
        talking.call(phone, number(0), sid=sid)
        call = talking.store.calls.get(call_id("us", sid))
        assert call is not None
        assert call.entered_by is EnteredBy.PHONE
