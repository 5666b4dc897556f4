"""Erasing somebody: gone for everybody at once, and nothing left to find their number by."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from relay.domain.errors import Conflict, NotFound, PhoneTaken
from relay.domain.participant import CandidateDetails, Role
from relay.domain.pool import Pool
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason
from relay.domain.texts import second_id
from relay.store.calls import CallLimits, IncomingCall
from relay.store.erasures import Erasures
from relay.store.keys import BoardKeys
from relay.store.phone_changes import ATTEMPTS
from relay.vault import Unreadable
from relay.workflows.erase_participant import erase_participant
from relay.workflows.recycle import ERASURES_REMEMBERED, recycle
from relay.workflows.register_participant import register_candidate
from relay.workflows.services import Services
from tests.invariants import audit_people, audit_pool
from tests.key_ring import marks_of
from tests.noted_scripts import NotedScripts
from tests.workflows.test_change_phone import Overtaken
from tests.workflows.texting import Stage
from tests.world import CARL, DAN, NOW, NUMBER, PHONES, RITA, World, make_world

KEYS = BoardKeys("main")
CARL_REF = "c-0127"
#: A seal opens for its owner alone.
OWNERS = [(role, ref) for role in Role for ref in (*PHONES, CARL_REF, "r-0101")]


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
            case "string":  # some are bitmaps
                found.append(client.execute_command("GET", key, NEVER_DECODE=True).decode("latin1"))
    return [piece for text in found for piece in text.replace("\n", "\t").split("\t")]


def phones_left(services: Services) -> set[str]:
    """Every number that can be recovered with our keys from what is in Redis."""
    return {
        phone
        for piece in texts_in(services.store.client)
        for role, ref in OWNERS
        if (phone := opened(services, piece, role, ref))
    }


def opened(services: Services, sealed: str, role: Role, ref: str) -> str:
    with suppress(Unreadable, ValueError):
        return services.vault.unseal_phone(sealed, board="main", role=role, ref=ref).reveal()
    return ""


def call(world: World, phone: str, *, sid: str = "CA1") -> RouteState:
    return world.services.store.calls.route(
        "us",
        IncomingCall(
            sid=sid,
            virtual_number=NUMBER,
            caller_indexes=world.services.vault.indexes_of(phone),
            attestation="",
            marks=marks_of(sid),
        ),
        limits=CallLimits(lease=600, repeatable=60, retention=1000),
        now=NOW,
    ).state


def make_final(world: World) -> None:
    """As when the files of Redis have been rewritten, and the carrier's records deleted."""
    erasures = world.services.store.erasures
    moment = erasures.latest_pending()
    assert moment is not None
    erasures.note_final(moment)
    for erasure in erasures.at_carrier.pending():
        erasures.at_carrier.note_done(erasure)


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
    stage.text(body="to Carl")
    stage.text(CARL, "from Carl")
    stage.text(CARL, "", media=1)
    assert CARL in phones_left(stage.services)

    erase_participant(stage.services, Role.CANDIDATE, carl, now=stage.now)
    assert CARL not in phones_left(stage.services)
    stage.work()

    assert CARL not in phones_left(stage.services)
    assert CARL not in [to for _, to, _ in stage.carrier.messages.sent]


def test_somebody_erased_is_unknown_and_can_come_again(world: World) -> None:
    world.open()
    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)
    assert world.services.store.people.get(Role.CANDIDATE, "carl") is None
    later = NOW + ERASURES_REMEMBERED + 1
    make_final(world)
    recycle(world.services, now=later)
    with pytest.raises(NotFound):
        erase_participant(world.services, Role.CANDIDATE, "carl", now=later)

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


def test_an_erasure_closes_what_is_in_every_pool_and_ends_what_is_on_its_way(world: World) -> None:
    """Carl has a session on one number in each of two pools; a call in one has begun."""
    add_pool(world, "ca", "+14165550152")
    world.open("rita", "carl", pool="us")
    world.open("nora", "carl", pool="ca")
    assert call(world, PHONES["rita"]) is RouteState.CONNECT

    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)

    sessions = world.services.store.sessions
    theirs = sessions.of_participant(Role.CANDIDATE, "carl")
    assert {(s.pool, s.closed_reason) for s in theirs} == {
        ("us", ClosedReason.ERASED),
        ("ca", ClosedReason.ERASED),
    }
    assert call(world, PHONES["rita"]) is RouteState.REPLAYED
    assert call(world, PHONES["rita"], sid="CA2") is RouteState.CLOSED
    audit_people(world.services.store.client, world.services.store, ["us", "ca"], NOW)


def test_p4_an_erasure_that_is_sent_again_erases_nobody_else(world: World) -> None:
    """Redis has done it, and its answer was lost on the way."""
    store = world.services.store
    scripts = NotedScripts(store.client)
    store.erasures = Erasures(store.client, scripts, store.keys)
    world.open()
    assert store.erasures.erase(Role.CANDIDATE, "carl", now=NOW)
    assert scripts.repeat("erase_participant") == "erased"
    make_final(world)
    recycle(world.services, now=NOW + ERASURES_REMEMBERED + 1)
    assert scripts.repeat("erase_participant") == "unknown"


