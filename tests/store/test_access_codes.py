"""A recruiter on one number more than once: the access code decides (P1, P6)."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from relay.domain import access_code
from relay.domain.participant import Role
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason, Session
from relay.store.keys import PoolKeys
from tests.board import Board, number

KEYS = PoolKeys("main", "us")


@pytest.fixture
def shared(board: Board) -> Board:
    """Rita (phone r) has four sessions on three numbers: two of them on the first."""
    board.register_recruiter("rita", "r")
    board.register_recruiter("nora", "n")
    for ref in ("carl", "dan", "eve", "finn", "gus"):
        board.register_candidate(ref, ref[0])
    for ref in ("carl", "dan", "eve", "finn"):
        board.open("rita", ref)
    return board


def of(board: Board, candidate: str, recruiter: str = "rita") -> Session:
    found = [
        s
        for s in board.audit().values()
        if (s.recruiter.ref, s.candidate.ref) == (recruiter, candidate)
    ]
    return max(found, key=lambda s: s.created_at)


def enter(
    board: Board, session: Session, phone: str = "r", *, attestation: str = "B"
) -> RouteState:
    number, code = session.virtual_number, session.access_code
    route = board.enter_code(phone, number, code, attestation=attestation)
    if route.state is RouteState.CONNECT:
        assert route.session is not None
        assert route.session.id == session.id
        assert route.seals.candidate
        assert route.caller is Role.RECRUITER
    return route.state


# --- sharing --------------------------------------------------------------------------


def test_p6_with_no_number_free_for_both_the_recruiter_shares_one(shared: Board) -> None:
    carls, finns = of(shared, "carl"), of(shared, "finn")
    assert carls.virtual_number == finns.virtual_number == number(0)
    assert carls.access_code != finns.access_code


def test_a_code_is_needed_for_all_of_the_recruiters_sessions_on_the_number(shared: Board) -> None:
    assert [of(shared, ref).code_needed for ref in ("carl", "dan", "eve", "finn")] == [
        True,
        False,
        False,
        True,
    ]
    carls = of(shared, "carl")
    assert carls.dial == f"tel:{number(0)},,{carls.access_code}"
    assert of(shared, "dan").dial == f"tel:{number(1)}"


def test_further_sessions_go_where_a_code_is_needed_anyway(shared: Board) -> None:
    shared.open("rita", "gus")
    assert of(shared, "gus").virtual_number == number(0)
    assert not of(shared, "dan").code_needed


def test_p1_what_ends_on_one_shared_number_changes_nothing_on_another(shared: Board) -> None:
    """Rita shares the second one, too, where Nora has Gus on the first."""
    shared.open("nora", "gus")
    assert shared.open("rita", "gus").virtual_number == number(1)
    shared.close(of(shared, "carl"))
    shared.wait(50)
    assert [of(shared, ref).code_needed for ref in ("finn", "dan", "gus")] == [False, True, True]
    shared.register_candidate("hal")
    assert shared.open("rita", "hal").virtual_number == number(1)


def test_a_phone_on_both_sides_of_the_pool_is_counted_as_such_until_the_last_end(
    board: Board,
) -> None:
    board.register_recruiter("rita", "r")
    board.register_recruiter("nora", "n")
    board.register_candidate("rita", "r")
    sessions = []
    for ref in ("carl", "dan"):
        board.register_candidate(ref, ref[0])
        sessions.append(board.open("rita", ref, ttl=5000))
    sessions.append(board.open("nora", "rita", ttl=5000))
    for session in sessions:
        board.close(session)
        board.wait(100)
        board.audit()


def test_p1_who_has_several_sessions_is_asked(shared: Board) -> None:
    route = shared.call("r", number(0))
    assert (route.state, route.digits, route.locale) == (RouteState.SEVERAL, 6, "en")
    assert route.session is None
    assert shared.call("r", number(1)).state is RouteState.CONNECT


def test_the_code_connects_with_its_candidate(shared: Board) -> None:
    for ref in ("carl", "finn"):
        assert enter(shared, of(shared, ref)) is RouteState.CONNECT


def test_a_candidate_is_never_asked(shared: Board) -> None:
    for phone in "cf":
        route = shared.call(phone, number(0))
        assert route.state is RouteState.CONNECT
        assert route.caller is Role.CANDIDATE


def test_p1_the_code_of_a_cooling_session_reaches_nobody(shared: Board) -> None:
    carls = shared.close(of(shared, "carl"))
    assert shared.call("r", number(0)).state is RouteState.SEVERAL
    assert enter(shared, carls) is RouteState.CLOSED
    assert enter(shared, of(shared, "finn")) is RouteState.CONNECT


def test_p1_a_code_is_asked_while_two_of_three_are_left(shared: Board) -> None:
    shared.open("rita", "gus")
    gone, *left = [one for one in shared.audit().values() if one.virtual_number == number(0)]
    assert len(left) == 2
    shared.close(gone)
    shared.wait(60)
    shared.audit()
    assert shared.call("r", number(0)).state is RouteState.SEVERAL
    assert all(shared.read(one).code_needed for one in left)


def test_p3_the_code_of_an_expired_session_reaches_nobody(shared: Board) -> None:
    carls = of(shared, "carl")
    shared.now += 1000
    assert enter(shared, carls) is RouteState.EXPIRED


def test_p1_a_code_is_asked_until_a_single_binding_is_left(shared: Board) -> None:
    shared.close(of(shared, "carl"))
    shared.wait(49)
    assert shared.call("r", number(0)).state is RouteState.SEVERAL
    shared.wait(1)
    finns = of(shared, "finn")
    assert not finns.code_needed
    route = shared.call("r", number(0))
    assert route.session is not None
    assert route.session.id == finns.id


def test_a_pair_that_comes_back_keeps_its_number_and_code(shared: Board) -> None:
    carls = shared.close(of(shared, "carl"))
    shared.now += 10
    again = shared.open("rita", "carl")
    assert (again.virtual_number, again.access_code) == (number(0), carls.access_code)
    assert again.code_needed
    assert enter(shared, again) is RouteState.CONNECT
    shared.audit()


def test_without_codes_a_pair_that_comes_back_shares_no_number(shared: Board) -> None:
    shared.close(of(shared, "carl"))
    shared.put(access_codes=False)
    shared.close(of(shared, "dan"))
    shared.wait(50)
    again = shared.open("rita", "carl")
    assert not again.code_needed
    shared.audit()


def test_everything_is_let_go_in_the_end(shared: Board) -> None:
    for session in shared.audit().values():
        shared.close(session)
    for _ in range(6):
        shared.wait(1000)
    assert shared.is_empty()


# --- another phone --------------------------------------------------------------------


@pytest.mark.parametrize("phone", ["n", "borrowed", ""])
def test_the_code_lets_its_recruiter_in_from_any_phone(shared: Board, phone: str) -> None:
    """``n`` is another recruiter's, "" is withheld."""
    shared.open("nora", "gus")
    if phone != "n":
        assert shared.call(phone, number(0)).state is RouteState.STRANGER_WITH_CODE
    assert enter(shared, of(shared, "carl"), phone) is RouteState.CONNECT
    assert enter(shared, of(shared, "finn"), phone) is RouteState.CONNECT


