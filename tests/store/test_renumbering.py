"""Which number a session gets that a phone change has to renumber: one its pool would give it."""

from __future__ import annotations

import pytest

from relay.domain.allocation import ExhaustedReason
from relay.domain.participant import Role
from relay.domain.pool import Geo, NumberStatus
from relay.domain.session import Channel
from relay.store.claims import Claimed, Exhausted
from relay.store.phone_changes import Changed, ChangeOutcome, NoNumber
from tests.board import Board, number

#: Numbers of another area than the board's first ones.
ELSEWHERE, ELSEWHERE_TOO = "+12125550180", "+12125550181"


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


def renumber(board: Board, *candidates: str, suppressed: tuple[str, ...] = ()) -> ChangeOutcome:
    """Rita gets Nora's phone, if that can be. ``suppressed`` are numbers whose texts Carl has
    stopped."""
    for virtual_number in suppressed:
        board.stop_texts("c", virtual_number)
    ids = [session_of(board, candidate) for candidate in candidates]
    outcome = board.change(Role.RECRUITER, "rita", "n", *ids)
    board.audit()
    return outcome


def session_of(board: Board, candidate: str) -> str:
    return board.store.sessions.look_at_pair("rita", candidate).latest


def number_of(board: Board, candidate: str) -> str:
    return board.audit()[session_of(board, candidate)].virtual_number


def claim_for_strangers(board: Board) -> Claimed | Exhausted:
    claimed = board.claim(board.enter("quinn", "gus"))
    assert isinstance(claimed, Claimed | Exhausted)
    board.audit()
    return claimed


# --- as many sessions as a number may carry -------------------------------------------


def test_renumbered_sessions_together_stay_within_a_numbers_limit(crowded: Board) -> None:
    """The third number has one place left, and two sessions need one."""
    crowded.put(max_sessions_per_number=2)
    crowded.open("quinn", "gus")
    before = crowded.audit()

    assert isinstance(renumber(crowded, "carl", "dan"), NoNumber)
    assert crowded.audit() == before

    crowded.put(max_sessions_per_number=3)
    assert renumber(crowded, "carl", "dan") == Changed(2)


def test_a_renumbered_session_counts_once_and_on_its_new_number(crowded: Board) -> None:
    crowded.put(max_sessions_per_number=2)
    assert renumber(crowded, "carl", "dan") == Changed(2)

    claimed = claim_for_strangers(crowded)

    assert isinstance(claimed, Claimed)
    assert claimed.session.virtual_number == number(0)


def test_a_number_that_renumbered_sessions_fill_is_full(crowded: Board) -> None:
    crowded.put(max_sessions_per_number=2)
    renumber(crowded, "carl", "dan")
    for place in (0, 1):
        crowded.store.numbers.set_status(number(place), "us", NumberStatus.RESERVED)

    assert claim_for_strangers(crowded) == Exhausted(ExhaustedReason.EVERY_NUMBER_FULL, 0)


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
    assert renumber(local, "carl", "dan") == Changed(2)

    assert number_of(local, "carl") == ELSEWHERE_TOO
    assert number_of(local, "dan") == number(1)


def test_p6_an_area_without_a_free_number_is_left(local: Board) -> None:
    keep_from_use(local, ELSEWHERE_TOO)

    assert renumber(local, "carl", "dan") == Changed(2)

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

    assert renumber(local, "carl", "dan") == Changed(2)

    assert number_of(local, "carl") == ELSEWHERE_TOO
    assert local.audit()[session_of(local, "carl")].code_needed


def test_the_area_is_no_matter_in_a_pool_of_a_whole_country(local: Board) -> None:
    local.put(geo=Geo.COUNTRY, strict_geo=True)

    assert renumber(local, "carl", "dan") == Changed(2)

    assert number_of(local, "carl") in {number(1), number(2)}


# --- stopped texts --------------------------------------------------------------------


def only(board: Board, candidate: str, *channels: Channel) -> None:
    """What Rita's session with the candidate is for."""
    board.store.sessions.amend(
        session_of(board, candidate), now=board.now, channels=frozenset(channels)
    )


def test_a_number_on_which_texts_were_stopped_is_avoided(crowded: Board) -> None:
    crowded.add_number(3)

    assert renumber(crowded, "carl", "dan", suppressed=(number(1), number(2))) == Changed(2)

    assert number_of(crowded, "carl") == number(3)
    assert number_of(crowded, "dan") == number(2)


def test_it_is_no_matter_where_the_pair_only_talks(crowded: Board) -> None:
    only(crowded, "carl", Channel.VOICE)

    assert renumber(crowded, "carl", "dan", suppressed=(number(2),)) == Changed(2)

    assert number_of(crowded, "carl") == number(2)


def test_p6_a_pair_takes_such_a_number_where_no_other_is_left(crowded: Board) -> None:
    assert renumber(crowded, "carl", "dan", suppressed=(number(1), number(2))) == Changed(2)

    assert number_of(crowded, "carl") == number(2)


def test_p2_a_pair_that_only_texts_takes_such_a_number_too(crowded: Board) -> None:
    """A refusal would tell of an old STOP by a phone that was guessed."""
    only(crowded, "carl", Channel.SMS)

    assert renumber(crowded, "carl", "dan", suppressed=(number(1), number(2))) == Changed(2)

    assert number_of(crowded, "carl") == number(2)
