"""A number that the account has lost: its sessions go on by others, in one step a batch."""

from __future__ import annotations

import pytest

from relay.domain.message_progress import MessageStatus
from relay.domain.participant import Role
from relay.domain.pool import Geo, NumberStatus
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason, Session, SessionStatus
from relay.store.lost_numbers import Left
from tests.board import RETENTION, Board, number
from tests.noted_scripts import NotedScripts

LOST = number(0)


@pytest.fixture
def pair(board: Board) -> Board:
    """Rita (phone r) and Carl (phone c) have an open session on the first number."""
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    assert board.open("rita", "carl").virtual_number == LOST
    return board


def lose(board: Board, place: int = 0) -> None:
    assert board.store.numbers.set_status(number(place), "us", NumberStatus.RELEASED)


def leave(board: Board, *, seen: list[Session] | None = None, place: int = 0) -> Left:
    lost = board.store.lost_numbers
    sessions = lost.open_sessions_on(number(place)) if seen is None else seen
    return lost.leave(number(place), board.pool, sessions, now=board.now, retention=RETENTION)


def open_session(board: Board, candidate: str = "carl") -> Session:
    found = board.store.sessions.of_participant(Role.CANDIDATE, candidate)
    (session,) = [each for each in found if each.status is SessionStatus.OPEN]
    return session


def told(board: Board, left: Left) -> set[tuple[str, Role, MessageStatus]]:
    messages = [board.store.messages.read(notice) for notice in left.notices]
    return {(each.number, each.side, each.status) for each in messages}


def test_a_session_on_a_lost_number_gets_another_one_and_both_are_told_from_there(
    pair: Board,
) -> None:
    before = open_session(pair)
    lose(pair)

    left = leave(pair)

    after = open_session(pair)
    assert (left.renumbered, left.closed) == ((before.id,), ())
    assert (after.id, after.virtual_number) == (before.id, number(1))
    assert (after.access_code, after.expires_at) == (before.access_code, before.expires_at)
    assert told(pair, left) == {(number(1), role, MessageStatus.RECEIVED) for role in Role}
    assert pair.call("c", number(1)).state is RouteState.CONNECT
    pair.audit()


def test_p1_late_calls_on_a_number_that_was_not_lost_after_all_reach_nobody(pair: Board) -> None:
    """A false alarm: until all has cooled nobody gets it who could be taken for somebody else."""
    pair.register_candidate("dan")
    lose(pair)
    leave(pair)
    assert pair.store.numbers.set_status(LOST, "us", NumberStatus.AVAILABLE)

    assert pair.call("r", LOST).state is RouteState.CLOSED
    assert pair.open("rita", "dan").virtual_number == number(2)
    assert pair.store.sessions.get(open_session(pair).previous).closed_reason == "renumbered"
    pair.wait(101)
    assert pair.open("rita", "dan", ttl=1).virtual_number == number(2)
    pair.audit()


def test_a_pair_that_comes_back_never_gets_the_lost_number(pair: Board) -> None:
    pair.close(open_session(pair))
    lose(pair)
    assert pair.open("rita", "carl").virtual_number == number(1)
    pair.audit()


def test_p6_where_no_number_is_free_a_recruiter_shares_one_by_codes(pair: Board) -> None:
    """Rita has three candidates on each number that is left, too."""
    for place in (1, 2):
        pair.register_candidate(f"dan{place}")
        pair.open("rita", f"dan{place}")
    lose(pair)

    left = leave(pair)

    assert left.closed == ()
    after = open_session(pair)
    assert after.virtual_number == number(1)
    assert after.code_needed
    pair.audit()


def test_p1_a_session_for_which_no_number_is_free_is_closed_and_says_so(pair: Board) -> None:
    """Carl is on each that is left: to dial the lost number might reach a stranger soon."""
    for place in (1, 2):
        pair.register_recruiter(f"quinn{place}")
        pair.open(f"quinn{place}", "carl")
    (session,) = pair.store.lost_numbers.open_sessions_on(LOST)
    lose(pair)

    left = leave(pair)

    assert left == Left((), (session.id,), ())
    closed = pair.read(session)
    assert (closed.closed_reason, closed.closed_at) == (ClosedReason.NUMBER_LOST, pair.now)
    pair.audit()


