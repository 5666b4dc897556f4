"""Somebody's indexes and seal follow the keys in use, on the way to a claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from config.key_rings import KeyRing
from relay.domain.errors import Conflict
from relay.domain.guard import GuardStyle
from relay.domain.message_progress import Reach
from relay.domain.participant import CandidateDetails, Participant, Role
from relay.domain.routing import RouteState
from relay.domain.session import Session
from relay.store.calls import CallLimits, IncomingCall
from relay.store.claims import ClaimRequest, Outdated
from relay.store.keys import BoardKeys
from relay.vault import Vault
from relay.workflows.erase_participant import erase_participant
from relay.workflows.open_seals import open_phone
from relay.workflows.register_participant import register_candidate
from relay.workflows.renew_indexes import renew_indexes
from relay.workflows.stamp_guard import guard_of
from tests.invariants import audit_people, audit_pool
from tests.key_ring import marks_of
from tests.world import ASKER, CARL, NOW, NUMBER, RITA, World, make_world

SEALING = KeyRing((("k1", bytes(32)),))
OLD, NEW = ("k1", bytes([1]) * 32), ("k2", bytes([2]) * 32)


@pytest.fixture
def world() -> World:
    return make_world()


def under(world: World, *ring: tuple[str, bytes]) -> World:
    """The same world in a process that has these index keys."""
    services = replace(world.services, vault=Vault(SEALING, KeyRing(ring)))
    return World(services, world.jobs, world.deployment)


def renew(world: World, role: Role, ref: str) -> Participant:
    person = world.services.store.people.get(role, ref)
    assert person is not None
    return renew_indexes(world.services, person)


def call(world: World, phone: str, session: Session) -> RouteState:
    return world.services.store.calls.route(
        "us",
        IncomingCall(
            sid="CA1",
            virtual_number=session.virtual_number,
            caller_indexes=world.services.vault.indexes_of(phone),
            attestation="",
            marks=marks_of("CA1"),
        ),
        limits=CallLimits(lease=60, repeatable=60, retention=1000),
        now=NOW,
    ).state


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
    holders = [store.client.get(BoardKeys("main").holder(index)) for index in carl.phone_indexes]
    assert holders == ["carl", None]
    for process in (old, appended, fronted):
        assert call(process, RITA, session) is not RouteState.STRANGER
    audit_pool(store.client, "us")


@pytest.mark.parametrize("role", list(Role))
def test_somebody_on_record_is_indexed_anew_on_the_way(world: World, role: Role) -> None:
    session = under(world, OLD).open()
    fronted = under(world, NEW, OLD)
    ref = session.party(role).ref

    renewed = renew(fronted, role, ref)

    assert renewed.index_key_ids == ("k2", "k1")
    assert renewed == world.services.store.people.get(role, ref)
    assert renewed.phone_indexes[1] == session.party(role).phone_index
    audit_people(world.services.store.client, world.services.store, ["us"], NOW)


def test_that_texts_do_not_reach_a_phone_is_known_of_it_under_its_new_index(world: World) -> None:
    store = world.services.store
    session = under(world, OLD).open()
    store.client.hset(
        BoardKeys("main").reach, "candidate:carl", f"landline {session.candidate.phone_index}"
    )

    assert renew(under(world, NEW, OLD), Role.CANDIDATE, "carl").sms is Reach.LANDLINE
    carl = store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert carl.sms is Reach.LANDLINE
    assert carl.phone_indexes[0] != session.candidate.phone_index

    renew(under(world, NEW), Role.CANDIDATE, "carl")
    carl = store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert carl.sms is Reach.LANDLINE


def test_p1_a_phone_keeps_one_node_while_index_keys_rotate(world: World) -> None:
    """A second pair is claimed under the new ring: it must not get the first one's number."""
    first = under(world, OLD).open("rita", "carl")
    fronted = under(world, NEW, OLD)
    fronted.services.store.numbers.add(
        "+14155550193", "us", carrier_sid="PN", capabilities="vs", now=NOW
    )
    second = fronted.open("rita", "dan")
    assert second.virtual_number != first.virtual_number
    audit_pool(world.services.store.client, "us")


# --- sealing keys ---------------------------------------------------------------------

OLD_RING, NEW_RING = KeyRing((OLD,)), KeyRing((NEW, OLD))


def under_both(world: World, ring: KeyRing) -> World:
    """The same world in a process that seals and indexes under this ring."""
    vault = Vault(ring, ring)
    return World(replace(world.services, vault=vault), world.jobs, world.deployment)


