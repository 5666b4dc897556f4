"""Somebody who can write to Redis tries to reach people, to read numbers and to speak for others.

Nora and Eve are the attacker's: Eve is a candidate with a phone of theirs (P9).
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from relay.carrier.codes import UNREADABLE_TEXT
from relay.carrier.webhooks import InboundCall, KeyPress
from relay.domain.errors import Conflict
from relay.domain.guard import GuardKind, GuardStyle
from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.domain.routing import AskAccessCode, AskHuman, Bridge, Decline, Refusal, TellWhoAndAsk
from relay.domain.session import ClosedReason, Session
from relay.store.alarms import Alarm
from relay.store.calls import Calls
from relay.store.keys import PoolKeys
from relay.store.records import Record
from relay.vault import Unreadable
from relay.workflows.connect_call import AnsweredCall, connect_call, take_code
from relay.workflows.open_seals import open_phone_of
from relay.workflows.register_participant import register_candidate, register_recruiter
from relay.workflows.screen_call import take_answer
from relay.workflows.word_answer import word_answer
from tests.key_ring import move_number
from tests.noted_scripts import NotedScripts
from tests.workflows.texting import Stage
from tests.world import (
    ASKER,
    CARL,
    DAN,
    EVE,
    NORA,
    NOW,
    NUMBER,
    RITA,
    STRANGER,
    World,
    make_world,
    stamped,
)

KEYS = PoolKeys("main", "us")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def victims(world: World) -> Session:
    """Rita and Carl on the number; the attacker's own session is open, too."""
    session = world.open("rita", "carl")
    add_another_number(world)
    world.open("nora", "eve")
    return session


def add_another_number(world: World) -> None:
    world.services.store.numbers.add(
        "+14155550193", "us", carrier_sid="PN" + "1" * 32, capabilities="vs", now=NOW
    )


def call(world: World, caller: str, *, sid: str = "CA1", called: str = NUMBER) -> AnsweredCall:
    inbound = InboundCall(call_sid=sid, caller=caller, called=called)
    return connect_call(world.services, inbound, now=NOW)


def alarms(world: World) -> dict[Alarm, int]:
    counts = world.services.store.alarms.of(Alarm)
    return {alarm: count for alarm, count in counts.items() if count}


def write(world: World, session_id: str, record_of: str, **fields: str) -> None:
    """Puts a session's record, with some fields changed, under an id."""
    client = world.services.store.client
    record = Record._make(client.hget(KEYS.sessions, record_of).split("\t"))
    client.hset(KEYS.sessions, session_id, "\t".join(record._replace(**fields)))


def assert_polite(answered: AnsweredCall) -> None:
    assert answered.decision == Decline(refusal=Refusal.TRY_LATER, locale="en")


def test_p9_a_seal_put_in_anothers_place_sends_no_call_to_the_attacker(
    world: World, victims: Session
) -> None:
    client = world.services.store.client
    client.hset(KEYS.seals, "candidate:carl", client.hget(KEYS.seals, "candidate:eve"))
    assert_polite(call(world, RITA))
    assert alarms(world) == {Alarm.SEAL: 1}


def test_p9_a_session_whose_candidate_was_replaced_connects_nobody(
    world: World, victims: Session
) -> None:
    write(world, victims.id, victims.id, candidate="eve")
    assert_polite(call(world, RITA))
    assert alarms(world) == {Alarm.SESSION: 1}


def test_p9_a_planted_session_connects_nobody(world: World, victims: Session) -> None:
    """Made from the attacker's own, with the victim for its candidate."""
    client, store = world.services.store.client, world.services.store
    theirs = store.sessions.of_participant(Role.RECRUITER, "nora")[0]
    write(world, "us.planted00000", theirs.id, candidate="carl")
    nora = world.services.vault.indexes_of(NORA)[0]
    client.hset(KEYS.phone(nora), theirs.virtual_number, "us.planted00000")
    assert_polite(call(world, NORA, called=theirs.virtual_number))
    write(world, theirs.id, theirs.id, candidate="carl")
    client.hset(KEYS.phone(nora), theirs.virtual_number, theirs.id)
    assert_polite(call(world, NORA, sid="CA2", called=theirs.virtual_number))
    assert alarms(world) == {Alarm.SESSION: 2}


