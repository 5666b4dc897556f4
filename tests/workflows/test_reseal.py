"""Everything moves to the first keys, while others work on it, and wherever a run is ended."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from config.key_rings import KeyRing
from relay.carrier.webhooks import InboundText
from relay.cli.reseal import what_may_go
from relay.domain.board import Board
from relay.domain.errors import PoolExhausted, RelayError, Unavailable
from relay.domain.message_progress import Reach
from relay.domain.participant import CandidateDetails, Role
from relay.domain.session import ClosedReason
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.resealing import ClearedKeys, Indexed, Kind
from relay.vault import Vault
from relay.workflows.check_former_keys import (
    boards_under_keys,
    check_former_keys,
    count_under_keys,
    spoken,
)
from relay.workflows.check_readiness import Verdict
from relay.workflows.deployment import Deployment
from relay.workflows.erase_participant import erase_participant
from relay.workflows.open_seals import is_ours, open_phone_of
from relay.workflows.recycle import recycle
from relay.workflows.register_participant import register_candidate
from relay.workflows.relay_text import relay_text
from relay.workflows.reseal import Resealed, count_steps, reseal
from relay.workflows.stamp_words import context_of
from tests.fake_redis import FakeRedis
from tests.invariants import audit_people, audit_pool, audit_under_keys
from tests.workflows.texting import StandInCarrier
from tests.world import (
    ASKER,
    CARL,
    DAN,
    EVE,
    NOW,
    NUMBER,
    OTHER_NUMBER,
    PHONES,
    RITA,
    US,
    WEEK,
    RecordingJobs,
    World,
    make_deployment,
)

K1, K2 = ("k1", bytes([1]) * 32), ("k2", bytes([2]) * 32)
OLD, APPENDED, FRONTED, LAST = (KeyRing(keys) for keys in ((K1,), (K1, K2), (K2, K1), (K2,)))
KEYS = BoardKeys("main")


def process(client: Any, ring: KeyRing) -> World:
    """One with these keys."""
    jobs = RecordingJobs()
    deployment = make_deployment(
        client, carrier=StandInCarrier(), jobs=jobs, vault=Vault(ring, ring)
    )
    return World(deployment.main, jobs, deployment)


def under(world: World, ring: KeyRing) -> World:
    """The same world in a process with these keys."""
    return process(world.services.store.client, ring)


def before_the_rotation(client: FakeRedis) -> World:
    world = process(client, OLD)
    world.services.store.pools.put(US)
    for number in (NUMBER, OTHER_NUMBER):
        world.services.store.numbers.add(
            number, "us", carrier_sid=f"PN{number[-4:]}", capabilities="vsm", now=NOW
        )
    return world


@pytest.fixture
def world() -> World:
    return before_the_rotation(FakeRedis())


def run(world: World, *, now: float = NOW) -> Resealed:
    return reseal(world.deployment, progress=lambda _steps: None, clock=lambda: now)


def text(world: World, sid: str = "1", sender: str = RITA, now: float = NOW) -> None:
    inbound = InboundText(
        message_sid=f"SM{sid:0>32}",
        sender=sender,
        virtual_number=NUMBER,
        body="hello",
        media=0,
        opt_out=None,
    )
    relay_text(world.services, inbound, now=now, said_at=now)


def counts(world: World) -> dict[tuple[Kind, str], int]:
    return dict(count_under_keys(world.deployment))


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (1_795_876_140, "2026-11-28 14:29 UTC"),
        (1_795_876_141, "2026-11-28 14:30 UTC"),
        (1_795_876_199, "2026-11-28 14:30 UTC"),
        (1_795_876_200, "2026-11-28 14:30 UTC"),
    ],
)
def test_a_key_is_not_said_to_be_free_before_its_minute(moment: float, said: str) -> None:
    assert spoken(moment) == said


def test_what_is_under_the_former_keys_moves_to_the_first(world: World) -> None:
    session = world.open(context="Cook")
    text(world)
    assert counts(world) == {(kind, "k1"): 2 - (kind is Kind.TEXT) for kind in Kind}
    fronted = under(world, FRONTED)

    steps: list[int] = []
    done = reseal(fronted.deployment, progress=steps.append, clock=lambda: NOW)

    assert sum(steps) == count_steps(fronted.deployment) == 4
    assert (done.phones, done.bindings, done.texts, done.sessions) == (2, 2, 1, 1)
    assert (done.left, done.unreadable) == (0, 0)
    assert counts(world) == {(kind, "k2"): 2 - (kind is Kind.TEXT) for kind in Kind}
    last = under(world, LAST)
    store = last.services.store
    kept = store.sessions.get(session.id)
    assert kept is not None
    assert store.sessions.is_genuine(kept)
    assert context_of(last.services, kept) == "Cook"
    carl = store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert open_phone_of(last.services, carl).reveal() == CARL
    assert kept.candidate.phone_index == last.services.vault.indexes_of(CARL)[0]
    audit_people(store.client, store, ["us"], NOW)


def test_a_second_run_finds_nothing_to_do(world: World) -> None:
    world.open()
    text(world)
    fronted = under(world, FRONTED)
    first = run(fronted)
    assert run(fronted) == Resealed(codes=first.codes, codes_until=first.codes_until)


def test_a_phone_that_was_put_under_the_new_keys_has_its_bindings_moved(world: World) -> None:
    """A PUT renews the indexes on record, and no bindings."""
    world.open()
    fronted = under(world, FRONTED)
    register_candidate(
        fronted.services, "carl", CandidateDetails(phone=CARL), client_id=ASKER, now=NOW
    )
    done = run(fronted)
    assert (done.phones, done.bindings) == (1, 2)
    audit_pool(world.services.store.client, "us")


def test_a_code_keeps_its_key_until_its_session_ends(world: World) -> None:
    """And the old key is said to be needed until then: without it nobody is connected there."""
    session = world.open()
    fronted = under(world, FRONTED)
    done = run(fronted)
    assert (done.codes, done.codes_until) == (1, session.expires_at)
    last = under(world, LAST)
    kept = last.services.store.sessions.get(session.id)
    assert kept is not None
    assert not is_ours(last.services, kept)
    world.services.store.sessions.close(session.id, ClosedReason.BY_API, now=NOW)
    assert run(fronted).codes_until == 0


def test_bindings_of_a_phone_that_its_owner_has_left_are_waited_for(world: World) -> None:
    """Its number is known no more. One that is left after the first run was bound under the first
    key."""
    world.open()
    register_candidate(
        world.services, "carl", CandidateDetails(phone=EVE), client_id=ASKER, now=NOW
    )
    fronted = under(world, FRONTED)
    (cooling,) = world.services.store.client.zrange("{main}/us:cooling", 0, -1, withscores=True)
    first = run(fronted)
    assert first.bindings_until == math.ceil(cooling[1])
    register_candidate(
        fronted.services, "carl", CandidateDetails(phone=DAN), client_id=ASKER, now=NOW + 60
    )
    assert run(fronted, now=NOW + 61).bindings_until == math.ceil(cooling[1])
    assert run(fronted, now=cooling[1] + 1).bindings_until == 0


@pytest.mark.parametrize("is_put_back", [True, False])
def test_what_cannot_be_opened_is_counted_and_left(world: World, is_put_back: bool) -> None:
    world.open()
    text(world)
    other = KeyRing((K2, ("k1", bytes(32))))
    done = reseal(
        replace_vault(world, Vault(other, FRONTED)), progress=lambda _: None, clock=lambda: NOW
    )
    assert (done.unreadable, done.phones, done.texts) == (3, 0, 0)
    assert counts(world)[Kind.PHONE, "k1"] == 2
    if is_put_back:
        assert run(under(world, FRONTED)).unreadable == 0


def replace_vault(world: World, vault: Vault) -> Deployment:
    return make_deployment(world.services.store.client, vault=vault, jobs=RecordingJobs())


def test_why_texts_do_not_reach_a_phone_is_known_at_its_new_index(world: World) -> None:
    world.open()
    store = world.services.store
    index = world.services.vault.indexes_of(CARL)[0]
    store.client.hset(KEYS.reach, "candidate:carl", f"{Reach.UNREACHABLE} {index}")
    run(under(world, FRONTED))
    last = under(world, LAST).services.store.people
    carl = last.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert carl.sms is Reach.UNREACHABLE


class Meanwhile:
    """Lets others do something once, right before a script runs."""

    def __init__(self, world: World, script: str, act: Callable[[], object]) -> None:
        scripts = world.services.store.resealing._scripts
        self._run, self._script, self._act = scripts.run, script, act
        world.services.store.people._scripts = self  # type: ignore[assignment]
        world.services.store.resealing._scripts = self  # type: ignore[assignment]

    def run(self, name: str, *args: Any, **values: Any) -> Any:
        if name == self._script and self._act:
            act, self._act = self._act, None  # type: ignore[assignment]
            act()
        return self._run(name, *args, **values)


@pytest.mark.parametrize("script", ["reindex", "move_bindings", "reseal_text", "replace_stamped"])
def test_an_erasure_meanwhile_is_not_undone(world: World, script: str) -> None:
    world.open()
    text(world)
    fronted = under(world, FRONTED)
    Meanwhile(
        fronted,
        script,
        lambda: erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW),
    )
    run(fronted)
    store = world.services.store
    assert store.people.get(Role.CANDIDATE, "carl") is None
    assert not store.client.hexists(KEYS.seals, "candidate:carl")
    assert not list(store.client.scan_iter(KEYS.body("*")))
    audit_pool(store.client, "us")
    audit_under_keys(store.client)


def test_a_phone_change_meanwhile_is_not_undone(world: World) -> None:
    world.open()
    appended, fronted = under(world, APPENDED), under(world, FRONTED)
    phone = "+13105550140"
    Meanwhile(
        fronted,
        "reindex",
        lambda: register_candidate(
            appended.services, "carl", CandidateDetails(phone=phone), client_id=ASKER, now=NOW
        ),
    )
    run(fronted)
    carl = world.services.store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert open_phone_of(under(world, LAST).services, carl).reveal() == phone
    audit_people(world.services.store.client, fronted.services.store, ["us"], NOW)


def test_somebody_whom_another_process_changes_each_time_is_left_for_the_next_run(
    world: World,
) -> None:
    """A process that still has the old ring undoes it as often."""
    world.open()
    fronted = under(world, FRONTED)
    people = fronted.services.store.people
    found = people.reindex
    people.reindex = lambda person, **known: False  # type: ignore[method-assign]
    assert run(fronted).left == 2
    people.reindex = found  # type: ignore[method-assign]
    assert run(fronted).left == 0


def test_all_codes_that_keep_their_key_are_counted(world: World) -> None:
    world.open()
    world.open("nora", "dan")
    assert run(under(world, FRONTED)).codes == 2


def test_with_one_key_there_is_nothing_to_wait_for(world: World) -> None:
    world.open()
    assert run(world) == Resealed()


def test_a_binding_that_could_not_be_moved_is_waited_for_while_it_cools(world: World) -> None:
    """Its phone is known by both keys."""
    session = world.open()
    world.services.store.sessions.close(session.id, ClosedReason.BY_API, now=NOW)
    cools = world.services.store.client.zrange("{main}/us:cooling", 0, -1, withscores=True)
    fronted = under(world, FRONTED)
    fronted.services.store.resealing.move_bindings = lambda *_: False  # type: ignore[method-assign]

    assert run(fronted).bindings_until == math.ceil(max(until for _, until in cools))


def test_bindings_that_change_each_time_are_left_for_the_next_run(world: World) -> None:
    world.open()
    fronted = under(world, FRONTED)
    resealing = fronted.services.store.resealing
    found = resealing.move_bindings
    resealing.move_bindings = lambda *_: False  # type: ignore[method-assign]
    done = run(fronted)
    assert done.left == 2
    *_, index_key = what_may_go(fronted.deployment, done)
    assert "RELAY_INDEX_KEYS: k1 cannot go yet: 2 " in index_key
    resealing.move_bindings = found  # type: ignore[method-assign]
    *_, index_key = what_may_go(fronted.deployment, run(fronted))
    assert "1 open sessions have codes" in index_key


def test_somebody_erased_before_they_are_reached_is_passed_over(world: World) -> None:
    world.open()
    fronted = under(world, FRONTED)
    resealing = fronted.services.store.resealing
    gone = Indexed(Role.CANDIDATE, "gone", "k1:x", (), ("k1",))
    found = list(resealing.people())
    resealing.people = lambda: iter([[*found[0], gone]])  # type: ignore[method-assign]
    assert run(fronted).phones == 2


# --- what doctor says -----------------------------------------------------------------


def test_data_under_a_key_that_is_gone_is_named_with_how_much(world: World) -> None:
    world.open()
    text(world)
    found = list(check_former_keys(under(world, LAST).deployment))
    assert {check.verdict for check in found} == {Verdict.FAILED}
    assert {check.name for check in found} == {"keys"}
    assert "RELAY_SEALING_KEYS, and 2 phones and 1 texts" in found[0].detail
    assert "RELAY_INDEX_KEYS, and 2 people" in found[1].detail
    assert not list(check_former_keys(under(world, FRONTED).deployment))


def test_a_board_whose_credentials_nobody_can_read_is_named(world: World) -> None:
    vault = world.services.vault
    board = Board(
        name="second",
        spoken_name="Second",
        account_sid="AC" + "6" * 32,
        sealed_tokens=(vault.seal_token("6" * 32, board="second"),),
    )
    world.deployment.registry.put(board)
    fronted = under(world, FRONTED)
    assert not list(check_former_keys(fronted.deployment))
    sealed_alone = make_deployment(world.services.store.client, vault=Vault(LAST, FRONTED))
    (found,) = check_former_keys(sealed_alone)
    assert "k1 is no longer in RELAY_SEALING_KEYS, and credentials" in found.detail
    assert "second" in found.detail
    assert boards_under_keys(fronted.deployment) == {"k1": ["second"]}
    run(fronted)
    assert boards_under_keys(under(world, FRONTED).deployment) == {"k2": ["second"]}


def test_what_a_reseal_has_left_keeps_its_key_needed(world: World) -> None:
    world.open()
    run(under(world, FRONTED))
    marks = ClearedKeys(world.services.store.client)
    marks.note("k1", bindings=0, codes=NOW + 1e9)
    (found,) = check_former_keys(under(world, LAST).deployment)
    assert found.verdict is Verdict.FAILED
    assert "codes of open sessions" in found.detail
    marks.note("k1", bindings=1, codes=1)
    assert not list(check_former_keys(under(world, LAST).deployment))
    run(under(world, APPENDED))
    assert set(marks.all()) == {"k2"}


@pytest.mark.parametrize(
    "planted", ["", "x", "x y", "1", "1 x", "1 inf", "nan 1", "9" * 400 + " 1", "1 " + "9" * 300]
)
def test_figures_that_somebody_else_has_planted_need_no_key(world: World, planted: str) -> None:
    world.open()
    client, store = world.services.store.client, world.services.store
    known = store.resealing.counts()
    client.hset(DeploymentKeys().cleared_keys, "k0", planted)
    client.hset(store.keys.under_keys, "phone:k0", planted.partition(" ")[0].replace("1", "-1"))
    client.hset(store.keys.under_keys, "zzz:k1", 1)
    client.hset(store.keys.under_keys, "phone", 1)

    assert store.resealing.counts() == known
    assert "k0" not in ClearedKeys(client).all()
    assert not list(check_former_keys(world.deployment))
    run(under(world, FRONTED))


# --- anything in any order ------------------------------------------------------------


class Dying:
    """A client whose process is killed before one of its commands."""

    def __init__(self, client: FakeRedis, commands: int) -> None:
        self._client, self._left = client, commands

    def __getattr__(self, name: str) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Unavailable("killed")
        return getattr(self._client, name)


people = st.sampled_from(sorted(PHONES))
MORE_PHONES = [*PHONES.values(), "+13105550141", "+13105550142"]


class Rotation(RuleBasedStateMachine):
    """Processes of any ring of the rotation, side by side; each may be killed at any command."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.client = FakeRedis()
        self.texts = 0

    @initialize()
    def begin(self) -> None:
        before_the_rotation(self.client)

    def process(self, ring: KeyRing, commands: int = 10**6) -> World:
        return process(Dying(self.client, commands), ring)

    @rule(
        ring=st.sampled_from([APPENDED, FRONTED]),
        pair=st.sampled_from(
            [("rita", "carl"), ("rita", "dan"), ("nora", "carl"), ("nora", "eve")]
        ),
        commands=st.integers(1, 40),
    )
    def a_pair_is_connected(self, ring: KeyRing, pair: tuple[str, str], commands: int) -> None:
        self.attempt(lambda: self.process(ring, commands).open(*pair, now=self.now))

    @rule(
        ring=st.sampled_from([APPENDED, FRONTED]),
        ref=st.sampled_from(["carl", "dan", "eve"]),
        phone=st.sampled_from(MORE_PHONES),
        commands=st.integers(1, 40),
    )
    def somebody_is_put(self, ring: KeyRing, ref: str, phone: str, commands: int) -> None:
        services = self.process(ring, commands).services
        self.attempt(
            lambda: register_candidate(
                services,
                ref,
                CandidateDetails(phone=phone),
                take_over=True,
                renumber=True,
                client_id=ASKER,
                now=self.now,
            )
        )

    @rule(ref=st.sampled_from(["carl", "dan", "eve"]), commands=st.integers(1, 40))
    def somebody_is_erased(self, ref: str, commands: int) -> None:
        services = self.process(FRONTED, commands).services
        self.attempt(lambda: erase_participant(services, Role.CANDIDATE, ref, now=self.now))

    @rule(
        ring=st.sampled_from([APPENDED, FRONTED]),
        sender=people,
        commands=st.integers(1, 40),
    )
    def somebody_writes(self, ring: KeyRing, sender: str, commands: int) -> None:
        self.texts += 1
        world = self.process(ring, commands)
        self.attempt(lambda: text(world, str(self.texts), PHONES[sender], self.now))

    @rule(commands=st.integers(1, 60))
    def a_reseal_runs(self, commands: int) -> None:
        self.attempt(lambda: run(self.process(FRONTED, commands), now=self.now))

    @rule(seconds=st.integers(60, WEEK))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        self.attempt(lambda: recycle(self.process(FRONTED).services, now=self.now))

    def attempt(self, act: Callable[[], object]) -> None:
        """A process that was killed has done nothing by halves; what is refused is refused."""
        try:
            act()
        except (RelayError, PoolExhausted):
            self.client.delete(KEYS.guesses_by("phone", ASKER))

    @invariant()
    def the_counts_are_exact(self) -> None:
        audit_under_keys(self.client)

    @invariant()
    def p1_the_pool_is_consistent(self) -> None:
        audit_pool(self.client, "us")

    def teardown(self) -> None:
        """A run that is not ended leaves nothing under the old keys."""
        run(self.process(FRONTED), now=self.now)
        left = {key_id for _, key_id in count_under_keys(self.process(FRONTED).deployment)}
        assert left <= {"k2"}
        audit_under_keys(self.client)
        audit_pool(self.client, "us")


class TestCountsAreExactWhateverHappens(Rotation.TestCase):
    settings = settings(
        max_examples=25,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
