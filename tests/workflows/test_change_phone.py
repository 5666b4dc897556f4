"""A phone change over several pools: all of it or nothing, wherever a process dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from relay.workflows.resume_phone_changes import ABANDONED_AFTER, resume_phone_changes

from relay.domain.errors import Conflict, NotFound, Unavailable
from relay.domain.participant import CandidateDetails, Participant, RecruiterDetails, Role
from relay.domain.pool import Pool
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason, Session, SessionStatus
from relay.store.calls import CallLimits, IncomingCall
from relay.store.scripts import Scripts
from relay.workflows import enter_pool as waiting
from relay.workflows.change_phone import (
    PhoneTaken,
    change_phone,
    complete_phone_change,
    policies,
)
from relay.workflows.recycle import recycle
from tests.invariants import audit_pool
from tests.world import CARL, DAN, NORA, NOW, RITA, World, make_world

POOLS = {"ca": ("+14165550142", "+14165550143"), "us": ("+14155550142", "+14155550143")}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting.time, "sleep", lambda _: None)


@pytest.fixture
def world() -> World:
    """Two pools of two numbers; Rita has Carl in one and Dan in the other."""
    world = make_world()
    store = world.services.store
    for name, numbers in POOLS.items():
        store.pools.put(Pool(name=name, country=name.upper()))
        for number in numbers:
            store.numbers.add(number, name, carrier_sid="PN", capabilities="vs", now=NOW)
    world.open("rita", "carl", pool="us")
    world.open("rita", "dan", pool="ca")
    return world


def known(world: World, role: Role, ref: str) -> Participant:
    found = world.services.store.people.get(role, ref)
    assert found is not None
    return found


def with_phone(world: World, person: Participant, phone: str) -> Participant:
    from relay.domain.phone import PhoneNumber

    number = PhoneNumber(phone)
    return replace(
        person,
        sealed_phone=world.services.vault.seal_phone(number),
        phone_indexes=world.services.vault.indexes_of(phone),
        phone_hint=number.hint,
    )


def change(
    world: World,
    phone: str,
    *,
    role: Role = Role.RECRUITER,
    ref: str = "rita",
    take_over: bool = False,
    renumber: bool = False,
    now: float = NOW,
) -> None:
    person = with_phone(world, known(world, role, ref), phone)
    change_phone(world.services, person, take_over=take_over, renumber=renumber, now=now)


def sessions_of(world: World, role: Role, ref: str) -> list[Session]:
    return [
        session
        for pool in POOLS
        for session in world.services.store.sessions.of_participant(pool, role, ref)
    ]


def phones_of(world: World, role: Role, ref: str) -> set[str]:
    """The phones under which a person's open sessions reach them."""
    vault = world.services.vault
    return {
        vault.unseal_phone(session.party(role).sealed_phone).reveal()
        for session in sessions_of(world, role, ref)
        if session.status is SessionStatus.OPEN
    }


def audit(world: World) -> None:
    for pool in POOLS:
        audit_pool(world.services.store.client, pool)


def call(world: World, phone: str, session: Session) -> RouteState:
    return world.services.store.calls.route(
        session.pool,
        IncomingCall(
            sid=f"CA{phone}{session.id}",
            virtual_number=session.virtual_number,
            caller_indexes=world.services.vault.indexes_of(phone),
            attestation="",
        ),
        limits=CallLimits(lease=60, repeatable=60, retention=1000),
        now=NOW,
    ).state


# --- it works -------------------------------------------------------------------------


def test_all_pools_move_at_once(world: World) -> None:
    change(world, NORA)

    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}
    for session in sessions_of(world, Role.RECRUITER, "rita"):
        assert call(world, NORA, session) is RouteState.CONNECT
        assert call(world, RITA, session) is RouteState.CLOSED
    audit(world)


