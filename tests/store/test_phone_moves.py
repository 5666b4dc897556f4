"""A phone change in one pool: reserved, committed or undone, and nothing in between is seen."""

from __future__ import annotations

import pytest

from relay.domain.call_progress import caller_gone
from relay.domain.participant import Role
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason
from relay.store.keys import PoolKeys
from relay.store.phone_changes import PhoneChange
from relay.store.phone_moves import (
    Busy,
    Gone,
    InTheWay,
    NoNumber,
    Renumbering,
    Reserved,
    ReserveOutcome,
    SamePhone,
)
from relay.store.sessions import Claimed, Outdated
from tests.board import Board, number

KEYS = PoolKeys("main", "us")
#: Nobody is found by that phone; the number may be one to enter a code on.
UNKNOWN = {RouteState.STRANGER, RouteState.STRANGER_WITH_CODE}
_OVER = caller_gone(was_accepted=True, duration=30)


@pytest.fixture
def pair(board: Board) -> Board:
    """Rita (phone r) and Carl (phone c) have an open session on the first number."""
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    board.open("rita", "carl")
    return board


def reserve(board: Board, change: PhoneChange, *renumber: str) -> ReserveOutcome:
    return board.store.phone_moves.reserve(
        board.pool, change, renumber=[Renumbering(i) for i in renumber], now=board.now
    )


def only_session(board: Board) -> str:
    (session_id,) = board.audit()
    return session_id


def state(board: Board, phone: str, place: int = 0) -> RouteState:
    return board.call(phone, number(place)).state


# --- reserve --------------------------------------------------------------------------


def test_p1_a_reserved_phone_is_not_connected_before_the_change_is_committed(pair: Board) -> None:
    change = pair.begin_change(Role.RECRUITER, "rita", "q")

    assert reserve(pair, change) == Reserved()

    assert state(pair, "q") is RouteState.CLOSED
    assert state(pair, "r") is RouteState.CONNECT
    pair.audit()


def test_a_repeated_reservation_changes_nothing(pair: Board) -> None:
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    reserve(pair, change)
    before = pair.audit()

    assert reserve(pair, change) == Reserved()
    assert pair.audit() == before


def test_a_claim_made_with_the_old_phone_is_out_of_date(pair: Board) -> None:
    pair.register_candidate("dan")
    stale = pair.enter("rita", "dan")
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    reserve(pair, change)

    assert pair.claim(stale) == Outdated()
    pair.commit(change)
    assert pair.claim(stale) == Outdated()
    assert isinstance(pair.claim(pair.enter("rita", "dan")), Claimed)


def test_what_is_in_the_way_is_named_and_nothing_changes(pair: Board) -> None:
    """Quinn's phone q has the first number, where Rita has Carl."""
    pair.register_recruiter("quinn", "q")
    pair.register_candidate("dan")
    pair.open("quinn", "dan")
    (in_the_way,) = [s.id for s in pair.audit().values() if s.recruiter.ref == "rita"]
    before = pair.audit()

    change = pair.begin_change(Role.RECRUITER, "rita", "q")

    assert reserve(pair, change) == InTheWay((in_the_way,))
    assert pair.audit() == before
    pair.undo(change)
    pair.audit()


def test_p1_a_cooling_binding_of_the_new_phone_is_in_the_way_too(pair: Board) -> None:
    pair.register_recruiter("quinn", "q")
    pair.register_candidate("dan")
    pair.close(pair.open("quinn", "dan"))
    change = pair.begin_change(Role.RECRUITER, "rita", "q")

    assert isinstance(reserve(pair, change), InTheWay)


def test_the_other_sides_phone_cannot_be_the_new_one(pair: Board) -> None:
    session_id = only_session(pair)
    change = pair.begin_change(Role.RECRUITER, "rita", "c")

    assert reserve(pair, change, session_id) == SamePhone((session_id,))


def test_two_sides_of_a_session_do_not_change_at_once(pair: Board) -> None:
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    other = pair.begin_change(Role.CANDIDATE, "carl", "d")
    reserve(pair, change)

    assert reserve(pair, other) == Busy()
    pair.commit(change)
    assert reserve(pair, other) == Reserved()
    pair.commit(other)
    assert pair.call("q", number(0)).sealed_counterpart.endswith("d")
    pair.audit()