def test_nobody_is_asked_on_a_number_that_nobody_uses(shared: Board) -> None:
    shared.add_number(3)
    assert shared.call("borrowed", number(3)).state is RouteState.STRANGER


def test_nobody_unknown_is_asked_where_the_pool_has_no_access_codes(shared: Board) -> None:
    shared.put(access_codes=False)
    assert shared.call("borrowed", number(0)).state is RouteState.STRANGER
    assert shared.call("r", number(0)).state is RouteState.SEVERAL


def test_a_code_of_another_number_is_a_wrong_one(shared: Board) -> None:
    dans = of(shared, "dan")
    assert shared.enter_code("r", number(0), dans.access_code).state is RouteState.WRONG
    assert shared.enter_code("r", "+12125550150", "1").state is RouteState.UNKNOWN_NUMBER


# --- wrong codes ----------------------------------------------------------------------


def test_a_wrong_code_may_be_tried_three_times(shared: Board) -> None:
    tries = [
        [shared.enter_code("r", number(0), "12345", sid="CA1", attempt=attempt) for _ in range(2)]
        for attempt in (1, 2, 3, 4)
    ]
    assert [first.state for first, _ in tries] == [
        RouteState.WRONG,
        RouteState.WRONG,
        RouteState.TRIED_OUT,
        RouteState.TRIED_OUT,
    ]
    assert all(again == first for first, again in tries)
    assert {first.locale for first, _ in tries} == {"en"}


def test_p4_a_try_that_comes_twice_is_counted_once(shared: Board) -> None:
    for _ in range(50):
        route = shared.enter_code("r", number(0), "12345", sid="CA1")
        assert route.state is RouteState.WRONG
    assert shared.client.get(KEYS.wrong_from("r")) == "1"


def test_p4_a_code_that_comes_twice_gets_its_answer_again_for_a_minute(shared: Board) -> None:
    carls = of(shared, "carl")
    first = shared.enter_code("r", number(0), carls.access_code, sid="CA1")
    again = shared.enter_code("r", number(0), carls.access_code, sid="CA1")
    assert first == again
    shared.now += 61
    later = shared.enter_code("r", number(0), carls.access_code, sid="CA1")
    assert later.state is RouteState.REPLAYED


def try_wrong_codes(board: Board, phone: str, tries: int, *, attestation: str = "B") -> None:
    for _ in range(tries):
        board.enter_code(phone, number(0), "0", attestation=attestation)