def overtake(world: World, *acts: Any) -> Overtaken:
    """Another process acts before each try of the erasure that comes next."""
    store = world.services.store
    others = make_world(store.client)
    scripts = Overtaken(
        store.client, "erase_participant", [lambda act=act: act(others) for act in acts]
    )
    store.erasures = Erasures(store.client, scripts, store.keys)
    return scripts


def test_a_session_opened_meanwhile_in_another_pool_is_closed_too(world: World) -> None:
    add_pool(world, "ca", "+14165550152")
    world.open()
    scripts = overtake(world, lambda others: others.open("nora", "carl", pool="ca"))

    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)

    assert scripts.tries == 2
    theirs = world.services.store.sessions.of_participant(Role.CANDIDATE, "carl")
    assert [s.closed_reason for s in theirs] == [ClosedReason.ERASED] * 2
    audit_people(world.services.store.client, world.services.store, ["us", "ca"], NOW)


def test_a_phone_that_changes_meanwhile_is_forgotten_too(world: World) -> None:
    world.open()
    scripts = overtake(world, lambda others: _register(others, "carl", DAN))

    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)

    assert scripts.tries == 2
    assert not {CARL, DAN} & phones_left(world.services)
    assert _register(world, "eve", DAN)


def test_somebody_whom_others_change_again_and_again_is_erased_when_asked_again(
    world: World,
) -> None:
    world.open()
    phones = [f"+1917555012{place}" for place in range(ATTEMPTS)]
    overtake(
        world, *(lambda others, phone=phone: _register(others, "carl", phone) for phone in phones)
    )

    with pytest.raises(Conflict) as refused:
        erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)

    assert refused.value.retry_after == 1
    erase_participant(world.services, Role.CANDIDATE, "carl", now=NOW)
    assert not set(phones) & phones_left(world.services)


def words_left(stage: Stage) -> set[str]:
    """Keys of the bodies of texts."""
    return set(stage.client.scan_iter(KEYS.body("*")))


def erase_carl(stage: Stage) -> None:
    erase_participant(stage.services, Role.CANDIDATE, CARL_REF, now=stage.now)


def test_p2_the_words_of_texts_to_and_from_somebody_erased_are_gone(stage: Stage) -> None:
    """Of those that wait, those that are sent and not delivered yet, and those of a session that
    has ended since; of nobody else's."""
    ended, others = stage.pair.session, stage.pair.connect(RITA, DAN)
    stage.text(CARL, "sent")
    stage.work()
    stage.text(CARL, "of a session that has ended")
    stage.store.sessions.close(ended.id, ClosedReason.BY_API, now=stage.now)
    stage.now += 10
    again = stage.pair.connect(RITA, CARL, now=stage.now)
    assert again.virtual_number == NUMBER
    stage.text(CARL, "waits")
    kept = stage.text(DAN, "of somebody else", number=others.virtual_number).message
    assert len(words_left(stage)) == 4

    erase_carl(stage)
    assert words_left(stage) == {KEYS.body(kept)}

    arrived = len(stage.arrived)
    stage.work()
    assert stage.arrived[arrived:] == [(RITA, "of somebody else")]


def test_p2_the_words_of_a_text_that_comes_meanwhile_are_gone_too(stage: Stage) -> None:
    stage.text(CARL, "before")
    store = stage.store
    scripts = Overtaken(store.client, "erase_participant", [lambda: stage.text(RITA, "meanwhile")])
    store.erasures = Erasures(store.client, scripts, store.keys)

    erase_carl(stage)

    assert scripts.tries == 2
    assert words_left(stage) == set()


def test_p2_the_words_of_a_text_that_is_split_meanwhile_are_gone_too(stage: Stage) -> None:
    store = stage.store
    message = stage.text(RITA, "two parts").message
    store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=stage.now)
    store.messages.outbox.begin(message, token="t", now=stage.now)

    def split() -> bool:
        return store.messages.outbox.split(
            message, token="t", now=stage.now, first="two", second="parts"
        )

    scripts = Overtaken(store.client, "erase_participant", [split])
    store.erasures = Erasures(store.client, scripts, store.keys)
    erase_carl(stage)
    assert words_left(stage) == set()
    assert store.messages.read(second_id(message)) is not None, "it was split"


def test_texts_to_somebody_who_has_come_back_under_the_same_ref_go_on() -> None:
    stage = Stage()
    stage.text(body="to who was erased")
    assert stage.store.erasures.erase(Role.CANDIDATE, CARL_REF, now=stage.now)
    stage.pair.connect(RITA, DAN, candidate_ref=CARL_REF, now=stage.now)
    number = stage.store.sessions.of_participant(Role.CANDIDATE, CARL_REF)[0].virtual_number
    stage.text(body="welcome back", number=number)

    stage.work()
    assert stage.arrived == [(DAN, "welcome back")]
    assert CARL not in phones_left(stage.services)


def add_pool(world: World, name: str, number: str) -> None:
    store = world.services.store
    store.pools.put(Pool(name=name, country=name.upper(), allowed_countries=("US",)))
    store.numbers.add(number, name, carrier_sid="PN" + "1" * 32, capabilities="vs", now=NOW)


def _register(world: World, ref: str, phone: str) -> bool:
    return register_candidate(
        world.services,
        ref,
        CandidateDetails(phone=phone),
        client_id="board",
        now=NOW,
    ).is_new
