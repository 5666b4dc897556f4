"""Somebody has captured genuine webhooks and sends them again, hoping for a better answer (P2)."""

from __future__ import annotations

import pytest

from relay.carrier.webhooks import InboundCall
from relay.domain.routing import AskAccessCode, Bridge, CodeQuestion, Decline, Refusal
from relay.domain.session import ClosedReason
from relay.domain.texts import AcceptState
from relay.store.messages import REFUSED_FOR
from relay.workflows.connect_call import AnsweredCall, connect_call, take_code
from tests.workflows.texting import Stage, share_the_number
from tests.world import CARL, EVE, NORA, NOW, NUMBER, RITA, World, make_world

DAY = 24 * 3600
AGAIN = Decline(refusal=Refusal.CALL_AGAIN)


@pytest.fixture
def world() -> World:
    return make_world()


def call(world: World, caller: str, *, sid: str = "CA1", now: float = NOW) -> AnsweredCall:
    inbound = InboundCall(call_sid=sid, caller=caller, called=NUMBER)
    return connect_call(world.services, inbound, now=now)


@pytest.mark.parametrize("later", [1, 3600, 8 * DAY, 29 * DAY])
def test_p2_a_refused_call_that_is_replayed_is_not_connected_later(
    world: World, later: float
) -> None:
    """It came before Rita had a session there; one has been opened since."""
    refused = call(world, RITA).decision
    assert refused == Decline(refusal=Refusal.NOT_CONNECTED)
    world.open(now=NOW + later, ttl=7 * DAY)
    assert call(world, RITA, now=NOW + later + 1).decision == AGAIN
    fresh = call(world, RITA, sid="CA2", now=NOW + later + 1).decision
    assert isinstance(fresh, Bridge)


def test_p2_a_connected_call_that_is_replayed_tells_nothing_when_its_record_has_gone(
    world: World,
) -> None:
    world.open(ttl=20 * DAY)
    assert isinstance(call(world, RITA).decision, Bridge)
    world.services.store.client.delete("{main}:call:CA1", "{main}:leases")
    assert call(world, RITA, now=NOW + 10 * DAY).decision == AGAIN


def test_a_repeated_question_is_asked_again_and_connects_nobody_by_itself(world: World) -> None:
    """The carrier repeats the webhook of a stranger, who has got a session by then."""
    world.open()
    first = call(world, NORA).decision
    assert isinstance(first, AskAccessCode)
    assert first.question is CodeQuestion.STRANGER
    world.services.store.numbers.add(
        "+14155550193", "us", carrier_sid="PN" + "1" * 32, capabilities="vs", now=NOW
    )
    world.open("nora", "eve")
    assert call(world, NORA, now=NOW + 1).decision == first
    assert call(world, NORA, now=NOW + 2).decision == first


def test_p2_a_code_that_is_replayed_connects_nobody_later(world: World) -> None:
    """It was wrong when it was entered, and is the code of a later session."""
    session = world.open()
    inbound = InboundCall(call_sid="CA1", caller=NORA, called=NUMBER)
    call(world, NORA)

    def enter(code: str, now: float) -> AnsweredCall:
        return take_code(world.services, "us.CA1", inbound, code=code, attempt="1", now=now)

    wrong = "0" * 6
    assert isinstance(enter(wrong, NOW).decision, AskAccessCode)
    client = world.services.store.client
    client.hset("{main}:codes", f"{NUMBER}:{wrong}", session.id)
    assert isinstance(enter(wrong, NOW + 1).decision, AskAccessCode), "a wrong one stays wrong"
    client.delete("{main}:tries:CA1")  # its hour is over
    assert enter(wrong, NOW + 3601).decision == AGAIN


