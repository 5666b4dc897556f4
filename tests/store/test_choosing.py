"""Which number a pair gets: the policy's wishes, what gives way, and the hard reasons (P6)."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.allocation import ExhaustedReason
from relay.domain.errors import Conflict
from relay.domain.pool import Geo, NumberStatus, Selection
from relay.domain.session import Channel, Session
from relay.store.claims import Claimed, Exhausted, Incapable
from tests.board import Board, number, take_out

VOICE, SMS = frozenset({Channel.VOICE}), frozenset({Channel.SMS})
OTHER_AREA = "+12125550150"


@pytest.fixture
def crew(board: Board) -> Board:
    for ref in ("rita", "nora", "quinn"):
        board.register_recruiter(ref, ref[0])
    for ref in ("carl", "dan", "eve", "finn"):
        board.register_candidate(ref, ref[0])
    return board


def claim(crew: Board, recruiter: str, candidate: str, **request: Any) -> Session:
    claimed = crew.claim(crew.enter(recruiter, candidate), **request)
    assert isinstance(claimed, Claimed), claimed
    crew.audit()
    return claimed.session


def why(crew: Board, recruiter: str, candidate: str, **request: Any) -> ExhaustedReason:
    claimed = crew.claim(crew.enter(recruiter, candidate), **request)
    assert isinstance(claimed, Exhausted), claimed
    crew.audit()
    return claimed.reason


def rest(crew: Board, *places: int) -> None:
    for place in places:
        crew.store.numbers.set_status(number(place), "us", NumberStatus.RESTING)


# --- selection ------------------------------------------------------------------------


def test_packing_takes_the_lowest_free_number(crew: Board) -> None:
    assert claim(crew, "rita", "carl").virtual_number == number(0)
    assert claim(crew, "nora", "dan").virtual_number == number(0)
    assert claim(crew, "nora", "carl").virtual_number == number(1)


def test_spreading_takes_the_least_loaded_number(crew: Board) -> None:
    crew.put(selection=Selection.SPREAD)
    numbers = [
        claim(crew, recruiter, candidate).virtual_number
        for recruiter, candidate in (("rita", "carl"), ("nora", "dan"), ("quinn", "eve"))
    ]
    assert sorted(numbers) == [number(0), number(1), number(2)]


def test_a_closed_session_is_no_load(crew: Board) -> None:
    crew.put(selection=Selection.SPREAD)
    first = claim(crew, "rita", "carl")
    claim(crew, "nora", "dan")
    claim(crew, "quinn", "eve")
    crew.close(first)
    assert claim(crew, "nora", "finn").virtual_number == first.virtual_number


def test_spreading_gives_way_where_the_least_loaded_are_taken(crew: Board) -> None:
    """More numbers are bound to the pair than are looked at."""
    crew.put(selection=Selection.SPREAD)
    for place in range(3, 530):
        crew.add_number(place)
    crew.store.pools.put(crew.pool)
    for place in range(529):
        crew.store.numbers.set_status(number(place), "us", NumberStatus.RESERVED)
    assert claim(crew, "rita", "carl").virtual_number == number(529)


# --- resting --------------------------------------------------------------------------


def test_a_resting_number_is_left_alone(crew: Board) -> None:
    rest(crew, 0, 1)
    assert claim(crew, "rita", "carl").virtual_number == number(2)


def test_p6_rest_gives_way_before_a_pair_is_refused_or_needs_a_code(crew: Board) -> None:
    rest(crew, 0, 1, 2)
    for candidate in ("carl", "dan", "eve"):
        assert not claim(crew, "rita", candidate).code_needed
    assert claim(crew, "rita", "finn").code_needed


def test_a_pair_that_comes_back_gets_its_resting_number(crew: Board) -> None:
    session = claim(crew, "rita", "carl")
    rest(crew, 0)
    crew.close(session)
    assert claim(crew, "rita", "carl").virtual_number == number(0)


# --- geo ------------------------------------------------------------------------------


@pytest.fixture
def local(crew: Board) -> Board:
    crew.store.numbers.add(OTHER_AREA, "us", carrier_sid="PN", capabilities="vs", now=crew.now)
    crew.put(geo=Geo.AREA_CODE)
    return crew


def test_a_number_of_the_candidates_area_is_preferred(local: Board) -> None:
    assert claim(local, "rita", "carl", area="1212").virtual_number == OTHER_AREA
    assert claim(local, "nora", "carl", area="1415").virtual_number == number(0)


def test_p6_the_area_gives_way(local: Board) -> None:
    claim(local, "rita", "carl", area="1212")
    assert claim(local, "rita", "dan", area="1212").virtual_number == number(0)
    assert claim(local, "rita", "eve", area="1907").virtual_number == number(1)
    assert claim(local, "nora", "eve", area="").virtual_number == number(0)


def test_rest_gives_way_before_the_area(local: Board) -> None:
    local.store.numbers.set_status(OTHER_AREA, "us", NumberStatus.RESTING)
    assert claim(local, "rita", "carl", area="1212").virtual_number == OTHER_AREA


def test_a_strict_area_does_not_give_way(local: Board) -> None:
    local.put(strict_geo=True, access_codes=False)
    claim(local, "rita", "carl", area="1212")
    assert why(local, "rita", "dan", area="1212") is ExhaustedReason.STRICT_GEO
    assert why(local, "rita", "dan", area="1907") is ExhaustedReason.STRICT_GEO
    local.put(access_codes=True)
    assert claim(local, "rita", "dan", area="1212").code_needed


def test_a_strict_area_is_not_blamed_for_what_is_nowhere(local: Board) -> None:
    local.put(strict_geo=True)
    for place in range(3):
        local.store.numbers.set_status(number(place), "us", NumberStatus.RESERVED)
    local.store.numbers.set_status(OTHER_AREA, "us", NumberStatus.RESERVED)
    assert why(local, "rita", "dan", area="1212") is ExhaustedReason.NO_NUMBERS


def test_the_area_of_a_country_pool_is_no_matter(crew: Board) -> None:
    assert claim(crew, "rita", "carl", area="1907").virtual_number == number(0)


# --- what numbers can do --------------------------------------------------------------


@pytest.fixture
def mixed(crew: Board) -> Board:
    """The first number carries calls only, the second texts only, the third both."""
    for place, capabilities in ((0, "v"), (1, "s"), (2, "vs")):
        assert take_out(crew.store, number(place)) == "removed"
        crew.add_number(place, capabilities)
    return crew


def test_a_session_gets_a_number_that_can_carry_its_channels(mixed: Board) -> None:
    assert claim(mixed, "rita", "carl").virtual_number == number(2)
    assert claim(mixed, "rita", "dan", channels=VOICE).virtual_number == number(0)
    assert claim(mixed, "rita", "eve", channels=SMS).virtual_number == number(1)


@pytest.mark.parametrize(
    ("left", "channels", "reason"),
    [
        (0, SMS, ExhaustedReason.NO_SMS_NUMBER),
        (1, VOICE, ExhaustedReason.NO_VOICE_NUMBER),
        (1, SMS | VOICE, ExhaustedReason.NO_VOICE_NUMBER),
    ],
)
def test_p6_a_missing_capability_is_a_hard_reason(
    mixed: Board, left: int, channels: frozenset[Channel], reason: ExhaustedReason
) -> None:
    for place in {0, 1, 2} - {left}:
        mixed.store.numbers.set_status(number(place), "us", NumberStatus.DRAINING)
    assert why(mixed, "rita", "carl", channels=channels) is reason


def test_an_open_session_cannot_ask_more_of_its_number_than_it_can(mixed: Board) -> None:
    session = claim(mixed, "rita", "carl", channels=VOICE)
    asked = mixed.claim(mixed.enter("rita", "carl"), channels=VOICE | SMS)
    assert asked == Incapable(session)
    with pytest.raises(Conflict, match="cannot carry"):
        mixed.store.sessions.amend(session.id, now=mixed.now, channels=SMS)
    amended = mixed.store.sessions.amend(session.id, now=mixed.now, channels=VOICE)
    assert amended == session


def test_a_pair_that_comes_back_with_more_channels_gets_a_number_that_can(mixed: Board) -> None:
    mixed.close(claim(mixed, "rita", "carl", channels=VOICE))
    assert claim(mixed, "rita", "carl").virtual_number == number(2)


# --- STOP -----------------------------------------------------------------------------


def test_a_number_that_may_not_text_one_of_the_pair_is_avoided(crew: Board) -> None:
    stopped = (number(0), "+12125550199")
    assert claim(crew, "rita", "carl", suppressed=stopped).virtual_number == number(1)
    assert claim(crew, "nora", "dan", suppressed=stopped, channels=VOICE).virtual_number == number(
        0
    )


def test_a_stopped_number_is_the_last_resort(crew: Board) -> None:
    claim(crew, "rita", "carl", suppressed=(number(0),))
    claim(crew, "rita", "dan", suppressed=(number(0),))
    shared = claim(crew, "rita", "eve", suppressed=(number(0),))
    assert (shared.virtual_number, shared.code_needed) == (number(1), True)
    everything = tuple(number(place) for place in range(3))
    assert claim(crew, "rita", "finn", suppressed=everything).virtual_number == number(0)


def test_p2_a_pair_that_can_only_text_is_not_refused_for_an_old_stop(crew: Board) -> None:
    """That would tell that a phone which was guessed once said STOP."""
    everything = tuple(number(place) for place in range(3))
    session = claim(crew, "rita", "carl", suppressed=everything, channels=SMS)
    assert session.virtual_number == number(0)


def test_a_pair_does_not_come_back_to_a_number_that_one_of_them_has_stopped(crew: Board) -> None:
    crew.close(claim(crew, "rita", "carl"))
    again = claim(crew, "rita", "carl", suppressed=(number(0),))
    assert again.virtual_number == number(1)


# --- how many -------------------------------------------------------------------------


def test_a_number_takes_no_more_sessions_than_the_policy_lets_it(crew: Board) -> None:
    crew.put(max_sessions_per_number=1)
    first = claim(crew, "rita", "carl")
    assert claim(crew, "nora", "dan").virtual_number == number(1)
    assert claim(crew, "quinn", "eve").virtual_number == number(2)
    assert why(crew, "nora", "finn") is ExhaustedReason.EVERY_NUMBER_FULL
    crew.close(first)
    assert claim(crew, "nora", "finn").virtual_number == number(0)


def test_an_expired_session_makes_room(crew: Board) -> None:
    crew.put(max_sessions_per_number=1)
    for place, (recruiter, candidate) in enumerate(
        (("rita", "carl"), ("nora", "dan"), ("quinn", "eve"))
    ):
        assert claim(crew, recruiter, candidate, ttl=5).virtual_number == number(place)
    crew.wait(6)
    assert claim(crew, "nora", "finn", ttl=5).virtual_number == number(0)


# --- hard reasons ---------------------------------------------------------------------


def test_p6_exhaustion_names_its_reason(crew: Board) -> None:
    for recruiter in ("rita", "nora", "quinn"):
        claim(crew, recruiter, "carl")
    crew.register_recruiter("tom", "t")
    assert why(crew, "tom", "carl") is ExhaustedReason.CANDIDATE_ON_EVERY_NUMBER

    crew.put(access_codes=False)
    for candidate in ("dan", "eve"):
        claim(crew, "rita", candidate)
    assert why(crew, "rita", "finn") is ExhaustedReason.ACCESS_CODES_OFF

    for place in range(3):
        crew.store.numbers.set_status(number(place), "us", NumberStatus.DRAINING)
    assert why(crew, "quinn", "finn") is ExhaustedReason.NO_NUMBERS


def test_p6_a_recruiter_shares_no_number_on_which_they_are_a_candidate(crew: Board) -> None:
    crew.register_candidate("rita", "r")
    for recruiter in ("nora", "quinn"):
        claim(crew, recruiter, "rita")
    crew.register_recruiter("tom", "t")
    shared = claim(crew, "rita", "carl")
    assert shared.virtual_number == number(2)
    assert claim(crew, "rita", "dan").virtual_number == number(2)
    crew.store.numbers.set_status(number(2), "us", NumberStatus.DRAINING)
    reason = why(crew, "rita", "eve")
    assert reason is ExhaustedReason.RECRUITER_IS_CANDIDATE_ON_EVERY_NUMBER


def test_every_reason_has_its_sentence() -> None:
    assert len({reason.sentence for reason in ExhaustedReason}) == len(ExhaustedReason)


def test_a_pair_comes_back_to_a_stopped_number_before_it_is_refused(crew: Board) -> None:
    for place in (1, 2):
        crew.store.numbers.set_status(number(place), "us", NumberStatus.RESERVED)
    crew.close(claim(crew, "rita", "carl"))
    assert claim(crew, "rita", "carl", suppressed=(number(0),)).virtual_number == number(0)


def test_p6_a_pair_comes_back_to_its_own_number_by_a_code_before_it_is_refused(crew: Board) -> None:
    """The candidate's binding cools longer; the recruiter's side has another session by now."""
    crew.put(recruiter_cooldown=10, candidate_cooldown=500)
    for place in (1, 2):
        crew.store.numbers.set_status(number(place), "us", NumberStatus.RESERVED)
    first = claim(crew, "rita", "carl")
    crew.close(first)
    crew.wait(20)
    assert claim(crew, "rita", "dan").virtual_number == number(0)

    again = claim(crew, "rita", "carl")

    assert (again.virtual_number, again.code_needed) == (number(0), True)
    crew.put(access_codes=False)
    crew.close(again)
    crew.wait(20)
    assert why(crew, "rita", "carl") is ExhaustedReason.CANDIDATE_ON_EVERY_NUMBER
