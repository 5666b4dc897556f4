"""A phone change over several pools: all of it or nothing, whatever others do at the same time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from relay.domain.errors import BeingChanged, Conflict, Invalid, PhoneTaken
from relay.domain.participant import CandidateDetails, Participant, RecruiterDetails, Role
from relay.domain.phone import PhoneNumber
from relay.domain.pool import NumberStatus, Pool
from relay.domain.routing import RouteState
from relay.domain.session import Channel, ClosedReason, Session, SessionStatus
from relay.store.calls import CallLimits, IncomingCall
from relay.store.claims import Claimed, ClaimRequest, Outdated
from relay.store.people import PutOutcome
from relay.store.phone_changes import ATTEMPTS, PhoneChanges
from relay.store.scripts import Scripts, script
from relay.workflows.change_phone import MOST_RENUMBERED, change_phone
from relay.workflows.close_session import close_session
from relay.workflows.erase_participant import erase_participant
from relay.workflows.recycle import recycle
from relay.workflows.register_participant import register_candidate, register_recruiter
from tests.invariants import audit_people, audit_pool
from tests.key_ring import marks_of
from tests.noted_scripts import NotedScripts
from tests.world import ASKER, CARL, DAN, NORA, NOW, RITA, World, make_world

POOLS = {"ca": ("+14165550192", "+14165550193"), "us": ("+14155550192", "+14155550193")}
#: A phone that nobody has.
FREE = "+19175550139"
STRANGERS = {RouteState.STRANGER, RouteState.STRANGER_WITH_CODE}
ASKED = ClaimRequest(
    expires_at=int(NOW) + 1000,
    expiry_was_asked_for=False,
    channels=frozenset(Channel),
    stamped_context="",
)


@pytest.fixture
def world() -> World:
    """Two pools of two numbers; Rita has Carl in one and Dan in the other."""
    world = make_world()
    store = world.services.store
    for name, numbers in POOLS.items():
        store.pools.put(Pool(name=name, country=name.upper(), allowed_countries=("US",)))
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
    number = PhoneNumber(phone)
    return replace(
        person,
        sealed_phone=world.services.vault.seal_phone(
            number, board="main", role=person.role, ref=person.ref
        ),
        phone_indexes=world.services.vault.indexes_of(phone),
        phone_hint=number.hint,
        country=number.country,
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
    return world.services.store.sessions.of_participant(role, ref)


def live_sessions_of(world: World, role: Role, ref: str) -> list[Session]:
    return [session for session in sessions_of(world, role, ref) if session.is_live(NOW)]


def phones_of(world: World, role: Role, ref: str) -> set[str]:
    """The phones under which a person's open sessions reach them, and are reached by them."""
    sealed = known(world, role, ref).sealed_phone
    vault = world.services.vault
    phone = vault.unseal_phone(sealed, board="main", role=role, ref=ref).reveal()
    open_ones = [s for s in sessions_of(world, role, ref) if s.status is SessionStatus.OPEN]
    assert {s.party(role).phone_index for s in open_ones} <= set(vault.indexes_of(phone))
    return {phone} if open_ones else set()


def hint_of(world: World, role: Role, ref: str) -> str:
    return known(world, role, ref).phone_hint[-2:]


def audit(world: World) -> None:
    store = world.services.store
    audit_people(store.client, store, POOLS, NOW)


def contents(world: World) -> dict[str, Any]:
    """Everything in Redis, but the scratch that nothing is kept in, and the count of what has been
    compared, whatever came of it."""
    client, found = world.services.store.client, {}
    reads: dict[str, Callable[[str], Any]] = {
        "hash": client.hgetall,
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "set": client.smembers,
        # A bitmap is no text.
        "string": lambda key: client.execute_command("GET", key, NEVER_DECODE=True),
    }
    for key in client.scan_iter():
        if not key.endswith("scratch") and ":new-counterparts:" not in key:
            found[key] = reads[client.type(key)](key)
    return found