def test_a_session_that_is_past_its_expiry_expires(pair: Board) -> None:
    session = open_session(pair)
    lose(pair)
    pair.now = session.expires_at + 5

    assert leave(pair).closed == (session.id,)

    assert pair.read(session).closed_reason == ClosedReason.EXPIRED
    pair.audit()


def retire_lost(pair: Board) -> str:
    return pair.store.numbers.retire(LOST, "us", expected=NumberStatus.RELEASED, is_lost=True)


def test_p5_a_call_in_progress_goes_on_and_keeps_the_lost_number_until_it_ends(
    pair: Board,
) -> None:
    assert pair.call("c", LOST, sid="CA1", lease=500).state is RouteState.CONNECT
    lose(pair)
    leave(pair)
    pair.wait(200)
    assert retire_lost(pair) == "bound"
    pair.wait(301)
    assert retire_lost(pair) == "removed"
    pair.audit()


def test_p4_a_number_that_texts_in_the_area_of_the_lost_one_is_taken_and_stops_are_heeded(
    board: Board,
) -> None:
    board.put(geo=Geo.AREA_CODE)
    board.add_number(50)  # of the next area
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    board.open("rita", "carl")
    board.stop_texts("c", number(1))
    lose(board)

    leave(board)

    assert open_session(board).virtual_number == number(2)
    board.audit()


def test_nobody_is_texted_from_a_number_that_cannot(board: Board) -> None:
    board.add_number(3, capabilities="v")
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    claimed = board.claim(board.enter("rita", "carl"), channels=frozenset({"voice"}))
    session = claimed.session
    for place in (1, 2):
        board.store.numbers.set_status(number(place), "us", NumberStatus.RESERVED)
    lose(board)

    left = leave(board)

    assert left.renumbered == (session.id,)
    assert open_session(board).virtual_number == number(3)
    assert left.notices == ()


def test_a_heavy_recruiters_sessions_leave_in_batches(board: Board) -> None:
    board.register_recruiter("rita", "r")
    for place in range(7):
        board.register_candidate(f"c{place}")
        board.open("rita", f"c{place}")
    lose(board)
    seen = board.store.lost_numbers.open_sessions_on(LOST)
    assert len(seen) > 2

    for first in range(0, len(seen), 2):
        assert len(leave(board, seen=seen[first : first + 2]).renumbered) > 0
        board.audit()

    assert board.store.lost_numbers.open_sessions_on(LOST) == []


def test_a_reply_that_is_lost_moves_nobody_twice(pair: Board) -> None:
    scripts = NotedScripts(pair.client)
    pair.store.lost_numbers._scripts = scripts
    lose(pair)
    leave(pair)
    once = open_session(pair)

    assert scripts.repeat("leave_number") == [[], [], []]

    assert open_session(pair) == once
    pair.audit()


def test_what_has_changed_since_it_was_read_is_left_for_the_next_time(pair: Board) -> None:
    seen = [open_session(pair)]
    nothing = Left((), (), ())
    assert leave(pair, seen=seen) == nothing  # not lost
    lose(pair)
    pair.change_phone(Role.RECRUITER, "rita", "q")
    assert leave(pair, seen=seen) == nothing

    assert leave(pair).renumbered == (seen[0].id,)

    assert pair.call("r", LOST).state is RouteState.CLOSED
    assert pair.call("q", open_session(pair).virtual_number).state is RouteState.CONNECT
    pair.audit()


def test_a_lost_number_does_not_count_against_the_pools_limits(pair: Board) -> None:
    purchases = pair.store.purchases
    rented = purchases.rent("us", now=pair.now).rented
    lose(pair)
    assert purchases.rent("us", now=pair.now).rented == rented - 1
