"""Readying somebody for a claim."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.key_rings import KeyRing
from relay.domain.errors import Conflict, NotFound
from relay.domain.participant import CandidateDetails, Role
from relay.domain.session import Session
from relay.store import keys as names
from relay.store.calls import RouteState
from relay.vault import Vault
from relay.workflows import enter_pool as waiting
from relay.workflows.enter_pool import enter_pool
from relay.workflows.register_participant import register_candidate
from relay.workflows.services import Services
from tests.invariants import audit_people, audit_pool
from tests.world import CARL, NOW, RITA, World, make_world

SEALING = KeyRing((("k1", bytes(32)),))
OLD, NEW = ("k1", bytes([1]) * 32), ("k2", bytes([2]) * 32)


@pytest.fixture
def world() -> World:
    return make_world()


def under(world: World, *ring: tuple[str, bytes]) -> World:
    """The same world in a process that has these index keys."""
    services = world.services
    return World(
        Services(
            settings=services.settings,
            store=services.store,
            vault=Vault(SEALING, KeyRing(ring)),
            carrier=services.carrier,
            jobs=services.jobs,
        ),
        world.jobs,
    )


def call(world: World, phone: str, session: Session) -> RouteState:
    return world.services.store.calls.route(
        "us",
        virtual_number=session.virtual_number,
        caller_indexes=world.services.vault.indexes_of(phone),
        call_sid="CA1",
        attestation="",
        lease=60,
        repeatable=60,
        retention=1000,
        now=NOW,
    ).state


def test_nobody_unknown_enters(world: World) -> None:
    with pytest.raises(NotFound):
        enter_pool(world.services, Role.RECRUITER, "rita", "us")


def test_somebody_whose_phone_was_taken_over_cannot_have_sessions(world: World) -> None:
    world.open()
    register_candidate(
        world.services,
        "dan",
        CandidateDetails(phone=CARL),
        client_id="board",
        may_change_phone=True,
        take_over=True,
        now=NOW,
    )
    with pytest.raises(Conflict, match="no phone"):
        enter_pool(world.services, Role.CANDIDATE, "carl", "us")


def test_a_phone_change_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.open()
    changes = world.services.store.phone_changes
    rita = world.services.store.people.get(Role.RECRUITER, "rita")
    assert rita is not None
    changes.begin(rita, "1", take_over=False, now=NOW)

    def another_request_ends(_: float) -> None:
        change = changes.get(Role.RECRUITER, "rita")
        assert change is not None
        changes.turn_back(change)
        changes.forget(change)

    monkeypatch.setattr(waiting.time, "sleep", another_request_ends)
    assert enter_pool(world.services, Role.RECRUITER, "rita", "us").ref == "rita"


def test_a_phone_change_is_not_waited_for_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(waiting.time, "sleep", slept.append)
    world.open()
    rita = world.services.store.people.get(Role.RECRUITER, "rita")
    assert rita is not None
    world.services.store.phone_changes.begin(rita, "1", take_over=False, now=NOW)
    with pytest.raises(Conflict):
        enter_pool(world.services, Role.RECRUITER, "rita", "us")
    assert 1.9 < sum(slept) < 2.1


Step = Callable[[World], World]


def test_index_keys_rotate_under_open_sessions(world: World) -> None:
    """Append the new key everywhere, move it to the front, drop the old one when all has cooled."""
    old = under(world, OLD)
    session = old.open()
    store = world.services.store

    appended = under(world, OLD, NEW)
    assert appended.open().id == session.id
    fronted = under(world, NEW, OLD)
    assert fronted.open().id == session.id
    carl = store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert carl.index_key_ids == ("k2", "k1")
    assert carl.phone_indexes == fronted.services.vault.indexes_of(CARL)
    holders = [store.client.get(names.phone_holder(index)) for index in carl.phone_indexes]
    assert holders == ["carl", None]
    for process in (old, appended, fronted):
        assert call(process, RITA, session) is not RouteState.STRANGER
    audit_pool(store.client, "us")


@pytest.mark.parametrize("role", list(Role))
def test_somebody_on_record_is_indexed_anew_on_the_way(world: World, role: Role) -> None:
    session = under(world, OLD).open()
    fronted = under(world, NEW, OLD)
    ref = session.party(role).ref

    entered = enter_pool(fronted.services, role, ref, "us")

    assert entered.index_key_ids == ("k2", "k1")
    assert entered == world.services.store.people.get(role, ref)
    assert entered.phone_indexes[1] == session.party(role).phone_index
    audit_people(world.services.store.client, world.services.store, ["us"], NOW)


def test_p1_a_phone_keeps_one_node_while_index_keys_rotate(world: World) -> None:
    """A second pair is claimed under the new ring: it must not get the first one's number."""
    first = under(world, OLD).open("rita", "carl")
    fronted = under(world, NEW, OLD)
    fronted.services.store.numbers.add(
        "+14155550143", "us", carrier_sid="PN", capabilities="vs", now=NOW
    )
    second = fronted.open("rita", "dan")
    assert second.virtual_number != first.virtual_number
    audit_pool(world.services.store.client, "us")