def test_an_expired_session_keeps_the_phone_it_had(pair: Board) -> None:
    pair.now += 1000
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    reserve(pair, change)
    pair.commit(change)

    (session,) = pair.audit().values()
    assert session.recruiter.phone_index == "r"


# --- commit ---------------------------------------------------------------------------


def test_a_changed_phone_gets_through_and_the_old_one_no_more(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")

    assert state(pair, "q") is RouteState.CONNECT
    assert state(pair, "r") is RouteState.CLOSED
    assert pair.call("c", number(0)).sealed_counterpart.endswith("q")
    (session,) = pair.audit().values()
    assert session.bindings == 3


def test_p1_the_old_phones_binding_cools_before_a_stranger_gets_its_number(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")
    pair.register_recruiter("rosa", "r")
    pair.register_candidate("dan")

    assert pair.open("rosa", "dan").virtual_number == number(1)
    pair.wait(50)
    pair.register_candidate("eve")
    assert pair.open("rosa", "eve").virtual_number == number(0)
    pair.audit()


def test_committing_twice_is_committing_once(pair: Board) -> None:
    change = pair.change_phone(Role.RECRUITER, "rita", "q")
    before = pair.audit()
    pair.now += 10

    assert pair.store.phone_moves.commit(pair.pool, change, retention=9, now=pair.now) == 0
    assert pair.audit() == before


def test_a_session_closed_meanwhile_gives_back_what_was_reserved(pair: Board) -> None:
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    reserve(pair, change)
    (session,) = pair.audit().values()
    pair.close(session)
    pair.audit()

    pair.commit(change)

    closed = pair.audit()[session.id]
    assert closed.recruiter.phone_index == "r"
    assert closed.bindings == 2
    assert state(pair, "q") in UNKNOWN


def test_a_session_that_cooled_completely_waits_for_the_change_to_end(pair: Board) -> None:
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    reserve(pair, change)
    pair.close(pair.read(next(iter(pair.audit().values()))))
    pair.wait(100)
    (session,) = pair.audit().values()
    assert session.bindings == 1

    pair.commit(change)

    (session,) = pair.audit().values()
    assert session.bindings == 0
    pair.wait(1000)
    assert pair.is_empty()


def test_a_phone_that_moves_back_in_time_gets_its_binding_back(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")
    pair.now += 10
    pair.change_phone(Role.RECRUITER, "rita", "r", seal="3")

    (session,) = pair.audit().values()
    assert session.bindings == 3
    assert state(pair, "q") is RouteState.CLOSED
    pair.wait(50)
    (session,) = pair.audit().values()
    assert session.bindings == 2
    assert state(pair, "r") is RouteState.CONNECT


def test_a_phone_that_wanted_to_move_back_cools_on_when_that_is_undone(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")
    change = pair.begin_change(Role.RECRUITER, "rita", "r", seal="3")
    reserve(pair, change)
    assert state(pair, "r") is RouteState.CLOSED
    pair.now += 60
    pair.recycle()
    pair.audit()
    pair.undo(change)
    pair.audit()

    pair.recycle()

    assert state(pair, "r") in UNKNOWN
    pair.audit()


def test_p1_a_phone_one_side_has_left_is_not_the_other_sides_while_it_cools(pair: Board) -> None:
    """A late call from Rita's old phone is meant for Carl: it must not reach Rita."""
    session_id = only_session(pair)
    pair.change_phone(Role.RECRUITER, "rita", "q")
    carls = pair.begin_change(Role.CANDIDATE, "carl", "r")

    assert reserve(pair, carls) == InTheWay((session_id,))
    assert reserve(pair, carls, session_id) == Reserved()
    pair.audit()
    pair.commit(carls)

    assert pair.read(pair.audit()[session_id]).virtual_number == number(1)
    assert state(pair, "r", 0) is RouteState.CLOSED
    assert state(pair, "q", 0) is RouteState.CLOSED
    assert state(pair, "r", 1) is RouteState.CONNECT
    pair.wait(200)
    assert state(pair, "r", 0) in UNKNOWN
    pair.audit()


def test_p1_nor_when_the_pair_comes_back(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")
    (session,) = pair.audit().values()
    pair.close(session)
    carls = pair.begin_change(Role.CANDIDATE, "carl", "r")
    reserve(pair, carls)
    pair.commit(carls)

    assert pair.open("rita", "carl").virtual_number == number(1)
    pair.audit()


def test_p1_nor_when_both_have_changed_places(pair: Board) -> None:
    """Rita takes the phone that Carl had, in a session that has been closed meanwhile."""
    pair.close(pair.audit()[only_session(pair)])
    for role, ref, phone in (
        (Role.CANDIDATE, "carl", "x"),
        (Role.RECRUITER, "rita", "c"),
    ):
        change = pair.begin_change(role, ref, phone)
        reserve(pair, change)
        pair.commit(change)

    assert pair.open("rita", "carl").virtual_number == number(1)
    pair.audit()


def test_a_phone_may_leave_come_back_and_leave_again(pair: Board) -> None:
    for phone, seal in (("q", "2"), ("r", "3"), ("s", "4"), ("q", "5"), ("r", "6")):
        pair.now += 5
        pair.change_phone(Role.RECRUITER, "rita", phone, seal=seal)
        pair.audit()
    (session,) = pair.audit().values()
    assert (session.recruiter.phone_index, session.bindings) == ("r", 4)
    assert {index for _, index in session.former} == {"q", "s"}


def test_a_pair_that_changed_phones_comes_back_to_its_number(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")
    (session,) = pair.audit().values()
    pair.close(session)
    pair.now += 10

    again = pair.open("rita", "carl")

    assert again.virtual_number == session.virtual_number
    pair.audit()
    pair.wait(200)
    pair.audit()


def test_p5_a_call_in_progress_keeps_the_old_phones_binding(pair: Board) -> None:
    pair.call("r", number(0), lease=500)
    pair.change_phone(Role.RECRUITER, "rita", "q")
    pair.wait(60)

    assert state(pair, "r") is RouteState.CLOSED
    pair.wait(500)
    assert state(pair, "r") in UNKNOWN
    pair.audit()


# --- undo -----------------------------------------------------------------------------


def test_an_undone_change_leaves_no_trace(pair: Board) -> None:
    before = pair.audit()
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    reserve(pair, change)
    pair.undo(change)

    assert pair.audit() == before
    assert state(pair, "q") in UNKNOWN
    assert isinstance(pair.claim(pair.enter("rita", "carl")), Claimed)


def test_p4_a_reservation_that_comes_after_the_undoing_is_refused(pair: Board) -> None:
    """A process that was held up wakes when the sweeper has undone its change."""
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    pair.undo(change)

    assert reserve(pair, change) == Gone()
    pair.audit()


def test_undoing_keeps_an_earlier_changes_mark(pair: Board) -> None:
    pair.register_candidate("dan")
    stale = pair.enter("rita", "dan")
    pair.change_phone(Role.RECRUITER, "rita", "q")
    later = pair.begin_change(Role.RECRUITER, "rita", "s", seal="3")
    reserve(pair, later)
    pair.undo(later)

    assert pair.claim(stale) == Outdated()


def test_undoing_twice_is_undoing_once(pair: Board) -> None:
    change = pair.begin_change(Role.RECRUITER, "rita", "q")
    reserve(pair, change)
    pair.undo(change)
    before = pair.audit()
    pair.undo(change)
    assert pair.audit() == before


# --- renumber -------------------------------------------------------------------------


@pytest.fixture
def crowded(pair: Board) -> Board:
    """As ``pair``; Quinn's phone q has the first number, too, and Rita has Dan on the second."""
    pair.register_recruiter("quinn", "q")
    pair.register_candidate("dan")
    pair.register_candidate("eve")
    pair.open("quinn", "eve")
    pair.open("rita", "dan")
    return pair


def session_of(board: Board, recruiter: str, candidate: str) -> str:
    (session,) = board.store.sessions.of_pair(["us"], recruiter, candidate)
    return session.id


def test_just_the_sessions_in_the_way_move_to_another_number(crowded: Board) -> None:
    carls, dans = session_of(crowded, "rita", "carl"), session_of(crowded, "rita", "dan")
    code = crowded.audit()[carls].access_code
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")

    assert reserve(crowded, change, carls) == Reserved()
    crowded.audit()
    assert state(crowded, "c", 2) is RouteState.CLOSED
    crowded.commit(change)

    sessions = crowded.audit()
    assert sessions[carls].virtual_number == number(2)
    assert sessions[carls].access_code == code
    assert sessions[dans].virtual_number == number(1)
    assert state(crowded, "q", 2) is RouteState.CONNECT
    assert state(crowded, "c", 2) is RouteState.CONNECT
    assert state(crowded, "q", 1) is RouteState.CONNECT


def test_p1_the_number_left_behind_reaches_nobody(crowded: Board) -> None:
    carls = session_of(crowded, "rita", "carl")
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")
    reserve(crowded, change, carls)
    crowded.commit(change)

    assert state(crowded, "c", 0) is RouteState.CLOSED
    assert state(crowded, "r", 0) is RouteState.CLOSED
    left = crowded.read(crowded.audit()[carls]).previous
    assert crowded.audit()[left].closed_reason is ClosedReason.RENUMBERED
    crowded.wait(100)
    assert state(crowded, "c", 0) in UNKNOWN
    crowded.audit()


def test_an_access_code_that_is_taken_on_the_new_number_is_drawn_anew(crowded: Board) -> None:
    carls = session_of(crowded, "rita", "carl")
    code = crowded.audit()[carls].access_code
    crowded.client.hset(KEYS.codes, f"{number(2)}:{code}", "us.somebody")
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")
    reserve(crowded, change, carls)
    crowded.commit(change)
    crowded.client.hdel(KEYS.codes, f"{number(2)}:{code}")

    assert crowded.audit()[carls].access_code != code


def test_without_a_free_number_nothing_changes(crowded: Board) -> None:
    crowded.put(access_codes=False)
    carls = session_of(crowded, "rita", "carl")
    crowded.register_recruiter("mona", "m")
    for place in range(2):
        crowded.register_candidate(f"x{place}")
        crowded.open("quinn", f"x{place}")
    before = crowded.audit()
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")
    dans = session_of(crowded, "rita", "dan")

    outcome = reserve(crowded, change, carls, dans)

    assert isinstance(outcome, NoNumber)
    assert crowded.audit() == before


def test_an_undone_renumbering_leaves_no_trace(crowded: Board) -> None:
    before = crowded.audit()
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")
    reserve(crowded, change, session_of(crowded, "rita", "carl"))
    crowded.undo(change)

    assert crowded.audit() == before


def test_a_session_to_renumber_that_was_closed_meanwhile_stays_where_it_was(
    crowded: Board,
) -> None:
    carls = session_of(crowded, "rita", "carl")
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")
    reserve(crowded, change, carls)
    crowded.close(crowded.audit()[carls])
    crowded.commit(change)

    assert crowded.audit()[carls].virtual_number == number(0)
    assert state(crowded, "c", 2) in UNKNOWN


def test_p5_a_call_on_the_number_left_behind_keeps_it(crowded: Board) -> None:
    crowded.call("c", number(0), lease=500)
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")
    reserve(crowded, change, session_of(crowded, "rita", "carl"))
    crowded.commit(change)
    crowded.wait(200)

    assert state(crowded, "c", 0) is RouteState.CLOSED
    crowded.wait(500)
    assert state(crowded, "c", 0) in UNKNOWN


def test_p5_the_number_left_behind_is_held_no_longer_than_its_call(crowded: Board) -> None:
    crowded.call("c", number(0), lease=5000, sid="CA1")
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")
    reserve(crowded, change, session_of(crowded, "rita", "carl"))
    crowded.commit(change)
    crowded.store.calls.advance("us.CA1", _OVER, now=crowded.now)

    assert not crowded.client.exists(KEYS.leases)
    crowded.wait(200)
    assert state(crowded, "c", 0) in UNKNOWN


def test_everything_is_forgotten_in_the_end(crowded: Board) -> None:
    change = crowded.begin_change(Role.RECRUITER, "rita", "q")
    reserve(crowded, change, session_of(crowded, "rita", "carl"))
    crowded.commit(change)
    for _ in range(8):
        crowded.wait(1000)
        crowded.audit()

    assert crowded.is_empty()
    assert not crowded.client.hgetall(KEYS.moving)


# --- leaving a pool -------------------------------------------------------------------


def leave(board: Board, role: Role, ref: str, mark: str) -> int:
    return board.store.phone_moves.leave_pool(
        board.pool, role, ref, mark=mark, reason=ClosedReason.ERASED, now=board.now
    )


def test_who_leaves_a_pool_has_all_sessions_closed(crowded: Board) -> None:
    assert leave(crowded, Role.RECRUITER, "rita", "k1:" + "1" * 16) == 2

    ends = {s.recruiter.ref: s.closed_reason for s in crowded.audit().values()}
    assert ends == {"rita": ClosedReason.ERASED, "quinn": None}
    assert leave(crowded, Role.RECRUITER, "rita", "") == 0


def test_claims_with_the_phone_that_was_lost_are_out_of_date(pair: Board) -> None:
    stale = pair.enter("rita", "carl")
    leave(pair, Role.CANDIDATE, "carl", "k1:" + "1" * 16)

    assert pair.claim(stale) == Outdated()
    rita, carl = stale
    sealed_again = carl.sealed_phone.replace("1111", "4444")
    assert isinstance(
        pair.claim((rita, type(carl)(**{**vars(carl), "sealed_phone": sealed_again}))), Claimed
    )


def test_a_phone_that_was_lost_is_known_under_another_sealing_key(pair: Board) -> None:
    """The claim read the person before they were sealed anew, or the erasure did."""
    rita, carl = pair.enter("rita", "carl")
    leave(pair, Role.CANDIDATE, "carl", "k2:" + "1" * 16)
    assert pair.claim((rita, carl)) == Outdated()


def test_who_leaves_a_pool_has_the_decisions_of_their_calls_taken_back(pair: Board) -> None:
    pair.call("r", number(0), sid="CAx")
    (session,) = pair.audit().values()
    pair.close(session)
    assert pair.call("r", number(0), sid="CAx").state is RouteState.CONNECT

    leave(pair, Role.CANDIDATE, "carl", "k1:" + "1" * 16)

    assert pair.call("r", number(0), sid="CAx").state is RouteState.REPLAYED
    assert "k1:" not in str(pair.client.hgetall(KEYS.leases))


def test_a_session_past_its_expiry_closes_as_expired_whoever_leaves(pair: Board) -> None:
    pair.now += 2000
    leave(pair, Role.CANDIDATE, "carl", "")

    (session,) = pair.audit().values()
    assert session.closed_reason is ClosedReason.EXPIRED
    assert session.closed_at == session.expires_at


# --- what else follows a person -------------------------------------------------------


def test_open_sessions_follow_a_persons_locale(pair: Board) -> None:
    rita, carl = pair.enter("rita", "carl")
    followed = type(rita)(**{**vars(rita), "locale": "zh-CN", "screen_calls": True})
    assert pair.store.phone_moves.refresh_party("us", followed) == 1
    pair.store.phone_moves.refresh_party("us", type(carl)(**{**vars(carl), "locale": "de"}))

    (session,) = pair.audit().values()
    assert (session.recruiter.locale, session.recruiter.screen_calls) == ("zh-CN", True)
    assert session.candidate.locale == "de"


def test_marks_are_swept_after_an_hour(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")
    assert pair.store.phone_moves.sweep_markers("us", now=pair.now + 3599) == 0
    assert pair.store.phone_moves.sweep_markers("us", now=pair.now + 3600) == 1


def test_a_renumbering_of_very_many_sessions_finds_a_code_for_each(board: Board) -> None:
    """They share the digits drawn for the change, on numbers where codes must be longer by then."""
    for place in range(3, 40):
        board.add_number(place)
    board.register_recruiter("rita", "r")
    board.register_recruiter("nora", "n")
    for recruiter in ("rita", "nora"):
        for place in range(40):
            board.register_candidate(f"{recruiter}-{place}")
            board.open(recruiter, f"{recruiter}-{place}")
    change = board.begin_change(Role.RECRUITER, "rita", "n")
    in_the_way = reserve(board, change)
    assert isinstance(in_the_way, InTheWay)

    assert reserve(board, change, *in_the_way.session_ids) == Reserved()
    board.commit(change)

    board.audit()
