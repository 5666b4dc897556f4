"""A phone change is one step: everything of it is there, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relay.domain.call_progress import caller_gone
from relay.domain.errors import Conflict
from relay.domain.participant import ParticipantStatus, Role
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason
from relay.store.claims import Claimed, Outdated
from relay.store.erasures import Erasures
from relay.store.keys import PoolKeys
from relay.store.people import PutOutcome
from relay.store.phone_changes import Changed, Held, InTheWay, NoNumber, SamePhone
from relay.store.scripts import Scripts
from tests.board import ASKER, Board, number
from tests.noted_scripts import NotedScripts

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


def only_session(board: Board) -> str:
    (session_id,) = board.audit()
    return session_id


def state(board: Board, phone: str, place: int = 0) -> RouteState:
    return board.call(phone, number(place)).state


# --- what keeps a phone from being changed ----------------------------------------------


def test_a_claim_made_with_the_old_phone_is_out_of_date(pair: Board) -> None:
    pair.register_candidate("dan")
    stale = pair.enter("rita", "dan")
    pair.change_phone(Role.RECRUITER, "rita", "q")

    assert pair.claim(stale) == Outdated()
    assert isinstance(pair.claim(pair.enter("rita", "dan")), Claimed)


def test_what_is_in_the_way_is_named_and_nothing_changes(pair: Board) -> None:
    """Quinn's phone q has the first number, where Rita has Carl."""
    pair.register_recruiter("quinn", "q")
    pair.register_candidate("dan")
    pair.open("quinn", "dan")
    (in_the_way,) = [s.id for s in pair.audit().values() if s.recruiter.ref == "rita"]
    before = pair.audit()

    assert pair.change(Role.RECRUITER, "rita", "q") == InTheWay((in_the_way,))

    assert pair.audit() == before
    rita = pair.store.people.get(Role.RECRUITER, "rita")
    assert rita is not None
    assert rita.phone_indexes == ("r",)


def test_p1_a_cooling_binding_of_the_new_phone_is_in_the_way_too(pair: Board) -> None:
    pair.register_recruiter("quinn", "q")
    pair.register_candidate("dan")
    pair.close(pair.open("quinn", "dan"))

    assert isinstance(pair.change(Role.RECRUITER, "rita", "q"), InTheWay)


def test_the_other_sides_phone_cannot_be_the_new_one(pair: Board) -> None:
    session_id = only_session(pair)

    assert pair.change(Role.RECRUITER, "rita", "c", session_id) == SamePhone((session_id,))