def test_a_caller_who_tries_too_often_is_refused_on_every_number(shared: Board) -> None:
    try_wrong_codes(shared, "r", access_code.TRIES_OF_A_CALLER)
    assert enter(shared, of(shared, "carl")) is RouteState.TRIED_OUT
    assert enter(shared, of(shared, "dan")) is RouteState.TRIED_OUT
    assert shared.call("r", number(1)).state is RouteState.CONNECT
    ttl = shared.client.ttl(KEYS.wrong_from("r"))
    assert access_code.WINDOW - 60 < ttl <= access_code.WINDOW


def test_p2_a_right_code_that_came_too_late_is_refused_the_next_day_too(shared: Board) -> None:
    """What was refused for too many wrong codes is not let in when they are forgotten."""
    try_wrong_codes(shared, "r", access_code.TRIES_OF_A_CALLER)
    code = of(shared, "carl").access_code
    assert shared.enter_code("r", number(0), code, sid="CA1").state is RouteState.TRIED_OUT
    shared.client.delete(KEYS.wrong_from("r"))
    assert shared.enter_code("r", number(0), code, sid="CA1").state is RouteState.TRIED_OUT


def test_a_switchboards_recruiters_may_be_wrong_more_often(shared: Board) -> None:
    bindings = 3 * access_code.BINDINGS_A_TRY
    for place in range(bindings - 4):
        shared.register_candidate(f"m{place}")
        shared.open("rita", f"m{place}")
    try_wrong_codes(shared, "r", access_code.TRIES_OF_A_CALLER + 2)
    assert enter(shared, of(shared, "carl")) is RouteState.CONNECT
    try_wrong_codes(shared, "r", 1)
    assert enter(shared, of(shared, "carl")) is RouteState.TRIED_OUT


@pytest.mark.parametrize("phone", ["s{}", ""], ids=["shown", "withheld"])
def test_strangers_cannot_lock_a_numbers_recruiters_out(shared: Board, phone: str) -> None:
    for stranger in range(access_code.TRIES_OF_STRANGERS):
        assert enter(shared, of(shared, "finn"), "s999") is RouteState.CONNECT
        try_wrong_codes(shared, phone.format(stranger), 1)
    assert enter(shared, of(shared, "finn"), "s999") is RouteState.TRIED_OUT
    assert enter(shared, of(shared, "finn"), "") is RouteState.TRIED_OUT
    assert enter(shared, of(shared, "finn")) is RouteState.CONNECT


def test_strangers_cannot_lock_out_whom_the_networks_vouch_for(shared: Board) -> None:
    """Not even by calling with the very number that the recruiter has borrowed."""
    for stranger in range(10):
        for attestation in ("", "B", "C", "failed"):
            try_wrong_codes(shared, f"s{stranger}", 3, attestation=attestation)
    try_wrong_codes(shared, "borrowed", access_code.TRIES_OF_A_CALLER, attestation="failed")
    try_wrong_codes(shared, "", 100, attestation="A")
    finns = of(shared, "finn")
    for attestation in ("", "B", "failed"):
        assert enter(shared, finns, "borrowed", attestation=attestation) is RouteState.TRIED_OUT
    assert enter(shared, finns, "", attestation="A") is RouteState.TRIED_OUT
    assert enter(shared, finns, "borrowed", attestation="A") is RouteState.CONNECT


def test_whom_the_networks_vouch_for_is_heard_a_bounded_number_of_times(shared: Board) -> None:
    """By caller, and on one number."""
    finns, heard = of(shared, "finn"), KEYS.wrong_on(f"{number(0)}:A")
    try_wrong_codes(shared, "a0", 100, attestation="A")
    assert int(shared.client.get(heard)) == access_code.TRIES_OF_A_CALLER
    assert enter(shared, finns, "a0", attestation="A") is RouteState.TRIED_OUT
    assert enter(shared, finns, "a1", attestation="A") is RouteState.CONNECT
    for caller in range(1, 20):
        try_wrong_codes(shared, f"a{caller}", 100, attestation="A")
    assert int(shared.client.get(heard)) == access_code.TRIES_OF_VOUCHED_STRANGERS
    assert access_code.WINDOW - 60 < shared.client.ttl(heard) <= access_code.WINDOW
    assert enter(shared, finns, "a99", attestation="A") is RouteState.TRIED_OUT
    assert enter(shared, finns, attestation="A") is RouteState.CONNECT
    assert enter(shared, of(shared, "carl"), "borrowed") is RouteState.CONNECT


def test_a_recruiters_own_mistakes_are_no_strangers(shared: Board) -> None:
    try_wrong_codes(shared, "r", access_code.TRIES_OF_A_CALLER)
    assert enter(shared, of(shared, "finn"), "borrowed") is RouteState.CONNECT