def test_p9_a_phone_change_signs_no_planted_session(world: World) -> None:
    """Nora's phone becomes Rita's, whose session must leave the number that Nora's is on."""
    in_the_way = world.open("rita", "carl")
    assert world.open("nora", "dan").virtual_number == in_the_way.virtual_number
    add_another_number(world)
    write(world, in_the_way.id, in_the_way.id, candidate="eve")
    sessions = world.services.store.client.hkeys(KEYS.sessions)
    with pytest.raises(Conflict):
        register_recruiter(
            world.services,
            "rita",
            RecruiterDetails(phone=NORA),
            client_id=ASKER,
            renumber=True,
            now=NOW,
        )
    assert world.services.store.client.hkeys(KEYS.sessions) == sessions


@pytest.mark.parametrize("side", list(Role))
def test_p9_nobody_calls_for_somebody_else(world: World, victims: Session, side: Role) -> None:
    """The attacker's phone is written down as one of the victims', in everything that is clear."""
    client = world.services.store.client
    nora = world.services.vault.indexes_of(NORA)[0]
    write(world, victims.id, victims.id, **{f"{side}_index": nora})
    client.hset(KEYS.phone(nora), NUMBER, victims.id)
    ref = victims.party(side).ref
    client.hset(KEYS.person(side, ref), "indexes", nora)
    assert_polite(call(world, NORA))
    assert alarms(world) == {Alarm.CALLER: 1}


def test_p9_a_lease_that_was_written_in_connects_nobody_new(world: World, victims: Session) -> None:
    """A call on record gets its answer again; that it is the attacker's is seen each time."""
    client = world.services.store.client
    client.hset(KEYS.call("CA9"), mapping={"session": victims.id, "side": "recruiter"})
    client.hset(KEYS.leases, victims.id, f"CA9\t{int(NOW) + 99}\t{int(NOW)}\t1\t\n")
    assert_polite(call(world, NORA, sid="CA9"))


def test_p9_nobody_calls_as_the_candidate_by_a_planted_code_call(
    world: World, victims: Session
) -> None:
    client = world.services.store.client
    planted = {"session": victims.id, "side": "candidate", "by_code": "1"}
    client.hset(KEYS.call("CA9"), mapping=planted)
    client.hset(KEYS.leases, victims.id, f"CA9\t{int(NOW) + 99}\t{int(NOW)}\t1\t\n")
    again = call(world, NORA, sid="CA9").decision
    assert again == Decline(refusal=Refusal.CALL_AGAIN, locale=victims.candidate.locale)
    assert_polite(enter(world, NORA, victims.access_code, sid="CA9"))
    assert alarms(world) == {Alarm.CODE: 1}


def test_p9_a_recruiters_code_leads_to_no_other_candidate(world: World, victims: Session) -> None:
    """Eve, who is a candidate like any other, wants to be called by Rita, who calls Carl."""
    (eves,) = world.services.store.sessions.of_participant(Role.CANDIDATE, "eve")
    client = world.services.store.client
    client.hset(KEYS.codes, f"{NUMBER}:{victims.access_code}", eves.id)
    assert_polite(enter(world, RITA, victims.access_code, sid="CA8"))
    write(world, eves.id, eves.id, code=victims.access_code)
    assert_polite(enter(world, RITA, victims.access_code, sid="CA9"))
    assert alarms(world) == {Alarm.CODE: 2}


@pytest.mark.parametrize("asked", [False, True])
def test_p9_a_call_is_not_turned_to_another_candidate(
    world: World, victims: Session, asked: bool
) -> None:
    """Its record is changed between two of its webhooks."""
    (eves,) = world.services.store.sessions.of_participant(Role.CANDIDATE, "eve")
    client = world.services.store.client
    call(world, RITA, sid="CA9")
    planted = {"session": eves.id, "side": "recruiter", "by_code": "1" if asked else ""}
    client.hset(KEYS.call("CA9"), mapping=planted)
    client.hset(KEYS.leases, eves.id, f"CA9\t{int(NOW) + 99}\t{int(NOW)}\t1\t\n")
    if asked:
        assert_polite(enter(world, RITA, victims.access_code, sid="CA9"))
    else:
        assert_polite(call(world, RITA, sid="CA9"))