def test_both_sides_of_a_session_change_one_after_the_other(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")
    pair.change_phone(Role.CANDIDATE, "carl", "d")

    assert pair.call("q", number(0)).seals.candidate.endswith("d")
    pair.audit()


def test_an_expired_session_keeps_the_phone_it_had(pair: Board) -> None:
    pair.now += 1000
    pair.change_phone(Role.RECRUITER, "rita", "q")

    (session,) = pair.audit().values()
    assert session.recruiter.phone_index == "r"


def test_p1_an_expired_session_is_not_prolonged_for_the_phone_it_had(pair: Board) -> None:
    """By requests that began before its expiry, and come after the phone change."""
    (session,) = pair.audit().values()
    pair.now += 1000
    pair.change_phone(Role.RECRUITER, "rita", "q")
    pair.now -= 1

    with pytest.raises(Conflict):
        pair.store.sessions.amend(session.id, now=pair.now, expires_at=pair.now + 600)
    claimed = pair.claim(pair.enter("rita", "carl"), asked=True)

    assert isinstance(claimed, Claimed)
    assert claimed.is_new
    assert claimed.session.recruiter.phone_index == "q"
    assert pair.call("r", number(0)).state is not RouteState.CONNECT
    pair.audit()


def test_p4_a_change_that_is_sent_twice_is_one(pair: Board) -> None:
    """redis-py sends a command again when only its reply was lost."""
    pair.store.phone_changes._scripts = scripts = NotedScripts(pair.client)
    pair.change_phone(Role.RECRUITER, "rita", "q")
    before = pair.audit()

    assert scripts.repeat("change_phone") == ["changed", 0]

    assert pair.audit() == before


# --- what a change does ---------------------------------------------------------------


def test_a_changed_phone_gets_through_and_the_old_one_no_more(pair: Board) -> None:
    pair.change_phone(Role.RECRUITER, "rita", "q")

    assert state(pair, "q") is RouteState.CONNECT
    assert state(pair, "r") is RouteState.CLOSED
    assert pair.call("c", number(0)).seals.recruiter.endswith("q")
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


def test_p2_a_new_phone_tells_of_the_stops_that_are_said_with_it_alone(pair: Board) -> None:
    pair.now += 10
    pair.stop_texts("q", number(0))
    pair.now += 10
    pair.change_phone(Role.RECRUITER, "rita", "q")
    (session,) = pair.audit().values()
    assert pair.store.suppressions.are_suspended([session]) == [False]
    pair.now += 10
    pair.stop_texts("q", number(0))
    assert pair.store.suppressions.are_suspended([session]) == [True]


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


def test_p1_a_phone_one_side_has_left_is_not_the_other_sides_while_it_cools(pair: Board) -> None:
    """A late call from Rita's old phone is meant for Carl: it must not reach Rita."""
    session_id = only_session(pair)
    pair.change_phone(Role.RECRUITER, "rita", "q")

    assert pair.change(Role.CANDIDATE, "carl", "r") == InTheWay((session_id,))
    assert pair.change(Role.CANDIDATE, "carl", "r", session_id) == Changed(1)

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
    pair.change_phone(Role.CANDIDATE, "carl", "r")

    assert pair.open("rita", "carl").virtual_number == number(1)
    pair.audit()


def test_p1_nor_when_both_have_changed_places(pair: Board) -> None:
    """Rita takes the phone that Carl had, in a session that has been closed meanwhile."""
    pair.close(pair.audit()[only_session(pair)])
    pair.change_phone(Role.CANDIDATE, "carl", "x")
    pair.change_phone(Role.RECRUITER, "rita", "c")

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
    return board.store.sessions.look_at_pair(recruiter, candidate).latest


def test_just_the_sessions_in_the_way_move_to_another_number(crowded: Board) -> None:
    carls, dans = session_of(crowded, "rita", "carl"), session_of(crowded, "rita", "dan")
    code = crowded.audit()[carls].access_code

    assert crowded.change(Role.RECRUITER, "rita", "q", carls) == Changed(2)

    sessions = crowded.audit()
    assert sessions[carls].virtual_number == number(2)
    assert sessions[carls].access_code == code
    assert sessions[dans].virtual_number == number(1)
    assert state(crowded, "q", 2) is RouteState.CONNECT
    assert state(crowded, "c", 2) is RouteState.CONNECT
    assert state(crowded, "q", 1) is RouteState.CONNECT


def test_p1_the_number_left_behind_reaches_nobody(crowded: Board) -> None:
    carls = session_of(crowded, "rita", "carl")
    crowded.change(Role.RECRUITER, "rita", "q", carls)

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
    crowded.change(Role.RECRUITER, "rita", "q", carls)
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
    dans = session_of(crowded, "rita", "dan")

    outcome = crowded.change(Role.RECRUITER, "rita", "q", carls, dans)

    assert isinstance(outcome, NoNumber)
    assert crowded.audit() == before


def test_p5_a_call_on_the_number_left_behind_keeps_it(crowded: Board) -> None:
    crowded.call("c", number(0), lease=500)
    crowded.change(Role.RECRUITER, "rita", "q", session_of(crowded, "rita", "carl"))
    crowded.wait(200)

    assert state(crowded, "c", 0) is RouteState.CLOSED
    crowded.wait(500)
    assert state(crowded, "c", 0) in UNKNOWN


def test_p5_the_number_left_behind_is_held_no_longer_than_its_call(crowded: Board) -> None:
    crowded.call("c", number(0), lease=5000, sid="CA1")
    crowded.change(Role.RECRUITER, "rita", "q", session_of(crowded, "rita", "carl"))
    crowded.store.calls.advance("us.CA1", _OVER, now=crowded.now, virtual_number=number(0))

    assert not crowded.client.exists(KEYS.leases)
    crowded.wait(200)
    assert state(crowded, "c", 0) in UNKNOWN


def test_everything_is_forgotten_in_the_end(crowded: Board) -> None:
    crowded.change(Role.RECRUITER, "rita", "q", session_of(crowded, "rita", "carl"))
    for _ in range(8):
        crowded.wait(1000)
        crowded.audit()

    assert crowded.is_empty()


# --- taking a phone over --------------------------------------------------------------


def test_a_phone_taken_over_leaves_its_former_candidate_without_one(pair: Board) -> None:
    pair.register_candidate("dan")
    assert pair.change(Role.CANDIDATE, "dan", "c") == Held()
    assert pair.change(Role.CANDIDATE, "dan", "c", take_over=True) == Changed(0, "carl")

    carl = pair.store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert (carl.status, carl.sealed_phone) == (ParticipantStatus.WITHOUT_PHONE, "")
    assert (carl.phone_indexes, carl.phone_hint) == ((), "")
    (session,) = pair.audit().values()
    assert session.closed_reason is ClosedReason.TAKEN_OVER
    assert pair.client.get(KEYS.holder("c")) == "dan"
    assert not pair.client.exists(KEYS.holder("dan"))
    assert pair.register(Role.CANDIDATE, "carl", "x") is PutOutcome.UPDATED


def test_somebody_new_may_take_a_phone_over(pair: Board) -> None:
    assert pair.change(Role.CANDIDATE, "dan", "c", take_over=True) == Changed(0, "carl")

    dan = pair.store.people.get(Role.CANDIDATE, "dan")
    assert dan is not None
    assert (dan.status, dan.phone_indexes) == (ParticipantStatus.ACTIVE, ("c",))


def test_p1_a_phone_that_is_taken_over_is_in_the_way_where_its_sessions_are(pair: Board) -> None:
    """Dan has the first number, too: a late call of Carl's recruiter must not reach him."""
    pair.register_recruiter("nora", "n")
    pair.register_candidate("dan")
    dans = pair.open("nora", "dan")
    before = pair.audit()

    assert pair.change(Role.CANDIDATE, "dan", "c", take_over=True) == InTheWay((dans.id,))
    assert pair.audit() == before
    assert pair.change(Role.CANDIDATE, "dan", "c", dans.id, take_over=True) == Changed(1, "carl")
    assert pair.read(dans).virtual_number == number(1)
    pair.audit()


def test_p5_a_take_over_takes_back_calls_under_way(pair: Board) -> None:
    pair.call("r", number(0), sid="CAx")
    pair.change(Role.CANDIDATE, "dan", "c", take_over=True)

    assert pair.call("r", number(0), sid="CAx").state is RouteState.REPLAYED
    pair.audit()


# --- erasing --------------------------------------------------------------------------


def test_p2_an_erased_person_is_gone_at_once_and_leaves_nothing(crowded: Board) -> None:
    assert crowded.erase(Role.RECRUITER, "rita")

    assert crowded.store.people.get(Role.RECRUITER, "rita") is None
    ends = {s.recruiter.ref: s.closed_reason for s in crowded.audit().values()}
    assert ends == {"rita": ClosedReason.ERASED, "quinn": None}
    assert not crowded.client.hexists(KEYS.seals, "recruiter:rita")
    crowded.make_erasures_final()
    assert crowded.store.erasures.forget(before=crowded.now) == 1
    assert not crowded.erase(Role.RECRUITER, "rita")


def test_p4_an_erasure_that_is_sent_twice_is_one(pair: Board) -> None:
    pair.store.erasures._scripts = scripts = NotedScripts(pair.client)
    assert pair.erase(Role.CANDIDATE, "carl")

    assert scripts.repeat("erase_participant") == "erased"


def test_an_erased_candidates_phone_is_free(pair: Board) -> None:
    pair.erase(Role.CANDIDATE, "carl")

    assert not pair.client.exists(KEYS.person(Role.CANDIDATE, "carl"), KEYS.holder("c"))
    assert pair.register(Role.CANDIDATE, "dan", "c") is PutOutcome.CREATED


class OpenedMeanwhile:
    """A client: the first look at somebody's sessions is followed by a new one."""

    def __init__(self, board: Board) -> None:
        self._board, self._client = board, board.client
        self._is_open = False

    def hvals(self, name: str) -> Any:
        found = self._client.hvals(name)
        if not self._is_open:
            self._is_open = True
            self._board.open("rita", "eve")
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def open_sessions(board: Board) -> set[str]:
    return {one.candidate.ref for one in board.audit().values() if one.status == "open"}


def test_p2_a_session_that_was_opened_meanwhile_ends_with_the_others(crowded: Board) -> None:
    assert crowded.erase(Role.CANDIDATE, "dan")
    client = OpenedMeanwhile(crowded)
    erasures = Erasures(client, Scripts(crowded.client), crowded.store.keys)
    assert erasures.erase(Role.RECRUITER, "rita", now=crowded.now)
    assert open_sessions(crowded) == {"eve"}, "Quinn's"


def test_nobody_elses_calls_are_taken_back_with_those_of_who_is_erased(crowded: Board) -> None:
    crowded.call("q", number(0), sid="CA1")
    crowded.call("r", number(1), sid="CA2")
    crowded.erase(Role.RECRUITER, "rita")
    assert crowded.call("q", number(0), sid="CA1").state is RouteState.CONNECT
    assert crowded.call("r", number(1), sid="CA2").state is RouteState.REPLAYED


def test_nobody_unknown_is_erased(board: Board) -> None:
    assert not board.erase(Role.CANDIDATE, "carl")


def test_who_is_erased_has_the_decisions_of_their_calls_taken_back(pair: Board) -> None:
    pair.call("r", number(0), sid="CAx")
    (session,) = pair.audit().values()
    pair.close(session)
    assert pair.call("r", number(0), sid="CAx").state is RouteState.CONNECT

    pair.erase(Role.CANDIDATE, "carl")

    assert pair.call("r", number(0), sid="CAx").state is RouteState.REPLAYED
    assert "k1:" not in str(pair.client.hgetall(KEYS.leases))


def test_a_session_past_its_expiry_closes_as_expired_whoever_is_erased(pair: Board) -> None:
    pair.now += 2000
    pair.erase(Role.CANDIDATE, "carl")

    (session,) = pair.audit().values()
    assert session.closed_reason is ClosedReason.EXPIRED
    assert session.closed_at == session.expires_at


# --- what else follows a person -------------------------------------------------------


def test_open_sessions_follow_a_persons_locale_and_guard(pair: Board) -> None:
    rita, carl = pair.enter("rita", "carl")
    for put in (
        replace(rita, locale="zh-CN", stamped_guard="stamp keys discreet"),
        replace(carl, locale="de", stamped_guard="stamp none named"),
    ):
        pair.store.people.put(put, client=ASKER, now=pair.now)
        assert pair.store.people.refresh_party(put.role, put.ref) == 1
        assert pair.store.people.refresh_party(put.role, put.ref) == 0

    (session,) = pair.audit().values()
    assert session.recruiter.locale == "zh-CN"
    assert session.recruiter.stamped_guard == "stamp keys discreet"
    assert session.candidate.locale == "de"
    assert session.candidate.stamped_guard == "stamp none named"


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
    in_the_way = board.change(Role.RECRUITER, "rita", "n")
    assert isinstance(in_the_way, InTheWay)

    assert board.change(Role.RECRUITER, "rita", "n", *in_the_way.session_ids) == Changed(40)

    board.audit()