def test_one_pool_that_cannot_keeps_all_from_changing(world: World) -> None:
    world.open("nora", "carl", pool="ca")
    world.open("nora", "dan", pool="us")
    before = sessions_of(world, Role.RECRUITER, "rita")

    with pytest.raises(PhoneTaken) as refused:
        change(world, NORA)

    assert set(refused.value.sessions) <= {session.id for session in before}
    assert sessions_of(world, Role.RECRUITER, "rita") == before
    assert known(world, Role.RECRUITER, "rita").phone_hint[-2:] == RITA[-2:]
    audit(world)


def test_a_change_to_the_other_sides_phone_is_refused(world: World) -> None:
    with pytest.raises(PhoneTaken, match="other side"):
        change(world, DAN, renumber=True)
    audit(world)


def test_a_session_with_no_other_number_left_keeps_all_from_changing(world: World) -> None:
    world.open("nora", "carl", pool="ca")
    world.open("nora", "dan", pool="ca")

    with pytest.raises(PhoneTaken, match="No other virtual number"):
        change(world, NORA, renumber=True)
    assert phones_of(world, Role.RECRUITER, "rita") == {RITA}
    audit(world)


@pytest.mark.parametrize("who", [CARL, NORA], ids=["the other side", "the new phone"])
def test_a_renumbered_session_avoids_a_number_that_one_of_the_two_has_stopped(
    world: World, who: str
) -> None:
    """Of the numbers that are left the first one carries no texts to Carl, or to Nora's phone."""
    services = world.services
    services.store.numbers.add("+14155550144", "us", carrier_sid="PN", capabilities="vs", now=NOW)
    world.open("nora", "dan", pool="us")
    services.store.suppressions.stop(
        services.vault.indexes_of(who), "+14155550143", since=NOW, cause="us.SM1"
    )

    change(world, NORA, renumber=True)

    carls = sessions_of(world, Role.CANDIDATE, "carl")
    assert {s.virtual_number for s in carls if s.is_live(NOW)} == {"+14155550144"}
    audit(world)


def test_nobody_unknown_changes_their_phone(world: World) -> None:
    ghost = replace(known(world, Role.RECRUITER, "rita"), ref="ghost")
    with pytest.raises(NotFound):
        change_phone(world.services, ghost, take_over=False, renumber=False, now=NOW)


def test_a_held_phone_is_refused(world: World) -> None:
    with pytest.raises(PhoneTaken, match="Another candidate"):
        change(world, DAN, role=Role.CANDIDATE, ref="carl")


def test_taking_a_phone_over_closes_the_sessions_in_every_pool(world: World) -> None:
    world.open("rita", "carl", pool="us")
    world.open("nora", "dan", pool="us")
    change(world, DAN, role=Role.CANDIDATE, ref="carl", take_over=True, renumber=True)

    dans = sessions_of(world, Role.CANDIDATE, "dan")
    assert {s.closed_reason for s in dans} == {ClosedReason.TAKEN_OVER}
    assert len(dans) == 2
    assert phones_of(world, Role.CANDIDATE, "carl") == {DAN}
    audit(world)


# --- it dies on the way ---------------------------------------------------------------


class DyingScripts(Scripts):
    """A process that dies before the script that is its ``left``-th from now."""

    def __init__(self, client: Any, left: int) -> None:
        super().__init__(client)
        self.left = left

    def run(self, name: str, keys: Any, args: Any) -> Any:
        if self.left == 0:
            raise redis.ConnectionError("killed")
        self.left -= 1
        return super().run(name, keys, args)


def die_after(world: World, steps: int, act: Callable[[], None]) -> bool:
    """Whether the process got to the end."""
    store = world.services.store
    parts = [part for part in vars(store).values() if hasattr(part, "_scripts")]
    healthy, dying = parts[0]._scripts, DyingScripts(store.client, steps)
    for part in parts:
        part._scripts = dying
    try:
        act()
    except Unavailable:
        return False
    finally:
        for part in parts:
            part._scripts = healthy
    return True


def is_over(world: World) -> bool:
    return not world.services.store.client.exists("{main}:changes")


