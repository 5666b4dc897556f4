"""People's records: who has which phone."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.store.keys import BoardKeys
from relay.store.people import PutOutcome
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


def test_an_update_keeps_the_day_of_creation(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    board.now += 10
    assert board.register(RECRUITER, "rita", "r", seal="2") is PutOutcome.UPDATED

    rita = get(board, RECRUITER, "rita")
    assert rita.updated_at - rita.created_at == 10


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
    board.register(CANDIDATE, "carl", "c")
    board.change(CANDIDATE, "dan", "c", take_over=True)
    assert get(board, CANDIDATE, "carl").status is ParticipantStatus.WITHOUT_PHONE
    assert board.register(CANDIDATE, "carl", "x") is PutOutcome.UPDATED
    assert get(board, CANDIDATE, "carl").status is ParticipantStatus.ACTIVE
    assert get(board, CANDIDATE, "carl").phone_indexes == ("x",)


# --- indexes --------------------------------------------------------------------------


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
