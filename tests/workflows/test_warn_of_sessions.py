"""What a board is told may go otherwise than it expects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.domain.pool import Pool
from relay.domain.session import Channel, Session, SessionWarning
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.erase_participant import erase_participant
from relay.workflows.open_session import open_session
from relay.workflows.warn_of_sessions import warnings_of
from tests.world import ASKER, CARL, NOW, RITA, WEEK, World, make_world

MEXICAN, CANADIAN = "+525555550101", "+12045550101"
ABROAD = [SessionWarning.CALLER_ID_MAY_DIFFER]


@pytest.fixture
def world() -> World:
    world = make_world()
    world.services.store.pools.put(
        Pool(name="us", country="US", allowed_countries=("US", "CA", "MX"))
    )
    return world


def open_pair(
    world: World,
    recruiter: str = RITA,
    candidate: str = CARL,
    channels: frozenset[Channel] = frozenset(Channel),
) -> Session:
    request = SessionRequest(
        recruiter=Someone(ref="rita", details=RecruiterDetails(phone=recruiter)),
        candidate=Someone(ref="carl", details=CandidateDetails(phone=candidate)),
        pool="us",
        channels=channels,
    )
    return open_session(world.services, request, client_id=ASKER, now=NOW).session


def warnings(world: World, session: Session, *, now: float = NOW) -> list[SessionWarning]:
    return warnings_of(world.services, [session], now=now)[0]


def test_a_pair_in_the_numbers_own_country_needs_no_warning(world: World) -> None:
    assert warnings(world, open_pair(world)) == []


@pytest.mark.parametrize(
    "phones", [(MEXICAN, CARL), (RITA, MEXICAN), (RITA, CANADIAN), (MEXICAN, CANADIAN)]
)
def test_p2_of_a_pair_across_countries_it_is_said_and_neither_who_nor_where(
    world: World, phones: tuple[str, str]
) -> None:
    assert warnings(world, open_pair(world, *phones)) == ABROAD


def test_a_session_that_only_texts_or_is_over_shows_nobody_a_caller(world: World) -> None:
    only_texts = open_pair(world, RITA, MEXICAN, frozenset({Channel.SMS}))
    assert warnings(world, only_texts) == []
    both = replace(only_texts, channels=frozenset(Channel))
    assert warnings(world, both) == ABROAD
    assert warnings(world, both, now=NOW + WEEK + 1) == []


def test_the_warning_goes_with_the_phone(world: World) -> None:
    session = open_pair(world, RITA, MEXICAN)
    open_pair(world, RITA, CARL)
    assert warnings(world, session) == []


def test_of_somebody_erased_nothing_is_said(world: World) -> None:
    session = open_pair(world, RITA, MEXICAN)
    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)
    assert warnings(world, session) == []


def test_each_session_has_its_own_warnings(world: World) -> None:
    abroad = open_pair(world, RITA, MEXICAN)
    at_home = world.open("nora", "dan", pool="us")
    assert warnings_of(world.services, [abroad, at_home], now=NOW) == [ABROAD, []]
    assert warnings_of(world.services, [], now=NOW) == []