def test_p9_who_asks_again_for_a_call_that_goes_on_takes_nothing_back(
    world: World, victims: Session
) -> None:
    """It has a right signature and another caller: whoever made it has the auth token."""
    assert isinstance(call(world, RITA, sid="CA9").decision, Bridge)
    before = {key: world.services.store.client.dump(key) for key in leftovers(world)}
    inbound = InboundCall(call_sid="CA9", caller=NORA, called=NUMBER)
    assert_polite(connect_call(world.services, inbound, now=NOW + 5))
    assert {key: world.services.store.client.dump(key) for key in leftovers(world)} == before


def enter(world: World, caller: str, code: str, *, sid: str) -> AnsweredCall:
    """A code that this call was asked for."""
    world.services.store.client.hset(KEYS.tries(sid), "asked", "en")
    inbound = InboundCall(call_sid=sid, caller=caller, called=NUMBER)
    return take_code(world.services, f"us.{sid}", inbound, code=code, attempt="1", now=NOW)


def put_right(world: World, session: Session) -> None:
    write(world, session.id, session.id, candidate=session.candidate.ref)


def leftovers(world: World) -> set[str]:
    names = ("call:*", "tries:*", "leases", "interactions")
    client = world.services.store.client
    return {key for name in names for key in client.scan_iter(f"{{main}}:{name}")}


@pytest.mark.parametrize("later", [1, 120])
def test_p9_a_distrusted_call_that_comes_again_is_not_connected(
    world: World, victims: Session, later: int
) -> None:
    """The record has been put right by then. Like any refused call it is nowhere on record."""
    write(world, victims.id, victims.id, candidate="eve")
    assert_polite(call(world, RITA))
    assert leftovers(world) == set()
    put_right(world, victims)
    again = InboundCall(call_sid="CA1", caller=RITA, called=NUMBER)
    answered = connect_call(world.services, again, now=NOW + later)
    assert answered.decision == Decline(refusal=Refusal.CALL_AGAIN)
    assert isinstance(call(world, RITA, sid="CA2").decision, Bridge)


def test_p9_a_distrusted_call_by_code_that_comes_again_is_not_connected(
    world: World, victims: Session
) -> None:
    inbound = InboundCall(call_sid="CA1", caller=STRANGER, called=NUMBER)
    assert isinstance(connect_call(world.services, inbound, now=NOW).decision, AskAccessCode)

    def enter() -> AnsweredCall:
        code = victims.access_code
        return take_code(world.services, "us.CA1", inbound, code=code, attempt="1", now=NOW)

    write(world, victims.id, victims.id, candidate="eve")
    assert_polite(enter())
    assert leftovers(world) == set()
    put_right(world, victims)
    assert enter().decision == Decline(refusal=Refusal.CALL_AGAIN)
    answered = connect_call(world.services, inbound, now=NOW)
    assert answered.decision == Decline(refusal=Refusal.CALL_AGAIN)


def test_p9_a_planted_call_that_was_refused_is_not_connected_later(
    world: World, victims: Session
) -> None:
    client = world.services.store.client
    client.hset(KEYS.call("CA9"), mapping={"session": victims.id, "side": "candidate"})
    client.hset(KEYS.leases, victims.id, f"CA9\t{int(NOW) + 99}\t{int(NOW)}\t1\t\n")
    for _ in range(2):
        assert_polite(call(world, RITA, sid="CA9"))


def test_p2_a_code_entered_on_a_persons_number_is_told_to_nobody(
    world: World, victims: Session
) -> None:
    store = world.services.store
    scripts = NotedScripts(store.client)
    store.calls = Calls(store.client, scripts, store.keys)
    inbound = InboundCall(call_sid="CA9", caller=NORA, called=CARL)
    answered = take_code(world.services, "us.CA9", inbound, code="482913", attempt="1", now=NOW)
    assert isinstance(answered.decision, Decline)
    assert answered.decision.refusal is Refusal.NOT_CONNECTED
    assert CARL[-7:] not in str(scripts.sent)


def test_calls_go_on_after_all_that(world: World, victims: Session) -> None:
    answered = call(world, RITA)
    assert isinstance(answered.decision, Bridge)
    assert answered.decision.counterpart.reveal() == CARL
    assert alarms(world) == {}