def call(
    world: World, phone: str, session: Session, *, sid: str = "", now: float = NOW
) -> RouteState:
    sid = sid or f"CA{phone}{session.id}{now}"
    return world.services.store.calls.route(
        session.pool,
        IncomingCall(
            sid=sid,
            virtual_number=session.virtual_number,
            caller_indexes=world.services.vault.indexes_of(phone),
            attestation="",
            marks=marks_of(sid),
        ),
        limits=CallLimits(lease=60, repeatable=60, retention=1000),
        now=now,
    ).state


class Overtaken(Scripts):
    """Lets others act just before a script gets to Redis: its caller has looked by then."""

    def __init__(self, client: Any, name: str, acts: Sequence[Callable[[], object]]) -> None:
        super().__init__(client)
        self._sha = script(name).sha
        self._acts = list(acts)
        self.tries = 0

    def send(
        self, text: str, sha: str, keys: Sequence[str], args: Sequence[Any], *, durably: bool
    ) -> Any:
        if sha == self._sha:
            self.tries += 1
            if self._acts:
                self._acts.pop(0)()
        return super().send(text, sha, keys, args, durably=durably)


def overtake(world: World, *acts: Callable[[World], object]) -> Overtaken:
    """Others act before each try of the phone change that comes next; theirs are not overtaken."""
    store = world.services.store
    others = make_world_beside(world)
    scripts = Overtaken(store.client, "change_phone", [lambda act=act: act(others) for act in acts])  # type: ignore[misc]
    store.phone_changes = PhoneChanges(
        store.client, scripts, store.keys, world.services.vault.signer, store.suppressions
    )
    return scripts


def make_world_beside(world: World) -> World:
    """Another process on the same store."""
    return make_world(world.services.store.client)


# --- it works -------------------------------------------------------------------------


def test_all_pools_move_at_once(world: World) -> None:
    before = live_sessions_of(world, Role.RECRUITER, "rita")
    change(world, NORA)

    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}
    after = live_sessions_of(world, Role.RECRUITER, "rita")
    assert {(s.id, s.virtual_number, s.access_code) for s in after} == {
        (s.id, s.virtual_number, s.access_code) for s in before
    }
    for session in after:
        assert call(world, NORA, session) is RouteState.CONNECT
        assert call(world, RITA, session) is RouteState.CLOSED
    audit(world)


def test_p1_calls_to_the_old_phone_reach_nobody_else_while_it_cools(world: World) -> None:
    """Somebody else has Rita's old phone by now, and may not get her numbers."""
    before = live_sessions_of(world, Role.RECRUITER, "rita")
    change(world, NORA)
    register_recruiter(
        world.services,
        "quinn",
        RecruiterDetails(phone=RITA),
        client_id="board",
        now=NOW,
    )

    assert {call(world, RITA, session) for session in before} == {RouteState.CLOSED}
    cooldown = Pool(name="us", country="US").recruiter_cooldown
    recycle(world.services, now=NOW + cooldown - 1)
    late = {
        call(world, RITA, session, sid=f"CA2{session.id}", now=NOW + cooldown - 1)
        for session in before
    }
    assert late == {RouteState.CLOSED}
    audit_pool(world.services.store.client, "us")
    recycle(world.services, now=NOW + cooldown + 1)
    late = {
        call(world, RITA, session, sid=f"CA3{session.id}", now=NOW + cooldown + 1)
        for session in before
    }
    assert late <= STRANGERS


def test_going_back_to_the_phone_before_takes_its_bindings_up_again(world: World) -> None:
    before = live_sessions_of(world, Role.RECRUITER, "rita")
    change(world, NORA)
    change(world, RITA)

    assert phones_of(world, Role.RECRUITER, "rita") == {RITA}
    for session in before:
        assert call(world, RITA, session) is RouteState.CONNECT
        assert call(world, NORA, session) is RouteState.CLOSED
    audit(world)