@pytest.mark.parametrize("steps", range(1, 8))
def test_p4_a_change_whose_process_died_ends_one_way_or_the_other(world: World, steps: int) -> None:
    died = not die_after(world, steps, lambda: change(world, NORA))
    audit(world)

    resume_phone_changes(world.services, now=NOW + ABANDONED_AFTER + 1)

    assert died is (steps < 7)
    assert is_over(world)
    # begin, reserve, reserve, advance: from there on it is the new phone.
    expected = NORA if steps >= 4 else RITA
    assert phones_of(world, Role.RECRUITER, "rita") == {expected}
    assert known(world, Role.RECRUITER, "rita").phone_hint[-2:] == expected[-2:]
    audit(world)
    assert phones_of(world, Role.RECRUITER, "rita") == {expected}
    change(world, NORA if expected == RITA else RITA)
    audit(world)


@pytest.mark.parametrize("steps", range(1, 10))
def test_p4_a_take_over_whose_process_died_ends_one_way_or_the_other(
    world: World, steps: int
) -> None:
    world.open("nora", "dan", pool="us")

    def take_over() -> None:
        change(world, DAN, role=Role.CANDIDATE, ref="carl", take_over=True, renumber=True)

    die_after(world, steps, take_over)
    audit(world)
    resume_phone_changes(world.services, now=NOW + ABANDONED_AFTER + 1)

    assert is_over(world)
    audit(world)
    [*dans] = (s for s in sessions_of(world, Role.CANDIDATE, "dan") if s.is_live(NOW))
    carls = phones_of(world, Role.CANDIDATE, "carl")
    assert (len(dans), carls) in [(2, {CARL}), (0, {DAN})]


@pytest.mark.parametrize("undone_steps", range(4))
def test_p4_an_undoing_that_died_is_ended(world: World, undone_steps: int) -> None:
    world.open("nora", "carl", pool="ca")
    world.open("nora", "dan", pool="us")

    with pytest.raises((Unavailable, Conflict)):  # noqa: PT012
        if not die_after(world, 3 + undone_steps, lambda: change(world, NORA)):
            raise Unavailable("died")
    resume_phone_changes(world.services, now=NOW + ABANDONED_AFTER + 1)

    assert is_over(world)
    assert phones_of(world, Role.RECRUITER, "rita") == {RITA}
    audit(world)


def test_a_change_that_is_young_is_left_to_its_process(world: World) -> None:
    die_after(world, 2, lambda: change(world, NORA))
    assert resume_phone_changes(world.services, now=NOW + ABANDONED_AFTER) == 0
    assert not is_over(world)


def test_the_workers_tidy_abandoned_changes_up(world: World) -> None:
    die_after(world, 2, lambda: change(world, NORA))
    recycle(world.services, now=NOW + ABANDONED_AFTER + 1)
    assert is_over(world)


# --- two at once ----------------------------------------------------------------------


class Interrupting(Scripts):
    """Does something else once, just before a script runs."""

    def __init__(self, client: Any, before: str, act: Callable[[], object]) -> None:
        super().__init__(client)
        self.before = before
        self.acts: Iterator[Callable[[], object]] = iter([act])

    def run(self, name: str, keys: Any, args: Any) -> Any:
        if name == self.before:
            for act in self.acts:
                act()
        return super().run(name, keys, args)


@pytest.fixture
def interrupt(world: World) -> Callable[..., None]:
    def install(before: str, act: Callable[[], object]) -> None:
        store = world.services.store
        for part in vars(store).values():
            if hasattr(part, "_scripts"):
                part._scripts = Interrupting(store.client, before, act)

    return install


def late(world: World) -> Callable[[], object]:
    return lambda: resume_phone_changes(world.services, now=NOW + ABANDONED_AFTER + 1)


@pytest.mark.parametrize("before", ["reserve_phone", "advance_phone_change"])
def test_a_process_slower_than_the_sweeper_finds_its_change_undone(
    world: World, interrupt: Callable[..., None], before: str
) -> None:
    interrupt(before, late(world))
    with pytest.raises(Conflict, match="too long"):
        change(world, NORA)
    assert is_over(world)
    audit(world)