@pytest.mark.parametrize("gone", [None, "{main}:sessions"])
def test_p2_a_right_code_of_a_closed_session_is_refused_when_it_is_replayed(
    world: World, gone: str | None
) -> None:
    """The pair has an open session again by then, with the same code."""
    session = world.open()
    world.services.store.sessions.close(session.id, ClosedReason.BY_API, now=NOW)
    inbound = InboundCall(call_sid="CA1", caller=NORA, called=NUMBER)
    call(world, NORA, now=NOW + 1)

    def enter(now: float) -> Refusal:
        code = session.access_code
        answer = take_code(world.services, "us.CA1", inbound, code=code, attempt="1", now=now)
        assert isinstance(answer.decision, Decline)
        return answer.decision.refusal

    assert enter(NOW + 2) is Refusal.NO_LONGER_CONNECTED
    assert world.open().access_code == session.access_code
    if gone:
        world.services.store.client.hdel(gone, session.id)
    assert enter(NOW + 3) is Refusal.NO_LONGER_CONNECTED


def test_p2_a_right_code_that_is_replayed_when_its_call_is_off_record_connects_nobody(
    world: World,
) -> None:
    session = world.open()
    inbound = InboundCall(call_sid="CA1", caller=NORA, called=NUMBER)
    call(world, NORA)

    def enter(now: float) -> AnsweredCall:
        code = session.access_code
        return take_code(world.services, "us.CA1", inbound, code=code, attempt="1", now=now)

    assert isinstance(enter(NOW + 1).decision, Bridge)
    world.services.store.client.delete("{main}:call:CA1", "{main}:leases")
    assert enter(NOW + 2).decision == AGAIN


def test_p2_a_code_of_a_call_that_was_never_asked_connects_nobody(world: World) -> None:
    session = world.open()
    inbound = InboundCall(call_sid="CAmadeup", caller=NORA, called=NUMBER)
    code = session.access_code
    entered = take_code(world.services, "us.CAmadeup", inbound, code=code, attempt="1", now=NOW)
    assert entered.decision == AGAIN


@pytest.mark.parametrize("later", [1, REFUSED_FOR + 1, 29 * DAY])
def test_p2_a_refused_text_that_is_replayed_is_not_relayed_later(later: float) -> None:
    stage = Stage()
    assert stage.text(EVE, "who is there?", sid="SM1").outcome == "stranger"
    stage.now += later
    stage.client.delete("{main}:refused:SM1")  # its week is over
    stage.pair.connect(EVE, CARL, now=stage.now - 1)
    assert stage.text(EVE, "who is there?", sid="SM1").outcome == "duplicate"
    stage.work()
    assert stage.arrived == []


def test_p1_a_refused_text_that_comes_again_gets_its_first_answer() -> None:
    """Though its sender could write to that session by then: they were told that it was closed."""
    stage = Stage()
    eves = share_the_number(stage)
    stage.store.sessions.close(eves.id, ClosedReason.BY_API, now=NOW)
    first = stage.text(RITA, f"{eves.access_code} hello", sid="SM1").accepted
    assert first.state is AcceptState.CLOSED
    stage.pair.connect(RITA, EVE, now=NOW)
    assert REFUSED_FOR - 60 < stage.client.ttl("{main}:refused:SM1") <= REFUSED_FOR

    assert stage.text(RITA, f"{eves.access_code} hello", sid="SM1").accepted == first
    stage.work()
    assert stage.arrived == []


def test_p2_a_relayed_text_that_is_replayed_is_not_relayed_again() -> None:
    stage = Stage()
    message = stage.text(RITA, "hello", sid="SM1").message
    stage.work()
    stage.client.delete(f"{{main}}:message:{message}")  # its retention is over
    stage.now += 6 * DAY
    assert stage.text(RITA, "hello", sid="SM1").outcome == "duplicate"
    stage.work()
    assert len(stage.arrived) == 1


def test_a_sid_is_kept_as_an_integer_of_eight_bytes(world: World) -> None:
    call(world, RITA, sid="CA" + "7" * 32)
    client = world.services.store.client
    (key,) = client.scan_iter("{main}:decided:*")
    (mark,) = client.smembers(key)
    assert int(mark) < 2**63
    assert 30 * DAY < client.ttl(key) <= 60 * DAY
