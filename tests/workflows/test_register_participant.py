"""Putting people on record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relay.domain.errors import Conflict, Invalid
from relay.domain.guard import Guard, GuardKind, GuardStyle
from relay.domain.participant import CandidateDetails, ParticipantStatus, RecruiterDetails, Role
from relay.domain.session import ClosedReason
from relay.workflows.open_seals import open_phone_of
from relay.workflows.register_participant import (
    Registered,
    register_candidate,
    register_recruiter,
)
from relay.workflows.stamp_guard import guard_of_side, stamp_guard
from tests.world import CARL, DAN, NORA, NOW, NUMBER, OTHER_NUMBER, RITA, World, make_world


@pytest.fixture
def world() -> World:
    world = make_world()
    world.services.store.numbers.add(
        OTHER_NUMBER, "us", carrier_sid="PN" + "1" * 32, capabilities="vsm", now=NOW
    )
    return world


def put_recruiter(
    world: World,
    ref: str = "rita",
    phone: str = RITA,
    *,
    renumber: bool = False,
    **details: Any,
) -> Registered:
    return register_recruiter(
        world.services,
        ref,
        RecruiterDetails(phone=phone, **details),
        client_id="board",
        renumber=renumber,
        now=NOW,
    )


def put_candidate(
    world: World,
    ref: str = "carl",
    phone: str = CARL,
    *,
    take_over: bool = False,
    **details: Any,
) -> Registered:
    return register_candidate(
        world.services,
        ref,
        CandidateDetails(phone=phone, **details),
        client_id="board",
        take_over=take_over,
        now=NOW,
    )


def pointers(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [fault.pointer for fault in refused.value.faults]


# --- what is kept ---------------------------------------------------------------------


def test_a_new_recruiter_is_on_record_with_a_hint_only(world: World) -> None:
    rita, is_new = put_recruiter(world, name="Rita", organization="Acme", screen_calls=True)

    assert is_new
    assert (rita.name, rita.organization) == ("Rita", "Acme")
    assert rita.phone_hint == "+1 ••• ••• ••01"
    assert (rita.country, rita.locale) == ("US", "en")
    assert RITA[2:] not in str(rita)


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, ",,123"),
        ({"name": "Rita"}, ",,123"),
        ({"extension": "9"}, "9"),
        ({"extension": ""}, ""),
        ({"phone": NORA}, ""),
    ],
)
def test_an_extension_goes_with_its_phone(world: World, changes: dict[str, str], left: str) -> None:
    """It is sealed with it, and nothing else in the store says it (P2)."""
    put_recruiter(world, extension=",,123")
    rita, _ = put_recruiter(world, **changes)

    assert open_phone_of(world.services, rita).extension == left
    assert rita.phone_hint.endswith(" ext. •••") is bool(left)
    assert "123" not in str(world.services.store.client.hgetall("{main}:person:recruiter:rita"))


def test_an_extension_under_a_key_that_has_gone_is_none(world: World) -> None:
    put_recruiter(world, extension=",,123")
    world.services.store.client.hset("{main}:seals", "recruiter:rita", "gone:x")

    rita, _ = put_recruiter(world)

    assert open_phone_of(world.services, rita).extension == ""


@pytest.mark.parametrize("extension", ["w1", "1" * 17, "1;2", "+1"])
def test_what_is_no_extension_is_refused(world: World, extension: str) -> None:
    with pytest.raises(Invalid) as refused:
        put_recruiter(world, extension=extension)
    assert pointers(refused) == ["/extension"]


def test_what_a_request_does_not_say_stays_as_it_was(world: World) -> None:
    put_recruiter(world, name="Rita", organization="Acme", locale="zh-CN")
    rita, is_new = put_recruiter(world, name="Rita B.", organization="")

    assert not is_new
    assert (rita.name, rita.organization, rita.locale) == ("Rita B.", "", "zh-CN")


def test_open_sessions_follow_the_locale(world: World) -> None:
    session = world.open()
    put_candidate(world, locale="zh-CN", time_zone="Asia/Shanghai")

    followed = world.services.store.sessions.get(session.id)
    assert followed is not None
    assert (followed.recruiter.locale, followed.candidate.locale) == ("en", "zh-CN")


def test_a_request_that_comes_again_finishes_one_that_was_cut_off(world: World) -> None:
    """Killed between the record and the sessions, it is repeated by the board, and says no news."""
    opened = world.open()
    known = world.services.store.people.get(Role.CANDIDATE, "carl")
    assert known is not None
    unguarded = Guard(kind=GuardKind.NONE, style=GuardStyle.NAMED)
    stamped = stamp_guard(world.services, unguarded, role=Role.CANDIDATE, ref="carl")
    written = replace(known, locale="zh-CN", stamped_guard=stamped)
    world.services.store.people.put(written, client="board", now=NOW)

    put_candidate(world, locale="zh-CN", guard=GuardKind.NONE, guard_style=GuardStyle.NAMED)

    session = world.services.store.sessions.get(opened.id)
    assert session is not None
    assert session.candidate.locale == "zh-CN"
    assert guard_of_side(world.services, session, Role.CANDIDATE) == unguarded


# --- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "details", "at"),
    [
        ("", {}, "/ref"),
        ("a b", {}, "/ref"),
        ("x" * 65, {}, "/ref"),
        ("rita\n", {}, "/ref"),
        ("r-415-555-0121", {}, "/ref"),
        ("r-5550101", {}, "/ref"),
        ("rita", {"phone": "415 555 0121"}, "/phone"),
        ("rita", {"phone": "+1 911"}, "/phone"),
        ("rita", {"phone": "+1 900 555 0100"}, "/phone"),
        ("rita", {"phone": "anonymous"}, "/phone"),
        ("rita", {"phone": NUMBER}, "/phone"),
        ("rita", {"name": "x" * 101}, "/name"),
        ("rita", {"name": "Rita\tBell"}, "/name"),
        ("rita", {"name": "call (415) 555-0121"}, "/name"),
        ("rita", {"organization": "Acme 555-0101"}, "/organization"),
        ("rita", {"locale": "english"}, "/locale"),
        ("rita", {"locale": "en\n"}, "/locale"),
    ],
)
def test_p2_a_recruiter_that_cannot_be_is_refused_without_repeating_it(
    world: World, ref: str, details: dict[str, str], at: str
) -> None:
    with pytest.raises(Invalid) as refused:
        put_recruiter(world, ref, **{"phone": RITA, **details})

    assert pointers(refused) == [at]
    said = str(refused.value.faults) + refused.value.detail
    assert not any(len(given) > 2 and given in said for given in [ref, *details.values()])
    assert not list(world.services.store.client.scan_iter("{main}:person:*"))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America", "../../etc/passwd", "\x00"])
def test_a_time_zone_is_one_of_the_database(world: World, zone: str) -> None:
    with pytest.raises(Invalid) as refused:
        put_candidate(world, time_zone=zone, locale="EN")
    assert pointers(refused) == ["/locale", "/time_zone"]


def test_all_faults_are_told_at_once(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        put_recruiter(world, "a b", "12", name="\x00", locale="x")
    assert pointers(refused) == ["/ref", "/phone", "/name", "/locale"]


# --- phones ---------------------------------------------------------------------------


def test_a_new_phone_takes_over_the_open_sessions(world: World) -> None:
    session = world.open()
    rita, is_new = put_recruiter(world, phone=NORA, name="Nora")

    assert not is_new
    assert (rita.name, rita.phone_hint[-2:]) == ("Nora", NORA[-2:])
    moved = world.services.store.sessions.get(session.id)
    assert moved is not None
    assert moved.recruiter.phone_index == rita.phone_indexes[0]
    assert open_phone_of(world.services, rita).reveal() == NORA


def test_two_recruiters_share_a_switchboard(world: World) -> None:
    put_recruiter(world)
    assert put_recruiter(world, "nora", RITA).is_new


def test_two_candidates_do_not_share_a_phone_and_are_not_told_whose_it_is(world: World) -> None:
    put_candidate(world)
    with pytest.raises(Conflict) as refused:
        put_candidate(world, "dan", CARL)
    assert "carl" not in str(refused.value)
    assert world.services.store.people.get(Role.CANDIDATE, "dan") is None

    put_candidate(world, "dan", DAN)
    with pytest.raises(Conflict):
        put_candidate(world, "dan", CARL)


def test_a_phone_can_be_taken_over_by_a_new_candidate(world: World) -> None:
    session = world.open()
    dan, is_new = put_candidate(world, "dan", CARL, take_over=True, locale="zh-CN")

    assert is_new
    assert (dan.status, dan.locale) == (ParticipantStatus.ACTIVE, "zh-CN")
    carl = world.services.store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert carl.status is ParticipantStatus.WITHOUT_PHONE
    closed = world.services.store.sessions.get(session.id)
    assert closed is not None
    assert closed.closed_reason is ClosedReason.TAKEN_OVER
    with pytest.raises(Conflict):
        put_candidate(world, "carl", CARL)
    assert not put_candidate(world, "carl", DAN).is_new


# --- phones in the way ------------------------------------------------------------------


def test_sessions_in_the_way_move_to_other_numbers_when_asked(world: World) -> None:
    session = world.open()
    world.open("nora", "dan")
    put_recruiter(world, phone=NORA, renumber=True)

    moved = world.services.store.sessions.get(session.id)
    assert moved is not None
    assert moved.virtual_number == OTHER_NUMBER


def test_a_phone_that_the_carrier_does_not_connect_is_refused(world: World) -> None:
    for put in (put_recruiter, put_candidate):
        with pytest.raises(Invalid) as refused:
            put(world, phone="+86 138 0013 8000")
        assert [fault.pointer for fault in refused.value.faults] == ["/phone"]
        assert "mainland China" in refused.value.faults[0].detail