def test_a_process_slower_than_the_sweeper_finds_its_change_completed(
    world: World, interrupt: Callable[..., None]
) -> None:
    interrupt("commit_phone", late(world))
    change(world, NORA)
    assert is_over(world)
    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}
    audit(world)


def test_the_sweeper_and_the_process_may_both_undo(
    world: World, interrupt: Callable[..., None]
) -> None:
    world.open("nora", "carl", pool="ca")
    world.open("nora", "dan", pool="us")
    interrupt("undo_phone", late(world))
    with pytest.raises(PhoneTaken):
        change(world, NORA)
    assert is_over(world)
    audit(world)


def test_a_second_change_waits_and_is_then_a_conflict(world: World) -> None:
    die_after(world, 1, lambda: change(world, NORA))
    with pytest.raises(Conflict, match="another request"):
        change(world, DAN)


def test_the_other_sides_change_is_waited_for(world: World) -> None:
    die_after(world, 3, lambda: change(world, NORA))
    with pytest.raises(Conflict, match="another request"):
        change(world, "+19175550189", role=Role.CANDIDATE, ref="carl")
    late(world)()
    change(world, "+19175550189", role=Role.CANDIDATE, ref="carl")
    audit(world)


def test_a_phone_is_not_taken_from_somebody_who_is_changing(world: World) -> None:
    die_after(world, 2, lambda: change(world, "+19175550189", role=Role.CANDIDATE, ref="dan"))
    with pytest.raises(Conflict, match="another request"):
        change(world, DAN, role=Role.CANDIDATE, ref="carl", take_over=True)
    audit(world)


def test_of_two_who_take_the_same_phone_over_the_second_is_refused(
    world: World, interrupt: Callable[..., None]
) -> None:
    from relay.workflows.register_participant import register_candidate

    def eve_is_quicker() -> None:
        register_candidate(
            world.services,
            "eve",
            CandidateDetails(phone=DAN),
            client_id="board",
            may_change_phone=True,
            take_over=True,
            now=NOW,
        )

    interrupt("advance_phone_change", eve_is_quicker)
    with pytest.raises(PhoneTaken, match="Another candidate"):
        change(world, DAN, role=Role.CANDIDATE, ref="carl", take_over=True)
    assert known(world, Role.CANDIDATE, "eve").phone_hint[-2:] == DAN[-2:]
    assert phones_of(world, Role.CANDIDATE, "carl") == {CARL}
    audit(world)


def test_a_change_overtaken_by_its_own_undoing_is_a_conflict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = world.services.store.phone_changes
    monkeypatch.setattr(changes, "get", lambda *_: None)
    with pytest.raises(Conflict):
        change(world, NORA)


def test_completing_a_change_twice_is_completing_it_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process ends the change, and frees who has lost the phone, at either moment."""
    changes, carl = world.services.store.phone_changes, known(world, Role.CANDIDATE, "carl")
    changes.begin(with_phone(world, carl, DAN), "1", take_over=True, now=NOW)
    begun = changes.get(Role.CANDIDATE, "carl")
    assert begun is not None
    for pool in policies(world.services, begun.pools):
        world.services.store.phone_moves.reserve(pool, begun, now=NOW)
    changes.advance(begun, now=NOW)
    committing = changes.get(Role.CANDIDATE, "carl")
    complete_phone_change(world.services, begun, now=NOW)
    complete_phone_change(world.services, begun, now=NOW)
    before = sessions_of(world, Role.CANDIDATE, "carl")

    monkeypatch.setattr(changes, "get", lambda _, ref: committing if ref == "carl" else None)
    complete_phone_change(world.services, begun, now=NOW)

    assert sessions_of(world, Role.CANDIDATE, "carl") == before
    audit(world)


def test_a_recruiter_is_registered_again_after_all_that(world: World) -> None:
    from relay.workflows.register_participant import register_recruiter

    change(world, NORA)
    register_recruiter(
        world.services,
        "rita",
        RecruiterDetails(phone=RITA),
        client_id="board",
        may_change_phone=True,
        now=NOW + 1,
    )
    assert phones_of(world, Role.RECRUITER, "rita") == {RITA}
    audit(world)
