"""People's records: who has which phone, and what is under way for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.store.keys import BoardKeys
from relay.store.people import PhoneChanging, PutOutcome
from relay.store.phone_changes import AdvanceOutcome, BeginOutcome, PhoneChange, Stage
from tests.board import Board, person

CANDIDATE, RECRUITER = Role.CANDIDATE, Role.RECRUITER


def holder(board: Board, index: str) -> str | None:
    return board.client.get(BoardKeys("main").holder(index))


def get(board: Board, role: Role, ref: str) -> Participant:
    found = board.store.people.get(role, ref)
    assert found is not None
    return found


# --- put and get ----------------------------------------------------------------------


def test_somebody_put_on_record_reads_back_as_they_were(board: Board) -> None:
    rita = replace(
        person(RECRUITER, "rita", "r"),
        name="Rita",
        organization="Acme",
        time_zone="Asia/Shanghai",
        locale="zh-CN",
        screen_calls=True,
    )
    assert board.store.people.put(rita, now=5.7) is PutOutcome.CREATED
    assert get(board, RECRUITER, "rita") == replace(rita, created_at=5, updated_at=5)
    assert board.store.people.get(CANDIDATE, "rita") is None


def test_an_update_keeps_the_pools_and_the_day_of_creation(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    board.store.people.enter_pool(RECRUITER, "rita", "us")
    board.now += 10
    assert board.register(RECRUITER, "rita", "r", seal="2") is PutOutcome.UPDATED

    rita = get(board, RECRUITER, "rita")
    assert (rita.pools, rita.updated_at - rita.created_at) == (("us",), 10)
    assert rita.sealed_phone.startswith("k1:1")


def test_a_put_seals_a_phone_anew_when_it_knows_its_seal(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    rita = get(board, RECRUITER, "rita")
    anew = replace(rita, sealed_phone=rita.sealed_phone.replace("k1:", "k2:"))
    board.store.people.put(anew, now=1)
    assert get(board, RECRUITER, "rita").sealed_phone == anew.sealed_phone


def test_a_put_never_replaces_a_phone(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    assert board.register(RECRUITER, "rita", "q") is PutOutcome.OTHER_PHONE
    assert get(board, RECRUITER, "rita").phone_indexes == ("r",)


def test_recruiters_may_share_a_phone_and_candidates_may_not(board: Board) -> None:
    board.register(RECRUITER, "rita", "p")
    assert board.register(RECRUITER, "quinn", "p") is PutOutcome.CREATED
    assert board.register(CANDIDATE, "carl", "p") is PutOutcome.CREATED
    assert board.register(CANDIDATE, "dan", "p") is PutOutcome.HELD
    assert board.store.people.get(CANDIDATE, "dan") is None


def test_a_phone_known_under_any_index_key_is_the_same_phone(board: Board) -> None:
    board.register(CANDIDATE, "carl", "old")
    rotated = replace(
        person(CANDIDATE, "carl", "new"), phone_indexes=("new", "old"), index_key_ids=("k2", "k1")
    )
    assert board.store.people.put(rotated, now=1) is PutOutcome.UPDATED
    assert get(board, CANDIDATE, "carl").phone_indexes == ("new", "old")
    assert (holder(board, "new"), holder(board, "old")) == ("carl", None)
    dans = replace(rotated, ref="dan")
    assert board.store.people.put(dans, now=1) is PutOutcome.HELD


def test_somebody_without_a_phone_gets_the_first_one_given(board: Board) -> None:
    board.register(CANDIDATE, "carl", "")
    assert get(board, CANDIDATE, "carl").status is ParticipantStatus.WITHOUT_PHONE
    assert board.register(CANDIDATE, "carl", "c") is PutOutcome.UPDATED
    assert get(board, CANDIDATE, "carl").status is ParticipantStatus.ACTIVE
    assert board.register(CANDIDATE, "carl", "") is PutOutcome.UPDATED
    assert get(board, CANDIDATE, "carl").phone_indexes == ("c",)


# --- pools and indexes ----------------------------------------------------------------


def test_entering_a_pool_twice_is_entering_it_once(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    for pool in ("us", "cn", "us"):
        entered = board.store.people.enter_pool(RECRUITER, "rita", pool)
    assert entered == get(board, RECRUITER, "rita")
    assert entered is not None
    assert entered.pools == ("us", "cn")


def test_nobody_unknown_enters_a_pool(board: Board) -> None:
    assert board.store.people.enter_pool(RECRUITER, "rita", "us") is None
    assert not list(board.client.scan_iter("{people}*"))


def test_nobody_enters_a_pool_while_their_phone_changes(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    board.begin_change(RECRUITER, "rita", "q")
    with pytest.raises(PhoneChanging):
        board.store.people.enter_pool(RECRUITER, "rita", "us")
    assert board.register(RECRUITER, "rita", "r") is PutOutcome.CHANGING


def test_indexes_follow_the_ring_unless_the_phone_has_changed(board: Board) -> None:
    board.register(CANDIDATE, "carl", "old")
    carl = get(board, CANDIDATE, "carl")
    rotated = replace(carl, phone_indexes=("new", "old"), index_key_ids=("k2", "k1"))
    rotated = replace(rotated, sealed_phone=carl.sealed_phone.replace("k1:", "k2:"))
    assert board.store.people.reindex(rotated, known=carl)
    assert get(board, CANDIDATE, "carl") == rotated
    assert (holder(board, "new"), holder(board, "old")) == ("carl", None)

    moved = replace(rotated, sealed_phone="k1:another", phone_indexes=("other",))
    assert not board.store.people.reindex(moved, known=moved)
    assert get(board, CANDIDATE, "carl") == rotated


def test_a_recruiters_indexes_hold_nothing(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    rita = get(board, RECRUITER, "rita")
    rotated = replace(rita, phone_indexes=("new", "r"), index_key_ids=("k2", "k1"))
    assert board.store.people.reindex(rotated, known=rita)
    assert holder(board, "new") is None


# --- conflicts ------------------------------------------------------------------------


def test_conflicts_are_counted_for_each_client_and_for_an_hour(board: Board) -> None:
    people = board.store.people
    assert people.conflicts_met_by("key1")[0] == 0
    people.count_conflict("key1")
    people.count_conflict("key1")
    count, seconds = people.conflicts_met_by("key1")
    assert count == 2
    assert 3590 < seconds <= 3600
    assert people.conflicts_met_by("key2")[0] == 0


# --- phone changes --------------------------------------------------------------------


def begin(board: Board, ref: str, phone: str, *, take_over: bool = False) -> BeginOutcome:
    return board.store.phone_changes.begin(
        person(CANDIDATE, ref, phone, "2"), f"{ref}-{phone}", take_over=take_over, now=board.now
    )


def current(board: Board, ref: str, role: Role = CANDIDATE) -> PhoneChange:
    change = board.store.phone_changes.get(role, ref)
    assert change is not None
    return change


def test_a_phone_change_shows_only_when_it_is_over(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    assert begin(board, "carl", "d") is BeginOutcome.BEGUN
    assert get(board, CANDIDATE, "carl").phone_indexes == ("c",)
    change = current(board, "carl")
    assert board.store.phone_changes.advance(change, now=9) is AdvanceOutcome.COMMITTING
    assert board.store.phone_changes.advance(change, now=9) is AdvanceOutcome.COMMITTING
    board.store.phone_changes.finish(change, now=9)
    board.store.phone_changes.finish(change, now=9)

    carl = get(board, CANDIDATE, "carl")
    assert (carl.phone_indexes, carl.updated_at) == (("d",), 9)
    assert carl.sealed_phone.endswith("d")
    assert (holder(board, "c"), holder(board, "d")) == (None, "carl")
    assert board.store.phone_changes.get(CANDIDATE, "carl") is None
    assert not board.client.exists(BoardKeys("main").changes)


def test_a_change_begun_twice_is_one_and_another_has_to_wait(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    assert begin(board, "carl", "d") is BeginOutcome.BEGUN
    assert begin(board, "carl", "d") is BeginOutcome.BEGUN
    assert begin(board, "carl", "e") is BeginOutcome.BUSY
    assert begin(board, "dan", "e") is BeginOutcome.UNKNOWN


def test_a_phone_on_its_way_to_one_candidate_is_not_free_for_another(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    begin(board, "carl", "d")
    assert board.register(CANDIDATE, "dan", "d") is PutOutcome.HELD
    board.undo(current(board, "carl"))
    assert board.register(CANDIDATE, "dan", "d") is PutOutcome.CREATED
    assert begin(board, "carl", "d") is BeginOutcome.HELD


def test_a_change_turned_back_can_no_longer_be_committed(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    begin(board, "carl", "d")
    change = current(board, "carl")
    changes = board.store.phone_changes
    assert changes.turn_back(change)
    assert changes.turn_back(change)
    assert changes.advance(change, now=1) is AdvanceOutcome.GONE
    changes.finish(change, now=1)
    changes.forget(change)
    changes.forget(change)
    assert changes.advance(change, now=1) is AdvanceOutcome.GONE
    assert not changes.turn_back(change)
    assert get(board, CANDIDATE, "carl").phone_indexes == ("c",)


def test_a_change_past_its_point_of_no_return_is_not_undone(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    begin(board, "carl", "d")
    change = current(board, "carl")
    board.store.phone_changes.advance(change, now=1)
    assert not board.store.phone_changes.turn_back(change)
    board.store.phone_changes.forget(change)
    assert current(board, "carl").stage is Stage.COMMITTING


def test_changes_are_found_by_when_they_began(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    begin(board, "carl", "d")
    assert board.store.phone_changes.begun_before(board.now) == []
    assert board.store.phone_changes.begun_before(board.now + 1) == [(CANDIDATE, "carl")]


# --- taking a phone over --------------------------------------------------------------


def test_a_phone_taken_over_leaves_its_former_candidate_without_one(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    board.register(CANDIDATE, "dan", "")
    assert begin(board, "dan", "c", take_over=True) is BeginOutcome.BEGUN
    assert holder(board, "c") == "carl"
    change = current(board, "dan")
    assert board.store.phone_changes.advance(change, now=1) is AdvanceOutcome.COMMITTING

    carl = get(board, CANDIDATE, "carl")
    assert (carl.status, carl.sealed_phone) == (ParticipantStatus.WITHOUT_PHONE, "")
    assert (carl.phone_indexes, carl.phone_hint) == ((), "")
    assert holder(board, "c") == "dan"
    losing = current(board, "carl")
    assert (losing.stage, losing.mark) == (Stage.LOSING, "k1:" + "1" * 16)
    with pytest.raises(PhoneChanging):
        board.store.people.enter_pool(CANDIDATE, "carl", "us")

    board.store.phone_changes.finish(change, now=1)
    assert board.store.phone_changes.get(CANDIDATE, "carl") is None
    assert board.register(CANDIDATE, "carl", "x") is PutOutcome.UPDATED
    assert get(board, CANDIDATE, "dan").phone_indexes == ("c",)


def test_the_second_of_two_who_want_the_same_phone_is_refused(board: Board) -> None:
    for ref, phone in (("carl", "c"), ("dan", "d"), ("eve", "e")):
        board.register(CANDIDATE, ref, phone)
    begin(board, "dan", "c", take_over=True)
    begin(board, "eve", "c", take_over=True)
    dans, eves = current(board, "dan"), current(board, "eve")
    assert board.store.phone_changes.advance(dans, now=1) is AdvanceOutcome.COMMITTING
    assert board.store.phone_changes.advance(eves, now=1) is AdvanceOutcome.HELD
    board.undo(eves)
    assert holder(board, "c") == "dan"


def test_nobody_loses_a_phone_while_they_change_it_themselves(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    board.register(CANDIDATE, "dan", "d")
    begin(board, "carl", "x")
    begin(board, "dan", "c", take_over=True)
    dans = current(board, "dan")
    assert board.store.phone_changes.advance(dans, now=1) is AdvanceOutcome.BUSY
    board.commit(current(board, "carl"))

    assert board.store.phone_changes.advance(dans, now=1) is AdvanceOutcome.COMMITTING
    assert current(board, "dan").taken_from == ""
    assert get(board, CANDIDATE, "carl").phone_indexes == ("x",)


# --- erasure --------------------------------------------------------------------------


def test_an_erased_person_is_gone_at_once_and_leaves_nothing(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    board.store.people.enter_pool(CANDIDATE, "carl", "us")
    changes = board.store.phone_changes
    assert changes.begin_erasure(CANDIDATE, "carl", now=1) == "erasing"

    assert board.store.people.get(CANDIDATE, "carl") is None
    assert changes.begin_erasure(CANDIDATE, "carl", now=1) == "unknown"
    erasure = current(board, "carl")
    assert (erasure.stage, erasure.pools) == (Stage.ERASING, ("us",))
    assert board.register(CANDIDATE, "carl", "c") is PutOutcome.CHANGING
    assert board.register(CANDIDATE, "dan", "c") is PutOutcome.CREATED

    changes.finish_erasure(CANDIDATE, "carl")
    changes.finish_erasure(CANDIDATE, "carl")
    assert not board.client.exists(
        BoardKeys("main").person(CANDIDATE, "carl"), BoardKeys("main").changes
    )
    assert holder(board, "c") == "dan"
    assert board.register(CANDIDATE, "carl", "x") is PutOutcome.CREATED


def test_nobody_is_erased_while_their_phone_changes(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    board.begin_change(RECRUITER, "rita", "q")
    assert board.store.phone_changes.begin_erasure(RECRUITER, "rita", now=1) == "changing"
    assert board.store.phone_changes.begin_erasure(RECRUITER, "nora", now=1) == "unknown"