def test_p4_a_change_that_is_sent_again_changes_nothing(world: World) -> None:
    """Redis has done it, and its answer was lost on the way."""
    store = world.services.store
    scripts = NotedScripts(store.client)
    store.phone_changes = PhoneChanges(
        store.client, scripts, store.keys, world.services.vault.signer, store.suppressions
    )
    world.open("nora", "dan", pool="us")
    change(world, NORA, renumber=True)
    after = contents(world)

    assert scripts.repeat("change_phone") == ["changed", 0]
    assert contents(world) == after
    audit(world)


def test_p4_a_take_over_that_is_sent_again_changes_nothing(world: World) -> None:
    store = world.services.store
    scripts = NotedScripts(store.client)
    store.phone_changes = PhoneChanges(
        store.client, scripts, store.keys, world.services.vault.signer, store.suppressions
    )
    change(world, DAN, role=Role.CANDIDATE, ref="carl", take_over=True)
    after = contents(world)

    assert scripts.repeat("change_phone") == ["changed", 0]
    assert contents(world) == after
    audit(world)


def test_the_details_on_record_change_with_the_phone(world: World) -> None:
    register_recruiter(
        world.services,
        "rita",
        RecruiterDetails(phone=NORA, name="Rita B.", locale="zh-CN"),
        client_id="board",
        now=NOW + 1,
    )

    rita = known(world, Role.RECRUITER, "rita")
    assert (rita.name, rita.locale, rita.phone_hint[-2:]) == ("Rita B.", "zh-CN", NORA[-2:])
    assert rita.updated_at == int(NOW + 1)
    locales = {s.recruiter.locale for s in live_sessions_of(world, Role.RECRUITER, "rita")}
    assert locales == {"zh-CN"}
    audit(world)


def test_a_recruiter_is_registered_again_after_all_that(world: World) -> None:
    change(world, NORA)
    register_recruiter(
        world.services,
        "rita",
        RecruiterDetails(phone=RITA),
        client_id="board",
        now=NOW + 1,
    )
    assert phones_of(world, Role.RECRUITER, "rita") == {RITA}
    audit(world)


# --- or nothing -----------------------------------------------------------------------


