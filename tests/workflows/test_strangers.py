"""Who calls a number, is not known there and enters nothing is not answered for ever."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from relay.carrier.webhooks import InboundCall
from relay.domain import access_code
from relay.domain.routing import AskAccessCode, Bridge, CallDecision, Decline, Refusal, Reject
from relay.workflows.connect_call import connect_call, take_code
from tests.workflows.test_calls import turn_codes_off
from tests.world import NORA, NOW, NUMBER, OTHER_NUMBER, RITA, World, make_world

HOUR = 3600


class Line:
    """Calls on the world's numbers, each with a sid of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls = 0
        self.now = NOW

    def call(
        self, caller: str = NORA, *, called: str = NUMBER, sid: str = "", attestation: str = ""
    ) -> CallDecision:
        self.calls += 1
        inbound = InboundCall(
            call_sid=sid or f"CA{self.calls}",
            caller=caller,
            called=called,
            attestation=attestation,
        )
        return connect_call(self.world.services, inbound, now=self.now).decision

    def enter(self, code: str, caller: str = NORA) -> CallDecision:
        """In the latest call."""
        inbound = InboundCall(call_sid=f"CA{self.calls}", caller=caller, called=NUMBER)
        name = f"us.CA{self.calls}"
        return take_code(
            self.world.services, name, inbound, code=code, attempt="1", now=self.now
        ).decision


@pytest.fixture
def line() -> Line:
    world = make_world()
    world.open()
    return Line(world)


def counted(decision: str) -> float:
    return REGISTRY.get_sample_value("relay_calls_total", {"decision": decision}) or 0.0


def test_a_silent_stranger_is_asked_twice_and_then_rejected_for_an_hour(line: Line) -> None:
    assert isinstance(line.call(), AskAccessCode)
    line.now += HOUR - 10
    assert isinstance(line.call(), AskAccessCode)
    for _ in range(3):
        before = counted("rejected")
        assert line.call() == Reject()
        assert counted("rejected") == before + 1
    client = line.world.services.store.client
    (key,) = client.scan_iter("{main}:silent:*")
    assert 0 < client.ttl(key) <= HOUR, "Redis forgets it by itself"
    client.delete(key)
    assert isinstance(line.call(), AskAccessCode)


def test_a_rejected_call_does_not_lengthen_the_hour(line: Line) -> None:
    for _ in range(2):
        line.call()
    client = line.world.services.store.client
    (key,) = client.scan_iter("{main}:silent:*")
    client.expire(key, 10)
    assert line.call() == Reject()
    assert client.ttl(key) <= 10


def test_a_stranger_is_silent_on_one_number_and_for_themselves_alone(line: Line) -> None:
    numbers = line.world.services.store.numbers
    numbers.add(OTHER_NUMBER, "us", carrier_sid="PN2", capabilities="vsm", now=NOW)
    for _ in range(3):
        line.call()
    assert line.call(called=OTHER_NUMBER) == Decline(refusal=Refusal.NOT_CONNECTED)
    assert isinstance(line.call("+16175550124"), AskAccessCode)


@pytest.mark.parametrize("caller", ["anonymous", "+266696687", ""])
def test_withheld_callers_are_never_one_person(line: Line, caller: str) -> None:
    for _ in range(5):
        assert isinstance(line.call(caller), AskAccessCode)
    assert not list(line.world.services.store.client.scan_iter("{main}:silent:*"))


def test_who_enters_something_is_not_silent(line: Line) -> None:
    line.call()
    line.call()
    assert isinstance(line.enter("1"), AskAccessCode), "it was wrong"
    line.call()
    line.call()
    assert line.call() == Reject()


def test_who_has_entered_so_many_that_none_is_looked_at_is_silent(line: Line) -> None:
    """Else a machine that presses a key in each call would be answered for ever."""
    answered = 0
    for _ in range(60):
        answered += line.call() != Reject()
        line.enter("111111")
    assert answered <= access_code.TRIES_OF_STRANGERS + 2


def test_a_recruiter_on_another_phone_gets_in_at_the_second_call(line: Line) -> None:
    code = line.world.open().access_code
    line.call()
    line.call()
    assert isinstance(line.enter(code), Bridge)
    assert isinstance(line.call(), AskAccessCode)


def test_where_no_code_can_be_entered_strangers_hear_so_twice(line: Line) -> None:
    turn_codes_off(line.world)
    for _ in range(2):
        assert line.call() == Decline(refusal=Refusal.NOT_CONNECTED)
    assert line.call() == Reject()


def test_the_carrier_repeating_a_call_changes_nothing(line: Line) -> None:
    """Nor does who has captured its webhook learn anything by it."""
    asked = line.call(sid="CAx")
    assert [line.call(sid="CAx") for _ in range(3)] == [asked] * 3
    assert line.call(sid="CAy") == asked
    assert line.call(sid="CAz") == line.call(sid="CAz") == Reject()
    assert line.call(sid="CAx") == asked


def test_who_has_a_session_there_is_never_rejected(line: Line) -> None:
    """Nora calls too early: her session is opened when she has been rejected."""
    for _ in range(3):
        line.call()
    line.world.open("nora", "eve")
    assert isinstance(line.call(), Bridge)
    line.world.open("rita", "dan")
    for _ in range(4):
        assert isinstance(line.call(RITA), AskAccessCode), "she has several, and enters nothing"


def test_a_forged_caller_id_silences_nobody_whom_the_networks_vouch_for(line: Line) -> None:
    for _ in range(3):
        line.call(attestation="C")
    assert line.call(attestation="C") == Reject()
    assert isinstance(line.call(attestation="A"), AskAccessCode)
