"""Erasing somebody: gone for everybody at once, and nothing left to find their number by."""

from __future__ import annotations

from typing import Any

import pytest
from relay.workflows.resume_phone_changes import ABANDONED_AFTER, resume_phone_changes

from relay.domain.errors import Conflict, NotFound
from relay.domain.participant import CandidateDetails, Role
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason
from relay.store.calls import CallLimits, IncomingCall
from relay.vault import Unreadable
from relay.workflows import enter_pool as waiting
from relay.workflows.change_phone import PhoneTaken
from relay.workflows.erase_participant import complete_erasure, erase_participant
from relay.workflows.register_participant import register_candidate
from relay.workflows.services import Services
from tests.invariants import audit_pool
from tests.pair import CARL as CARL_OF_STAGE
from tests.pair import person
from tests.workflows.test_change_phone import die_after, with_phone
from tests.workflows.texting import Stage
from tests.world import CARL, DAN, NOW, NUMBER, World, make_world


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting.time, "sleep", lambda _: None)


@pytest.fixture
def world() -> World:
    return make_world()


def texts_in(client: Any) -> list[str]:
    """Everything that is in Redis, piece by piece."""
    found: list[str] = []
    for key in client.scan_iter():
        match client.type(key):
            case "hash":
                found += [text for pair in client.hgetall(key).items() for text in pair]
            case "zset":
                found += client.zrange(key, 0, -1)
            case "set":
                found += client.smembers(key)
            case "string" if ":body:" in key or True:
                found.append(client.get(key))  # a pool's other strings are bitmaps
    return [piece for text in found for piece in text.replace("\n", "\t").split("\t")]


def phones_left(services: Services) -> set[str]:
    """Every number that can be recovered with our keys from what is in Redis."""
    left = set()
    for piece in texts_in(services.store.client):
        try:
            left.add(services.vault.unseal_phone(piece).reveal())
        except (Unreadable, ValueError):
            continue
    return left


def call(world: World, phone: str, *, sid: str = "CA1") -> RouteState:
    return world.services.store.calls.route(
        "us",
        IncomingCall(
            sid=sid,
            virtual_number=NUMBER,
            caller_indexes=world.services.vault.indexes_of(phone),
            attestation="",
        ),
        limits=CallLimits(lease=600, repeatable=60, retention=1000),
        now=NOW,
    ).state


def test_p2_an_erased_number_can_be_recovered_from_nothing(world: World) -> None:
    session = world.open()
    call(world, "+12125550101")
    assert CARL in phones_left(world.services)

    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)

    assert CARL not in phones_left(world.services)
    closed = world.services.store.sessions.get(session.id)
    assert closed is not None
    assert closed.closed_reason is ClosedReason.ERASED
    assert call(world, "+12125550101") is RouteState.REPLAYED
    assert call(world, "+12125550101", sid="CA2") is RouteState.CLOSED
    audit_pool(world.services.store.client, "us")


def test_p2_texts_on_their_way_forget_the_number_too() -> None:
    stage = Stage()
    carl = stage.pair.session.candidate.ref
    stage.store.people.put(person(Role.CANDIDATE, CARL_OF_STAGE), now=stage.now)
    stage.store.people.enter_pool(Role.CANDIDATE, carl, "us")
    stage.text(body="to Carl")
    stage.text(CARL_OF_STAGE, "from Carl")
    stage.text(CARL_OF_STAGE, "", media=1)
    assert CARL_OF_STAGE in phones_left(stage.services)

    erase_participant(stage.services, Role.CANDIDATE, carl, now=stage.now)
    assert CARL_OF_STAGE not in phones_left(stage.services)
    stage.work()

    assert CARL_OF_STAGE not in phones_left(stage.services)
    assert CARL_OF_STAGE not in [to for _, to, _ in stage.carrier.messages.sent]


def test_somebody_erased_is_unknown_and_can_come_again(world: World) -> None:
    world.open()
    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)
    assert world.services.store.people.get(Role.CANDIDATE, "carl") is None
    with pytest.raises(NotFound):
        erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)

    assert world.open("rita", "carl").status == "open"


def test_another_candidate_may_have_the_phone_of_one_erased(world: World) -> None:
    world.open()
    with pytest.raises(PhoneTaken):
        _register(world, "dan", CARL)
    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)
    assert _register(world, "dan", CARL)


def test_a_recruiter_is_erased_the_same_way(world: World) -> None:
    world.open()
    erase_participant(world.services, Role.RECRUITER, "rita", now=NOW)
    assert phones_left(world.services) == {CARL}


def test_nobody_is_erased_in_the_middle_of_a_phone_change(world: World) -> None:
    world.open()
    carl = world.services.store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    world.services.store.phone_changes.begin(carl, "1", take_over=False, now=NOW)
    with pytest.raises(Conflict):
        erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)


@pytest.mark.parametrize("steps", [1, 2])
def test_p4_an_erasure_whose_process_died_is_completed(world: World, steps: int) -> None:
    world.open()
    died = not die_after(
        world,
        steps,
        lambda: erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW),
    )
    assert died
    assert world.services.store.people.get(Role.CANDIDATE, "carl") is None
    with pytest.raises((NotFound, Conflict)):
        world.services.store.people.enter_pool(Role.CANDIDATE, "carl", "us")

    resume_phone_changes(world.services, now=NOW + ABANDONED_AFTER + 1)

    assert CARL not in phones_left(world.services)
    assert not world.services.store.client.exists("{main}:changes")
    audit_pool(world.services.store.client, "us")


def test_completing_an_erasure_twice_is_completing_it_once(world: World) -> None:
    world.open()
    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)
    world.open()
    complete_erasure(world.services, Role.CANDIDATE, "carl", now=NOW)
    complete_erasure(world.services, Role.CANDIDATE, "nobody", now=NOW)
    assert world.services.store.people.get(Role.CANDIDATE, "carl") is not None


def test_a_change_that_ends_before_it_is_resumed_is_no_trouble(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = world.services.store.phone_changes
    monkeypatch.setattr(changes, "begun_before", lambda _: [(Role.CANDIDATE, "carl")])
    assert resume_phone_changes(world.services, now=NOW) == 1


def test_somebody_who_loses_their_phone_is_left_to_who_takes_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _register(world, "carl", CARL)
    _register(world, "dan", DAN)
    carl = world.services.store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    changes = world.services.store.phone_changes
    changes.begin(with_phone(world, carl, DAN), "1", take_over=True, now=NOW)
    change = changes.get(Role.CANDIDATE, "carl")
    assert change is not None
    changes.advance(change, now=NOW)
    monkeypatch.setattr(changes, "begun_before", lambda _: [(Role.CANDIDATE, "dan")])
    resume_phone_changes(world.services, now=NOW)

    losing = changes.get(Role.CANDIDATE, "dan")
    assert losing is not None
    assert losing.stage == "losing"


def _register(world: World, ref: str, phone: str) -> bool:
    return register_candidate(
        world.services,
        ref,
        CandidateDetails(phone=phone),
        client_id="board",
        may_change_phone=True,
        now=NOW,
    ).is_new