def test_p9_a_copied_seal_is_never_sealed_again_under_its_nonce(
    world: World, victims: Session
) -> None:
    """Two ciphertexts under one nonce would give a number away by XOR."""
    client = world.services.store.client
    eves = client.hget(KEYS.seals, "candidate:eve")
    client.hset(KEYS.seals, "candidate:carl", eves)
    world.open("rita", "carl")
    world.open("rita", "carl")
    nonces = [_raw(sealed)[:12] for sealed in [eves, *client.hgetall(KEYS.seals).values()]]
    copies = nonces.count(_raw(eves)[:12])
    assert copies == 2, "the attacker's own and its record of it"
    carl = world.services.store.people.get(Role.CANDIDATE, "carl")
    assert carl is not None
    assert open_phone_of(world.services, carl).reveal() == CARL


def _raw(sealed: str) -> bytes:
    encoded = sealed.partition(":")[2]
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


@pytest.mark.parametrize(
    "place",
    [
        {"board": "second", "role": Role.CANDIDATE, "ref": "carl"},
        {"board": "main", "role": Role.RECRUITER, "ref": "carl"},
        {"board": "main", "role": Role.CANDIDATE, "ref": "eve"},
    ],
)
def test_p9_a_seal_opens_for_its_owner_alone(
    world: World, victims: Session, place: dict[str, Any]
) -> None:
    sealed = world.services.store.client.hget(KEYS.seals, "candidate:carl")
    with pytest.raises(Unreadable):
        world.services.vault.unseal_phone(sealed, **place)


# --- texts ------------------------------------------------------------------------------


@pytest.fixture
def stage() -> Stage:
    """Rita and Carl text on NUMBER; Nora and Eve, the attacker's, have a session of their own."""
    stage = Stage()
    stage.eves = stage.pair.connect(NORA, EVE)
    return stage


def change(stage: Stage, session: Session, **fields: str) -> None:
    record = Record._make(stage.client.hget(KEYS.sessions, session.id).split("\t"))
    stage.client.hset(KEYS.sessions, session.id, "\t".join(record._replace(**fields)))


def test_p9_a_waiting_text_cannot_be_turned_to_the_attackers_phone(stage: Stage) -> None:
    message = stage.text(RITA, "for Carl").message
    eves = stage.eves
    index = stage.pair.vault.indexes_of(EVE)[0]
    stage.client.hset(
        KEYS.message(message),
        mapping={"session": eves.id, "index": index, "number": eves.virtual_number},
    )
    stage.work()
    stage.now += 60
    stage.send(message)
    assert EVE not in [to for to, _ in stage.arrived]
    assert "for Carl" not in [body for _, body in stage.arrived]


def test_p9_a_text_turned_back_to_its_sender_is_not_sent(stage: Stage) -> None:
    """Rita would read her own words as Carl's."""
    message = stage.text(RITA, "my words").message
    stage.client.hset(KEYS.message(message), "side", "recruiter")
    stage.work()
    assert "my words" not in [body for _, body in stage.arrived]
    assert stage.store.alarms.of(Alarm)[Alarm.SEAL] == 1


def test_a_text_whose_lifetime_is_over_raises_no_alarm(stage: Stage) -> None:
    message = stage.text(RITA, "too late").message
    stage.client.delete(KEYS.body(message))
    stage.work()
    assert stage.record(message).error_code == UNREADABLE_TEXT
    assert "unreadable" in {one.why for one in stage.store.outcomes.all()}
    assert stage.store.alarms.of(Alarm)[Alarm.SEAL] == 0


def test_p9_a_text_copied_to_another_message_reaches_nobody(stage: Stage) -> None:
    """The attacker texts from a phone of theirs, and puts the victim's words in its place."""
    victim = stage.text(RITA, "for Carl").message
    own = stage.text(NORA, "hello", number=stage.eves.virtual_number).message
    stage.client.set(KEYS.body(own), stage.client.get(KEYS.body(victim)))
    stage.send(own)
    assert EVE not in [to for to, _ in stage.arrived]


@pytest.mark.parametrize("side", list(Role))
def test_p9_nobody_texts_for_somebody_else(stage: Stage, side: Role) -> None:
    stranger = "+16175550144"
    index = stage.pair.vault.indexes_of(stranger)[0]
    change(stage, stage.pair.session, **{f"{side}_index": index})
    stage.client.hset(KEYS.phone(index), NUMBER, stage.pair.session.id)
    assert stage.text(stranger, "I am somebody else").outcome == "distrusted"
    stage.work()
    assert stage.arrived == []


