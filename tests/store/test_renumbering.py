"""Which number a session gets that a phone change has to renumber: one its pool would give it."""

from __future__ import annotations

import pytest

from relay.domain.allocation import ExhaustedReason
from relay.domain.participant import Role
from relay.store.phone_changes import PhoneChange
from relay.store.phone_moves import NoNumber, Reserved, ReserveOutcome
from relay.store.sessions import Claimed, Exhausted
from tests.board import RETENTION, Board, number


@pytest.fixture
def crowded(board: Board) -> Board:
    """Rita has Carl on the first number and Dan on the second; Nora, whose phone she gets, has
    sessions on both. Nobody is on the third. Quinn and Gus know nobody yet."""
    for ref in ("rita", "nora", "quinn"):
        board.register_recruiter(ref, ref[0])
    for ref in ("carl", "dan", "eve", "finn", "gus"):
        board.register_candidate(ref, ref[0])
    for pair in (("rita", "carl"), ("rita", "dan"), ("nora", "eve"), ("nora", "finn")):
        board.open(*pair)
    return board


@pytest.fixture
def change(crowded: Board) -> PhoneChange:
    return crowded.begin_change(Role.RECRUITER, "rita", "n")


def reserve(board: Board, change: PhoneChange, *candidates: str) -> ReserveOutcome:
    return board.store.phone_moves.reserve(
        board.pool,
        change,
        renumber=[session_of(board, candidate) for candidate in candidates],
        now=board.now,
    )


def session_of(board: Board, candidate: str) -> str:
    (session,) = board.store.sessions.of_pair(["us"], "rita", candidate)
    return session.id


def number_of(board: Board, candidate: str) -> str:
    return board.audit()[session_of(board, candidate)].virtual_number


def claim_for_strangers(board: Board) -> Claimed | Exhausted:
    claimed = board.claim(board.enter("quinn", "gus"))
    assert isinstance(claimed, Claimed | Exhausted)
    board.audit()
    return claimed


# --- as many sessions as a number may carry -------------------------------------------


def test_renumbered_sessions_together_stay_within_a_numbers_limit(
    crowded: Board, change: PhoneChange
) -> None:
    """The third number has one place left, and two sessions need one."""
    crowded.put(max_sessions_per_number=2)
    crowded.open("quinn", "gus")
    before = crowded.audit()

    assert isinstance(reserve(crowded, change, "carl", "dan"), NoNumber)
    assert crowded.audit() == before

    crowded.put(max_sessions_per_number=3)
    assert reserve(crowded, change, "carl", "dan") == Reserved()
    crowded.audit()


def test_a_reserved_place_on_a_number_is_nobody_elses(crowded: Board, change: PhoneChange) -> None:
    crowded.put(max_sessions_per_number=2)
    reserve(crowded, change, "carl", "dan")

    assert claim_for_strangers(crowded) == Exhausted(ExhaustedReason.EVERY_NUMBER_FULL)


def test_a_limit_that_is_set_anew_counts_reserved_places(
    crowded: Board, change: PhoneChange
) -> None:
    crowded.put(max_sessions_per_number=2)
    reserve(crowded, change, "carl", "dan")
    crowded.put(max_sessions_per_number=None)
    crowded.put(max_sessions_per_number=2)

    assert claim_for_strangers(crowded) == Exhausted(ExhaustedReason.EVERY_NUMBER_FULL)


def test_an_undone_renumbering_gives_its_places_back(crowded: Board, change: PhoneChange) -> None:
    crowded.put(max_sessions_per_number=2)
    reserve(crowded, change, "carl", "dan")
    crowded.undo(change)

    claimed = claim_for_strangers(crowded)

    assert isinstance(claimed, Claimed)
    assert claimed.session.virtual_number == number(2)


def test_a_renumbered_session_counts_once_and_on_its_new_number(
    crowded: Board, change: PhoneChange
) -> None:
    crowded.put(max_sessions_per_number=2)
    reserve(crowded, change, "carl", "dan")
    crowded.commit(change)

    claimed = claim_for_strangers(crowded)

    assert isinstance(claimed, Claimed)
    assert claimed.session.virtual_number == number(0)


def test_a_session_closed_meanwhile_gives_its_reserved_place_back(
    crowded: Board, change: PhoneChange
) -> None:
    crowded.put(max_sessions_per_number=2)
    reserve(crowded, change, "carl", "dan")
    crowded.close(crowded.audit()[session_of(crowded, "carl")])
    crowded.audit()
    crowded.commit(change)

    assert number_of(crowded, "carl") == number(0)
    assert number_of(crowded, "dan") == number(2)
    crowded.audit()


def test_no_step_of_a_renumbering_counts_twice(crowded: Board, change: PhoneChange) -> None:
    """The audit counts the sessions on each number, and those that are on their way to it."""
    crowded.put(max_sessions_per_number=2)
    for _ in range(2):
        assert reserve(crowded, change, "carl", "dan") == Reserved()
        crowded.audit()
    crowded.store.phone_changes.advance(change, now=crowded.now)
    for _ in range(2):
        crowded.store.phone_moves.commit(crowded.pool, change, retention=RETENTION, now=crowded.now)
        crowded.audit()


def test_undoing_a_renumbering_twice_counts_once(crowded: Board, change: PhoneChange) -> None:
    crowded.put(max_sessions_per_number=2)
    reserve(crowded, change, "carl", "dan")
    for _ in range(2):
        crowded.store.phone_moves.undo("us", change, retention=RETENTION, now=crowded.now)
        crowded.audit()