def put_carl(world: World) -> None:
    register_candidate(
        world.services,
        "carl",
        CandidateDetails(phone=CARL),
        client_id="board",
        now=NOW,
    )


def sealed(world: World, ref: str = "carl") -> str:
    carl = world.services.store.people.get(Role.CANDIDATE, ref)
    assert carl is not None
    return carl.sealed_phone


@pytest.mark.parametrize(
    "use",
    [put_carl, lambda world: renew(world, Role.CANDIDATE, "carl")],
    ids=["put", "session"],
)
def test_a_phone_is_sealed_anew_when_its_person_is_next_used(
    world: World, use: Callable[[World], object]
) -> None:
    old, new = under_both(world, OLD_RING), under_both(world, NEW_RING)
    put_carl(old)
    assert not new.services.vault.is_current(sealed(world))
    use(new)
    assert new.services.vault.is_current(sealed(world))

    only_new = under_both(world, KeyRing((NEW,)))
    vault, place = only_new.services.vault, {"board": "main", "role": Role.CANDIDATE, "ref": "carl"}
    assert vault.unseal_phone(sealed(world), **place).reveal() == CARL
    use(only_new)
    session = only_new.open()
    assert open_phone(only_new.services, session, Role.CANDIDATE, sealed(world)).reveal() == CARL


def test_a_guard_is_stamped_anew_under_the_key_that_signs_now(world: World) -> None:
    before, both, after = (under(world, *ring) for ring in ([OLD], [NEW, OLD], [NEW]))
    details = CandidateDetails(phone=CARL, guard_style=GuardStyle.NAMED)
    register_candidate(before.services, "carl", details, client_id=ASKER, now=NOW)

    renew(both, Role.CANDIDATE, "carl")

    kept = after.services.store.people.get(Role.CANDIDATE, "carl").stamped_guard
    guard = guard_of(after.services, kept, role=Role.CANDIDATE, ref="carl")
    assert guard.style is GuardStyle.NAMED


def test_sealing_anew_alone_is_enough(world: World) -> None:
    """The index keys stay as they are."""
    vaults = [Vault(ring, OLD_RING) for ring in (OLD_RING, NEW_RING)]
    old, new = (
        World(replace(world.services, vault=vault), world.jobs, world.deployment)
        for vault in vaults
    )
    put_carl(old)
    renewed = renew(new, Role.CANDIDATE, "carl")
    assert new.services.vault.is_current(renewed.sealed_phone)
    assert renewed.sealed_phone == sealed(world)


def test_an_erased_phone_is_in_no_claim_whichever_key_it_was_read_under(world: World) -> None:
    """Somebody read Carl; he was sealed anew, then erased; only then comes the claim."""
    old, new = under_both(world, OLD_RING), under_both(world, NEW_RING)
    old.open("rita", "carl")
    rita = renew(new, Role.RECRUITER, "rita")
    carl = world.services.store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    put_carl(new)
    erase_participant(new.services, Role.CANDIDATE, "carl", now=NOW)

    stale = replace(carl, phone_indexes=_indexes(new))
    request = ClaimRequest(
        expires_at=int(NOW) + 60,
        expiry_was_asked_for=False,
        channels=frozenset(),
        stamped_context="",
    )
    claim = world.services.store.sessions.claim("us", rita, stale, request, now=NOW, retention=1000)
    assert claim == Outdated()


def _indexes(world: World) -> tuple[str, ...]:
    return world.services.vault.indexes_of(CARL)


@pytest.mark.parametrize(
    "use",
    [put_carl, lambda world: renew(world, Role.CANDIDATE, "carl")],
    ids=["put", "session"],
)
def test_a_stop_outlives_the_rotation_of_index_keys(
    world: World, use: Callable[[World], object]
) -> None:
    old, new = under_both(world, OLD_RING), under_both(world, NEW_RING)
    put_carl(old)
    suppressions = world.services.store.suppressions
    suppressions.stop(_indexes(old), NUMBER, since=NOW, cause="us.SM1")
    use(new)
    only_new = under_both(world, KeyRing((NEW,)))
    assert suppressions.is_stopped(_indexes(only_new), NUMBER)


def test_a_phone_that_cannot_be_opened_is_a_conflict(world: World) -> None:
    """``docs/rotation.md``: its sealing key has gone."""
    put_carl(under_both(world, KeyRing((OLD,))))
    only_new = under_both(world, KeyRing((NEW,)))
    with pytest.raises(Conflict, match="put the candidate on record again"):
        renew(only_new, Role.CANDIDATE, "carl")
