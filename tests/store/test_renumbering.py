"""Which number a session gets that a phone change has to renumber: one its pool would give it."""

from __future__ import annotations

import pytest
from relay.store.phone_moves import NoNumber, Renumbering, Reserved, ReserveOutcome

from relay.domain.allocation import ExhaustedReason
from relay.domain.participant import Role
from relay.domain.pool import Geo, NumberStatus
from relay.domain.session import Channel
from relay.store.phone_changes import PhoneChange
from relay.store.sessions import Claimed, Exhausted
from tests.board import RETENTION, Board, number

#: Numbers of another area than the board's first ones.
ELSEWHERE, ELSEWHERE_TOO = "+12125550100", "+12125550101"


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


def reserve(
    board: Board, change: PhoneChange, *candidates: str, suppressed: tuple[str, ...] = ()
) -> ReserveOutcome:
    """``suppressed`` are numbers that are none for texts to Carl or from him."""
    stopped = {"carl": suppressed}
    return board.store.phone_moves.reserve(
        board.pool,
        change,
        renumber=[
            Renumbering(session_of(board, candidate), stopped.get(candidate, ()))
            for candidate in candidates
        ],
        now=board.now,
    )


def renumber(board: Board, *candidates: str, suppressed: tuple[str, ...] = ()) -> ReserveOutcome:
    """Rita gets Nora's phone, if that can be."""
    change = board.begin_change(Role.RECRUITER, "rita", "n")
    outcome = reserve(board, change, *candidates, suppressed=suppressed)
    if outcome == Reserved():
        board.commit(change)
    else:
        board.undo(change)
    board.audit()
    return outcome


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


# --- areas ----------------------------------------------------------------------------


@pytest.fixture
def local(board: Board) -> Board:
    """Rita has Carl, and Nora has Eve, on the first number of another area; Rita has Dan, and Nora
    has Finn, on the first number of all."""
    for virtual_number in (ELSEWHERE, ELSEWHERE_TOO):
        board.store.numbers.add(
            virtual_number, "us", carrier_sid="PN", capabilities="vs", now=board.now
        )
    board.put(geo=Geo.AREA_CODE)
    for ref in ("rita", "nora"):
        board.register_recruiter(ref, ref[0])
    for recruiter, candidate, area in (
        ("rita", "carl", "1212"),
        ("nora", "eve", "1212"),
        ("rita", "dan", "1415"),
        ("nora", "finn", "1415"),
    ):
        board.register_candidate(candidate, candidate[0])
        board.claim(board.enter(recruiter, candidate), area=area)
    return board


def keep_from_use(board: Board, *numbers: str) -> None:
    for virtual_number in numbers:
        board.store.numbers.set_status(virtual_number, "us", NumberStatus.RESERVED)


def test_each_renumbered_session_stays_in_its_area(local: Board) -> None:
    assert renumber(local, "carl", "dan") == Reserved()

    assert number_of(local, "carl") == ELSEWHERE_TOO
    assert number_of(local, "dan") == number(1)


def test_p6_an_area_without_a_free_number_is_left(local: Board) -> None:
    keep_from_use(local, ELSEWHERE_TOO)

    assert renumber(local, "carl", "dan") == Reserved()

    assert number_of(local, "carl") in {number(1), number(2)}


def test_a_strict_area_is_not_left(local: Board) -> None:
    local.put(strict_geo=True)
    keep_from_use(local, ELSEWHERE_TOO)
    before = local.audit()

    assert renumber(local, "carl", "dan") == NoNumber((session_of(local, "carl"),))

    assert local.audit() == before


def test_a_strict_area_is_kept_by_sharing_a_number_in_it(local: Board) -> None:
    """Nora's phone has both numbers there, and the access code tells Gus and Carl apart."""
    local.put(strict_geo=True)
    local.register_candidate("gus", "g")
    local.claim(local.enter("nora", "gus"), area="1212")

    assert renumber(local, "carl", "dan") == Reserved()

    assert number_of(local, "carl") == ELSEWHERE_TOO
    assert local.audit()[session_of(local, "carl")].code_needed


def test_the_area_is_no_matter_in_a_pool_of_a_whole_country(local: Board) -> None:
    local.put(geo=Geo.COUNTRY, strict_geo=True)

    assert renumber(local, "carl", "dan") == Reserved()

    assert number_of(local, "carl") in {number(1), number(2)}


# --- stopped texts --------------------------------------------------------------------


def only(board: Board, candidate: str, *channels: Channel) -> None:
    """What Rita's session with the candidate is for."""
    board.store.sessions.amend(
        session_of(board, candidate), now=board.now, channels=frozenset(channels)
    )


def test_a_number_on_which_texts_were_stopped_is_avoided(crowded: Board) -> None:
    crowded.add_number(3)

    assert renumber(crowded, "carl", "dan", suppressed=(number(1), number(2))) == Reserved()

    assert number_of(crowded, "carl") == number(3)
    assert number_of(crowded, "dan") == number(2)


def test_it_is_no_matter_where_the_pair_only_talks(crowded: Board) -> None:
    only(crowded, "carl", Channel.VOICE)

    assert renumber(crowded, "carl", "dan", suppressed=(number(2),)) == Reserved()

    assert number_of(crowded, "carl") == number(2)


def test_p6_a_pair_that_may_talk_takes_such_a_number_where_no_other_is_left(
    crowded: Board,
) -> None:
    assert renumber(crowded, "carl", "dan", suppressed=(number(1), number(2))) == Reserved()

    assert number_of(crowded, "carl") == number(2)


def test_a_pair_that_only_texts_is_not_given_a_number_that_carries_none_of_theirs(
    crowded: Board,
) -> None:
    only(crowded, "carl", Channel.SMS)
    before = crowded.audit()

    outcome = renumber(crowded, "carl", "dan", suppressed=(number(1), number(2)))

    assert outcome == NoNumber((session_of(crowded, "carl"),))
    assert crowded.audit() == before