def guesses(seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    while True:
        yield f"{rng.randrange(10**6):06d}"


def test_p1_brute_force_finds_no_code(shared: Board) -> None:
    """Nine thousand codes from three thousand phones: the number listens to twenty a day, each of
    which succeeds once in 100,000 times at most."""
    codes = guesses(seed=7)
    for stranger in range(3_000):
        for attempt in (1, 2, 3):
            route = shared.enter_code(
                f"s{stranger}", number(0), next(codes), sid=f"CA{stranger}", attempt=attempt
            )
            assert route.state in {RouteState.WRONG, RouteState.TRIED_OUT}
    heard = int(shared.client.get(KEYS.wrong_on(number(0))))
    assert heard == access_code.TRIES_OF_STRANGERS
    assert enter(shared, of(shared, "carl")) is RouteState.CONNECT


# --- how long codes are ---------------------------------------------------------------


def test_codes_grow_with_the_number_so_that_a_guess_succeeds_once_in_100_000(board: Board) -> None:
    sessions = 120
    for place in range(sessions):
        board.register_recruiter(f"r{place}")
        board.register_candidate(f"c{place}")
        board.open(f"r{place}", f"c{place}")
    found = [s for s in board.audit().values() if s.virtual_number == number(0)]
    assert len(found) == sessions
    by_length: dict[int, int] = {}
    for session in found:
        length = len(session.access_code)
        by_length[length] = by_length.get(length, 0) + 1
    assert by_length == {6: 10, 7: 90, 8: 20}
    assert all(count * 100_000 <= 10**length for length, count in by_length.items())
    assert len({session.access_code for session in found}) == sessions
    assert board.call("stranger", number(0)).digits == 8


def test_a_kept_code_that_would_be_too_short_is_drawn_anew(board: Board) -> None:
    """The pair's code was given away with its last binding; the number has filled up since."""
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    first = board.open("rita", "carl")
    board.close(first)
    board.wait(101)
    for place in range(10):
        board.register_recruiter(f"r{place}")
        board.register_candidate(f"c{place}")
        board.open(f"r{place}", f"c{place}")
    again = board.open("rita", "carl")
    assert again.virtual_number == first.virtual_number
    assert len(again.access_code) == 7


# --- a phone change -------------------------------------------------------------------


def test_a_recruiters_new_phone_takes_all_shared_sessions_along(shared: Board) -> None:
    shared.change_phone(Role.RECRUITER, "rita", "q")
    assert shared.call("q", number(0)).state is RouteState.SEVERAL
    for ref in ("carl", "finn"):
        session = of(shared, ref)
        assert session.code_needed
        assert enter(shared, session, "q") is RouteState.CONNECT
    assert shared.call("q", number(1)).state is RouteState.CONNECT


def test_p1_the_old_phone_of_shared_sessions_reaches_nobody_without_a_code(shared: Board) -> None:
    shared.change_phone(Role.RECRUITER, "rita", "q")
    assert shared.call("r", number(0)).state is RouteState.SEVERAL
    shared.close(of(shared, "carl"))
    assert enter(shared, of(shared, "carl"), "r") is RouteState.CLOSED
    shared.wait(50)
    assert shared.call("r", number(0)).state is RouteState.STRANGER_WITH_CODE


def test_a_phone_change_there_and_back_again(shared: Board) -> None:
    shared.change_phone(Role.RECRUITER, "rita", "q")
    shared.audit()
    shared.change_phone(Role.RECRUITER, "rita", "r", seal="3")
    assert of(shared, "carl").code_needed
    assert enter(shared, of(shared, "carl")) is RouteState.CONNECT
    shared.wait(60)
    assert of(shared, "carl").code_needed


def test_who_leaves_a_switchboard_leaves_the_others_their_codes_until_it_has_cooled(
    board: Board,
) -> None:
    for ref, phone in (("rita", "x"), ("nora", "x")):
        board.register_recruiter(ref, phone)
    for ref in ("carl", "dan", "eve", "finn"):
        board.register_candidate(ref, ref[0])
    for recruiter, candidate in (
        ("rita", "carl"),
        ("rita", "dan"),
        ("rita", "eve"),
        ("nora", "finn"),
    ):
        board.open(recruiter, candidate)
    assert of(board, "finn", "nora").code_needed
    board.change_phone(Role.RECRUITER, "nora", "n")
    assert not of(board, "finn", "nora").code_needed
    assert of(board, "carl").code_needed
    board.wait(51)
    assert not of(board, "carl").code_needed


def test_a_session_that_is_taken_back_lets_no_code_in(shared: Board) -> None:
    session = of(shared, "carl")
    assert enter(shared, session) is RouteState.CONNECT
    shared.close(session, ClosedReason.BLOCKED)
    assert enter(shared, session) is RouteState.CLOSED