@pytest.mark.parametrize("was_attempted", [False, True])
def test_p9_a_text_is_sent_from_no_number_that_is_none_of_the_boards(
    stage: Stage, was_attempted: bool
) -> None:
    """Neither is the carrier asked what it has taken from such a number."""
    theirs = "+14155550199"
    message = stage.text(RITA, "for Carl").message
    carl = stage.pair.vault.indexes_of(CARL)[0]
    close = stage.store.sessions.close
    close(stage.pair.session.id, ClosedReason.EXPIRED, now=stage.now)
    entry = stage.client.hget(KEYS.message(message), "lane_entry")
    planted = entry.replace(NUMBER, theirs)
    stage.client.hset(KEYS.message(message), mapping={"number": theirs, "lane_entry": planted})
    if was_attempted:
        attempt = {"outcome_unknown": "1", "attempt": "t0", "attempted_at": f"{stage.now:.3f}"}
        stage.client.hset(KEYS.message(message), mapping=attempt)
    stage.client.zrem(KEYS.lanes, entry)
    stage.client.zadd(KEYS.lanes, {planted: 0})
    stage.client.hset(KEYS.phone(carl), theirs, stage.pair.session.id)
    stage.work()
    assert [number for number, _, _ in stage.carrier.messages.sent] == [NUMBER]
    assert stage.arrived[0][0] == RITA, "who is told that it failed"
    assert stage.carrier.messages.listed_since == []
    assert stage.record(message).status == "failed"
    assert stage.store.alarms.of(Alarm)[Alarm.NUMBER] == 1


def test_a_text_goes_out_from_a_number_that_came_back_since_it_was_looked_up(stage: Stage) -> None:
    """This process has read the map while another board had the number."""
    stage.text(CARL, "hello")
    move_number(stage.client, NUMBER, "second", "us", stage.services.vault.signer)
    stage.store.number_map.learn()
    move_number(stage.client, NUMBER, "main", "us", stage.services.vault.signer)
    stage.work()
    assert [words for _, words in stage.arrived] == ["hello"]
    assert not any(stage.store.alarms.of(Alarm).values())


LURE = "Pay at evil.example"


@pytest.fixture
def shared(stage: Stage) -> Session:
    """Rita's session with Dan, on the same number as Carl's: their texts have a code prefix."""
    for candidate in (EVE, DAN):  # the pair's other number goes to the first
        session = stage.pair.connect(RITA, candidate, context="Waiter")
    assert (session.virtual_number, session.code_needed) == (NUMBER, True)
    return session


@pytest.mark.parametrize(
    ("planted", "has_code", "alarm"),
    [
        ({"code": "right", "context": LURE}, True, Alarm.WORDS),
        ({"code": "right", "context": stamped("Cook", "nora", "eve")}, True, Alarm.WORDS),
        ({"part": LURE}, False, Alarm.WORDS),
        ({"code": LURE, "context": ""}, False, Alarm.CODE),
        ({"code": "\u0664\u0668\u0662\u0669\u0661\u0663", "context": ""}, False, Alarm.CODE),
        ({"code": "482913", "context": ""}, False, Alarm.CODE),
    ],
)
def test_p9_no_planted_words_stand_before_a_text(
    stage: Stage, shared: Session, planted: dict[str, str], has_code: bool, alarm: Alarm
) -> None:
    message = stage.text(DAN, "hello").message
    if planted.get("code") == "right":
        planted = planted | {"code": shared.access_code}
    stage.client.hset(KEYS.message(message), mapping=planted)
    stage.work()
    arrives = f"{shared.access_code}: hello" if has_code else "hello"
    assert stage.arrived == [(RITA, arrives)]
    assert stage.store.alarms.of(Alarm)[alarm] == 1


def test_p9_no_code_is_planted_before_a_text_to_a_candidate(stage: Stage, shared: Session) -> None:
    message = stage.text(RITA, f"{shared.access_code} hello").message
    stage.client.hset(KEYS.message(message), mapping={"code": "482913", "context": "x"})
    stage.work()
    assert stage.arrived == [(DAN, "hello")]


def test_p9_a_context_written_into_a_session_is_not_read_before_texts(
    stage: Stage, shared: Session
) -> None:
    change(stage, shared, context=LURE)
    stage.text(DAN, "hello")
    stage.work()
    assert stage.arrived == [(RITA, f"{shared.access_code}: hello")]