@pytest.mark.parametrize("renumber", [False, True])
def test_one_pool_in_the_way_keeps_all_from_changing(world: World, renumber: bool) -> None:
    """In "us" Nora's phone stands on both numbers, in "ca" on none: nothing changes there, too."""
    world.services.store.pools.put(Pool(name="us", country="US", access_codes=False))
    world.open("nora", "dan", pool="us")
    world.open("nora", "eve", pool="us")
    (in_the_way,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    before = contents(world)

    with pytest.raises(PhoneTaken) as refused:
        change(world, NORA, renumber=renumber)

    assert refused.value.sessions == (in_the_way.id,)
    assert contents(world) == before
    audit(world)


def test_the_sessions_in_the_way_are_named_in_every_pool_with_the_remedy(world: World) -> None:
    world.open("nora", "carl", pool="ca")
    world.open("nora", "dan", pool="us")
    before = contents(world)

    with pytest.raises(PhoneTaken, match='Send "renumber": true to move these') as refused:
        change(world, NORA)

    theirs = live_sessions_of(world, Role.RECRUITER, "rita")
    assert set(refused.value.sessions) == {session.id for session in theirs}
    assert contents(world) == before
    assert hint_of(world, Role.RECRUITER, "rita") == RITA[-2:]


def test_a_change_to_the_other_sides_phone_is_refused(world: World) -> None:
    (with_dan,) = live_sessions_of(world, Role.CANDIDATE, "dan")
    before = contents(world)

    with pytest.raises(PhoneTaken, match="other side") as refused:
        change(world, DAN, renumber=True)

    assert refused.value.sessions == (with_dan.id,)
    assert contents(world) == before


def test_a_session_with_no_other_number_left_keeps_all_from_changing(world: World) -> None:
    world.open("nora", "carl", pool="ca")
    world.open("nora", "dan", pool="ca")
    (with_dan,) = (s for s in live_sessions_of(world, Role.CANDIDATE, "dan") if s.pool == "ca"
                   and s.recruiter.ref == "rita")  # fmt: skip
    before = contents(world)

    with pytest.raises(PhoneTaken, match="No other virtual number") as refused:
        change(world, NORA, renumber=True)

    assert refused.value.sessions == (with_dan.id,)
    assert contents(world) == before
    assert phones_of(world, Role.RECRUITER, "rita") == {RITA}


def test_a_held_phone_is_refused(world: World) -> None:
    before = contents(world)
    with pytest.raises(PhoneTaken, match="Another candidate") as refused:
        change(world, DAN, role=Role.CANDIDATE, ref="carl")
    assert "dan" not in str(refused.value)
    assert contents(world) == before


# --- other numbers --------------------------------------------------------------------


def test_only_the_sessions_in_the_way_are_renumbered(world: World) -> None:
    world.open("nora", "dan", pool="us")
    before = {s.id: s for s in live_sessions_of(world, Role.RECRUITER, "rita")}

    change(world, NORA, renumber=True)

    after = {s.id: s for s in live_sessions_of(world, Role.RECRUITER, "rita")}
    assert after.keys() == before.keys()
    moved = {s.pool for s in after.values() if s.virtual_number != before[s.id].virtual_number}
    assert moved == {"us"}
    for session in after.values():
        assert call(world, NORA, session, sid=f"CAnew{session.id}") is RouteState.CONNECT
    audit(world)


def test_p1_a_renumbered_session_leaves_its_old_number_closed_to_both(world: World) -> None:
    world.open("nora", "dan", pool="us")
    (before,) = live_sessions_of(world, Role.CANDIDATE, "carl")

    change(world, NORA, renumber=True)

    (after,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    assert after.virtual_number != before.virtual_number
    trace = world.services.store.sessions.get(after.previous)
    assert trace is not None
    assert trace.closed_reason == "renumbered"
    assert call(world, CARL, before) is RouteState.CLOSED
    assert call(world, RITA, before) is RouteState.CLOSED
    assert call(world, CARL, after, sid="CA2") is RouteState.CONNECT
    audit(world)


def test_a_stop_of_the_other_side_goes_with_a_session_to_its_other_number(world: World) -> None:
    world.open("nora", "dan", pool="us")
    (before,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    suppressions, carls = world.services.store.suppressions, world.services.vault.indexes_of(CARL)
    suppressions.stop(carls, before.virtual_number, since=NOW, cause="us.SM1")

    change(world, NORA, renumber=True)

    (after,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    assert after.virtual_number != before.virtual_number
    # The carrier knows nothing of it there, so that it is never asked to take a text.
    assert suppressions.find_block(carls, after.virtual_number).stopped_at == math.inf


def test_p5_a_call_in_progress_keeps_the_number_that_its_session_leaves(world: World) -> None:
    """Everything has cooled, but the call goes on."""
    for name in POOLS:
        world.services.store.pools.put(
            Pool(
                name=name,
                country=name.upper(),
                allowed_countries=("US", "CA"),
                candidate_cooldown=10,
                recruiter_cooldown=10,
            )
        )
    world.open("nora", "dan", pool="us")
    (before,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    assert call(world, CARL, before) is RouteState.CONNECT

    change(world, NORA, renumber=True)

    recycle(world.services, now=NOW + 30)
    audit(world)
    assert call(world, CARL, before, sid="CA2", now=NOW + 30) is RouteState.CLOSED
    recycle(world.services, now=NOW + 61)
    audit(world)
    assert call(world, CARL, before, sid="CA3", now=NOW + 61) in STRANGERS


@pytest.mark.parametrize("who", [CARL, NORA], ids=["the other side", "the new phone"])
def test_a_renumbered_session_avoids_a_number_that_one_of_the_two_has_stopped(
    world: World, who: str
) -> None:
    """Of the numbers that are left the first one carries no texts to Carl, or to Nora's phone."""
    services = world.services
    services.store.numbers.add("+14155550194", "us", carrier_sid="PN", capabilities="vs", now=NOW)
    world.open("nora", "dan", pool="us")
    services.store.suppressions.stop(
        services.vault.indexes_of(who), "+14155550193", since=NOW, cause="us.SM1"
    )

    change(world, NORA, renumber=True)

    carls = live_sessions_of(world, Role.CANDIDATE, "carl")
    assert {s.virtual_number for s in carls} == {"+14155550194"}
    audit(world)


def crowd(world: World, candidates: int) -> None:
    """Rita has so many candidates on one number of "us", on which Nora has Eve; another is free."""
    store, vault = world.services.store, world.services.vault
    world.open("nora", "eve", pool="us")
    (eve,) = live_sessions_of(world, Role.CANDIDATE, "eve")
    assert eve.virtual_number == POOLS["us"][0]
    rita, carl = known(world, Role.RECRUITER, "rita"), known(world, Role.CANDIDATE, "carl")
    store.numbers.set_status(POOLS["us"][1], "us", NumberStatus.DRAINING)
    for place in range(candidates):
        phone = f"+1{401 + place // 50}55501{place % 50:02d}"
        person = replace(with_phone(world, carl, phone), ref=f"c{place}")
        assert store.people.put(person, client=ASKER, now=NOW) is PutOutcome.CREATED
        claimed = store.sessions.claim("us", rita, person, ASKED, now=NOW, retention=1000)
        assert isinstance(claimed, Claimed), claimed
        assert claimed.session.virtual_number == POOLS["us"][0]
    store.numbers.set_status(POOLS["us"][1], "us", NumberStatus.AVAILABLE)
    assert vault.indexes_of(RITA) == rita.phone_indexes


def test_more_than_so_many_sessions_are_not_renumbered_at_once(world: World) -> None:
    """It would keep everybody's Redis for too long. Carl is one of those in the way, too."""
    crowd(world, MOST_RENUMBERED)
    before = contents(world)

    with pytest.raises(PhoneTaken, match="too many to renumber") as refused:
        change(world, NORA, renumber=True)

    assert (refused.value.status, refused.value.code) == (409, "phone_taken")
    assert str(MOST_RENUMBERED) in refused.value.detail
    assert len(refused.value.sessions) == MOST_RENUMBERED + 1
    assert contents(world) == before

    # As it asks to: one is closed, and the others fit.
    close_session(world.services, refused.value.sessions[0], now=NOW)
    change(world, NORA, renumber=True)
    theirs = live_sessions_of(world, Role.RECRUITER, "rita")
    assert {s.virtual_number for s in theirs if s.pool == "us"} == {POOLS["us"][1]}
    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}
    audit(world)


# --- taking over ----------------------------------------------------------------------


def take_over(world: World, *, renumber: bool = False) -> None:
    """Carl gets Dan's phone."""
    change(world, DAN, role=Role.CANDIDATE, ref="carl", take_over=True, renumber=renumber)


def test_taking_a_phone_over_closes_the_sessions_in_every_pool(world: World) -> None:
    world.open("nora", "dan", pool="us")
    take_over(world, renumber=True)

    dans = sessions_of(world, Role.CANDIDATE, "dan")
    assert {s.closed_reason for s in dans} == {ClosedReason.TAKEN_OVER}
    assert {s.pool for s in dans} == {"us", "ca"}
    assert phones_of(world, Role.CANDIDATE, "carl") == {DAN}
    dan = known(world, Role.CANDIDATE, "dan")
    assert (dan.status, dan.sealed_phone, dan.phone_indexes) == ("without_phone", "", ())
    audit(world)


def test_a_take_over_that_is_refused_takes_nothing(world: World) -> None:
    """Nora has Dan on the number on which Rita has Carl, in "us"; nothing was to be renumbered."""
    world.open("nora", "dan", pool="us")
    (with_carl,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    before = contents(world)

    with pytest.raises(PhoneTaken) as refused:
        take_over(world)

    assert refused.value.sessions == (with_carl.id,)
    assert contents(world) == before


def test_p1_a_call_of_who_has_lost_the_phone_is_connected_no_more(world: World) -> None:
    """The carrier asks again for a call that has begun: the answer may not be Dan's any more."""
    (with_dan,) = live_sessions_of(world, Role.CANDIDATE, "dan")
    assert call(world, RITA, with_dan) is RouteState.CONNECT
    take_over(world)
    assert call(world, RITA, with_dan) is RouteState.REPLAYED
    assert call(world, DAN, with_dan, sid="CA2") is RouteState.CLOSED
    audit(world)


# --- abroad ---------------------------------------------------------------------------


def test_a_phone_that_the_pools_of_the_open_sessions_do_not_admit_is_refused(world: World) -> None:
    """Nobody registers at home, opens a session, and is called abroad then (toll fraud)."""
    before = phones_of(world, Role.RECRUITER, "rita")
    with pytest.raises(Invalid) as refused:
        change(world, "+18765550101")
    assert [fault.pointer for fault in refused.value.faults] == ["/phone"]
    assert phones_of(world, Role.RECRUITER, "rita") == before
    audit(world)


def test_a_phone_that_they_admit_is_taken(world: World) -> None:
    for name in POOLS:
        world.services.store.pools.put(
            Pool(name=name, country=name.upper(), allowed_countries=("US", "JM"))
        )
    change(world, "+18765550101")
    assert phones_of(world, Role.RECRUITER, "rita") == {"+18765550101"}
    audit(world)


# --- others act at the same time ------------------------------------------------------


def test_a_session_opened_meanwhile_in_another_pool_moves_too(world: World) -> None:
    """The change has looked, and knows of no session of Rita's in "gb"."""
    world.services.store.pools.put(Pool(name="gb", country="GB", allowed_countries=("US",)))
    world.services.store.numbers.add(
        "+442079460142", "gb", carrier_sid="PN", capabilities="vs", now=NOW
    )
    scripts = overtake(world, lambda others: others.open("rita", "eve", pool="gb"))
    change(world, NORA)

    assert scripts.tries == 2
    moved = live_sessions_of(world, Role.RECRUITER, "rita")
    assert {session.pool for session in moved} == {"us", "ca", "gb"}
    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}
    audit_people(world.services.store.client, world.services.store, [*POOLS, "gb"], NOW)


def test_a_session_opened_meanwhile_in_the_way_is_named(world: World) -> None:
    """Nora opens one on the number on which Rita has Carl."""
    overtake(world, lambda others: others.open("nora", "dan", pool="us"))
    with pytest.raises(PhoneTaken) as refused:
        change(world, NORA)
    (with_carl,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    assert refused.value.sessions == (with_carl.id,)
    audit(world)


def test_who_renumbers_and_finds_another_session_in_the_way_is_told_to_try_again(
    world: World,
) -> None:
    """Nora opens a second one, on the number on which Rita has Dan, when the first was found."""
    world.open("nora", "dan", pool="us")
    scripts = overtake(world, lambda _: None, lambda others: others.open("nora", "carl", pool="ca"))
    with pytest.raises(BeingChanged, match="try again") as refused:
        change(world, NORA, renumber=True)
    assert scripts.tries == 2
    assert (len(refused.value.sessions), refused.value.retry_after) == (2, 1)
    audit(world)
    change(world, NORA, renumber=True)
    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}


def test_a_session_opened_by_the_loser_meanwhile_is_closed_too(world: World) -> None:
    """Dan, who had one in "ca" alone, opens one in "us" just as his phone is taken over."""
    scripts = overtake(world, lambda others: others.open("nora", "dan", pool="us"))
    take_over(world, renumber=True)

    assert scripts.tries >= 2
    assert live_sessions_of(world, Role.CANDIDATE, "dan") == []
    dans = sessions_of(world, Role.CANDIDATE, "dan")
    assert {s.pool for s in dans} == {"us", "ca"}
    assert {s.closed_reason for s in dans} == {ClosedReason.TAKEN_OVER}
    assert phones_of(world, Role.CANDIDATE, "carl") == {DAN}
    audit(world)


def test_p1_a_session_opened_by_the_loser_meanwhile_where_nothing_is_in_the_way_is_closed_too(
    world: World,
) -> None:
    """Else who has taken Dan's phone over would be connected by it, as Dan."""
    world.services.store.pools.put(Pool(name="gb", country="GB", allowed_countries=("US",)))
    world.services.store.numbers.add(
        "+442079460142", "gb", carrier_sid="PN", capabilities="vs", now=NOW
    )
    scripts = overtake(world, lambda others: others.open("nora", "dan", pool="gb"))
    take_over(world)

    assert scripts.tries == 2
    assert live_sessions_of(world, Role.CANDIDATE, "dan") == []
    dans = sessions_of(world, Role.CANDIDATE, "dan")
    assert {s.pool for s in dans} == {"gb", "ca"}
    assert phones_of(world, Role.CANDIDATE, "carl") == {DAN}
    audit_people(world.services.store.client, world.services.store, [*POOLS, "gb"], NOW)


def test_the_loser_opens_nothing_with_the_phone_that_was_just_taken(world: World) -> None:
    """The other order: Dan was looked at, then loses his phone, then the claim comes."""
    nora = with_phone(world, replace(known(world, Role.RECRUITER, "rita"), ref="nora"), NORA)
    world.services.store.people.put(nora, client=ASKER, now=NOW)
    dan = known(world, Role.CANDIDATE, "dan")
    take_over(world)
    claimed = world.services.store.sessions.claim("us", nora, dan, ASKED, now=NOW, retention=1000)
    assert claimed == Outdated()
    assert live_sessions_of(world, Role.CANDIDATE, "dan") == []
    audit(world)


def test_somebody_who_changes_meanwhile_is_looked_at_again(world: World) -> None:
    """Carl gets one phone from another request, then the one that is asked for here."""
    scripts = overtake(world, lambda others: change(others, FREE, role=Role.CANDIDATE, ref="carl"))
    change(world, NORA, role=Role.CANDIDATE, ref="carl")

    assert scripts.tries == 2
    assert phones_of(world, Role.CANDIDATE, "carl") == {NORA}
    (with_carl,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    for phone in (CARL, FREE):
        assert call(world, phone, with_carl) is RouteState.CLOSED
    audit(world)


def test_of_two_changes_to_one_phone_the_second_finds_it_done(world: World) -> None:
    scripts = overtake(world, lambda others: change(others, NORA))
    change(world, NORA)
    assert scripts.tries == 1
    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}
    audit(world)


def test_the_other_side_may_change_at_the_same_time(world: World) -> None:
    overtake(world, lambda others: change(others, FREE, role=Role.CANDIDATE, ref="carl"))
    change(world, NORA)
    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}
    assert phones_of(world, Role.CANDIDATE, "carl") == {FREE}
    audit(world)


def test_the_other_side_may_change_while_a_session_is_renumbered(world: World) -> None:
    """Carl's old phone cools on for the trace, on the number that is left."""
    world.open("nora", "dan", pool="us")
    (before,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    scripts = overtake(
        world,
        lambda _: None,  # what is in the way is found out first
        lambda others: change(others, FREE, role=Role.CANDIDATE, ref="carl"),
    )
    change(world, NORA, renumber=True)

    assert scripts.tries >= 2
    assert phones_of(world, Role.RECRUITER, "rita") == {NORA}
    assert phones_of(world, Role.CANDIDATE, "carl") == {FREE}
    assert {call(world, phone, before) for phone in (CARL, FREE, RITA)} == {RouteState.CLOSED}
    audit(world)


def test_what_gets_in_the_way_while_others_are_renumbered_is_named(world: World) -> None:
    """One session was in the way; then Nora opens one in "ca", too."""
    world.open("nora", "dan", pool="us")
    overtake(
        world,
        lambda _: None,
        lambda others: others.open("nora", "carl", pool="ca"),
    )
    with pytest.raises(BeingChanged) as refused:
        change(world, NORA, renumber=True)

    theirs = live_sessions_of(world, Role.RECRUITER, "rita")
    assert set(refused.value.sessions) == {session.id for session in theirs}
    assert phones_of(world, Role.RECRUITER, "rita") == {RITA}
    audit(world)


def test_a_session_closed_meanwhile_stays_closed(world: World) -> None:
    (with_carl,) = live_sessions_of(world, Role.CANDIDATE, "carl")
    overtake(world, lambda others: close_session(others.services, with_carl.id, now=NOW))
    change(world, NORA)
    assert [s.pool for s in live_sessions_of(world, Role.RECRUITER, "rita")] == ["ca"]
    assert call(world, NORA, with_carl) in STRANGERS
    assert call(world, RITA, with_carl) is RouteState.CLOSED
    audit(world)


def test_somebody_erased_meanwhile_is_new(world: World) -> None:
    """Whoever asks for somebody to be put on record gets them, before or after the erasure."""
    overtake(
        world, lambda others: erase_participant(others.services, Role.CANDIDATE, "carl", now=NOW)
    )
    change(world, FREE, role=Role.CANDIDATE, ref="carl")

    assert hint_of(world, Role.CANDIDATE, "carl") == FREE[-2:]
    assert live_sessions_of(world, Role.CANDIDATE, "carl") == []
    audit(world)


def take_dans_phone(others: World, ref: str = "eve", phone: str = DAN) -> None:
    register_candidate(
        others.services,
        ref,
        CandidateDetails(phone=phone),
        client_id="board",
        take_over=True,
        now=NOW,
    )


def test_a_take_over_takes_the_phone_from_whoever_has_it_by_then(world: World) -> None:
    """Eve is quicker; her session goes, too."""

    def eve_is_quicker(others: World) -> None:
        take_dans_phone(others)
        nora = with_phone(others, replace(known(others, Role.RECRUITER, "rita"), ref="nora"), NORA)
        others.services.store.people.put(nora, client=ASKER, now=NOW)

    scripts = overtake(world, eve_is_quicker)
    take_over(world)

    assert scripts.tries == 2
    assert phones_of(world, Role.CANDIDATE, "carl") == {DAN}
    for loser in ("dan", "eve"):
        assert known(world, Role.CANDIDATE, loser).status == "without_phone"
    audit(world)


def test_a_phone_taken_meanwhile_is_refused_without_take_over(world: World) -> None:
    overtake(world, lambda others: take_dans_phone(others, phone=FREE))
    with pytest.raises(PhoneTaken, match="Another candidate"):
        change(world, FREE, role=Role.CANDIDATE, ref="carl")
    assert hint_of(world, Role.CANDIDATE, "eve") == FREE[-2:]
    assert phones_of(world, Role.CANDIDATE, "carl") == {CARL}
    audit(world)


def test_somebody_changed_by_others_again_and_again_is_a_conflict_to_try_again(
    world: World,
) -> None:
    phones = [f"+1917555012{place}" for place in range(ATTEMPTS)]
    scripts = overtake(
        world,
        *(
            lambda others, phone=phone: change(others, phone, role=Role.CANDIDATE, ref="carl")
            for phone in phones
        ),
    )
    with pytest.raises(Conflict) as refused:
        change(world, NORA, role=Role.CANDIDATE, ref="carl")

    assert refused.value.retry_after == 1
    assert scripts.tries == ATTEMPTS
    assert phones_of(world, Role.CANDIDATE, "carl") == {phones[-1]}
    audit(world)