@pytest.mark.parametrize(("field", "left"), [("context", ["Carl", "Dan"]), ("code", ["Carl"])])
def test_p9_a_question_which_session_holds_no_planted_words(
    stage: Stage, shared: Session, field: str, left: list[str]
) -> None:
    change(stage, shared, **{field: LURE})
    answer = stage.text(RITA, "hello")
    words = word_answer(stage.services, answer, number=NUMBER, now=stage.now)
    codes = {"Carl": stage.pair.session.access_code, "Dan": shared.access_code}
    assert [name for name, code in codes.items() if code in words] == left
    assert LURE not in words


def test_p9_a_refusal_holds_no_planted_words(stage: Stage, shared: Session) -> None:
    change(stage, shared, context=LURE, channels="v")
    answer = stage.text(RITA, f"{shared.access_code} hello")
    assert answer.outcome == "no_sms"
    words = word_answer(stage.services, answer, number=NUMBER, now=stage.now)
    assert words.startswith(f"{shared.access_code}: ")
    assert LURE not in words


def test_p9_the_guard_tells_no_planted_context(world: World) -> None:
    session = world.open(context="Cook")
    write(world, session.id, session.id, context=LURE)
    assert isinstance(call(world, RITA).decision, Bridge)
    pressed = KeyPress(call_sid="CAleg", parent_call_sid="CA1", digits="2")
    told = take_answer(world.services, "us.CA1", pressed, turn="0", now=NOW)
    assert isinstance(told, TellWhoAndAsk)
    assert told.context == ""
    assert alarms(world) == {Alarm.WORDS: 1}


@pytest.mark.parametrize("planted", ["none named", "", "stamp none named", "another's"])
def test_p9_nobody_else_switches_a_guard_off_or_has_it_name_somebody(
    world: World, victims: Session, planted: str
) -> None:
    """The last one is the stamp that Eve's own board client asked for."""
    put_candidate(world, "eve", EVE, guard=GuardKind.NONE, guard_style=GuardStyle.NAMED)
    if planted == "another's":
        planted = world.services.store.people.get(Role.CANDIDATE, "eve").stamped_guard
        assert planted
    write(world, victims.id, victims.id, candidate_guard=planted)
    world.services.store.client.hset(KEYS.person(Role.CANDIDATE, "carl"), "guard", planted)

    assert call(world, RITA).decision.is_guarded
    spoken = KeyPress(call_sid="CAleg", parent_call_sid="CA1", digits="", is_speech=True)
    asked = take_answer(world.services, "us.CA1", spoken, turn="0", now=NOW)
    assert asked == AskHuman(locale="en", turn=1)
    put_candidate(world, "carl", CARL, locale="zh-CN")
    assert world.services.store.people.get(Role.CANDIDATE, "carl").stamped_guard == ""
    assert set(alarms(world)) == ({Alarm.GUARD} if planted else set())


def put_candidate(world: World, ref: str, phone: str, **details: Any) -> None:
    details = CandidateDetails(phone=phone, **details)
    register_candidate(world.services, ref, details, client_id=ASKER, now=NOW)


@pytest.mark.parametrize("outcome", ["distrusted", "duplicate"])
def test_p9_a_distrusted_text_that_comes_again_is_not_relayed(stage: Stage, outcome: str) -> None:
    """The record has been put right by then, and for the duplicate the refusal's week is over."""
    session = stage.pair.session
    change(stage, session, candidate=stage.eves.candidate.ref)
    assert stage.text(RITA, "for Carl", sid="SM1").outcome == "distrusted"
    change(stage, session, candidate=session.candidate.ref)
    if outcome == "duplicate":
        stage.client.delete(KEYS.refused("SM1"))
    assert stage.text(RITA, "for Carl", sid="SM1").outcome == outcome
    stage.work()
    assert stage.arrived == []


def test_p9_an_answer_goes_to_nobody_else_s_phone(stage: Stage) -> None:
    """The recruiter of the session was replaced by the attacker's; the candidate answers."""
    change(stage, stage.pair.session, recruiter=stage.eves.recruiter.ref)
    assert stage.text(CARL, "my answer").outcome == "distrusted"
    stage.work()
    assert stage.arrived == []
