"""Calls that ring when one of their people is erased."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from relay.carrier.webhooks import InboundCall, KeyPress
from relay.domain.errors import CarrierError
from relay.domain.participant import Role
from relay.domain.trouble import Trouble
from relay.store.keys import BoardKeys
from relay.workflows.connect_call import connect_call
from relay.workflows.erase_participant import erase_participant
from relay.workflows.recycle import recycle
from relay.workflows.screen_call import take_answer
from tests.fake_redis import FakeRedis
from tests.world import CARL, DAN, NOW, NUMBER, RITA, World, make_world


@dataclass
class EndedCalls:
    """In place of the carrier's calls."""

    ended: list[str] = field(default_factory=list)
    trouble: CarrierError | None = None

    def end(self, call_sid: str) -> None:
        self.ended.append(call_sid)
        if self.trouble:
            raise self.trouble


@dataclass
class CallsOnly:
    calls: EndedCalls = field(default_factory=EndedCalls)


@pytest.fixture
def carrier() -> CallsOnly:
    return CallsOnly()


@pytest.fixture
def world(carrier: CallsOnly) -> World:
    world = make_world(carrier=carrier)
    world.open()
    return world


def call(world: World, caller: str, sid: str) -> None:
    inbound = InboundCall(call_sid=sid, caller=caller, called=NUMBER)
    connect_call(world.services, inbound, now=NOW)


def test_ringing_calls_of_who_is_erased_are_ended(world: World, carrier: CallsOnly) -> None:
    call(world, CARL, "CA1")
    call(world, RITA, "CA2")
    take_answer(
        world.services,
        "us.CA2",
        KeyPress(call_sid="CA3", parent_call_sid="CA2", digits="1"),
        turn="0",
        now=NOW,
    )
    erase_participant(world.services, Role.RECRUITER, "rita", now=NOW)
    assert world.jobs.ended == [(Role.RECRUITER, "rita")]
    assert carrier.calls.ended == []

    recycle(world.services, now=NOW + 1)

    assert carrier.calls.ended == ["CA1"], "the other one was taken, and goes on"


class CountingRedis(FakeRedis):
    """Counts how often each hash is read whole."""

    def __init__(self) -> None:
        super().__init__()
        self.read: Counter[str] = Counter()

    def hgetall(self, name: str) -> Any:
        self.read[name] += 1
        return super().hgetall(name)


def test_however_many_are_erased_the_calls_in_progress_are_read_once(carrier: CallsOnly) -> None:
    redis = CountingRedis()
    world, leases = make_world(redis, carrier=carrier), BoardKeys("main").leases
    for recruiter, candidate in (("rita", "carl"), ("nora", "dan")):
        world.open(recruiter, candidate)
    recycle(world.services, now=NOW)
    assert redis.read[leases] == 0, "nobody was erased"
    call(world, CARL, "CA1")
    call(world, DAN, "CA2")
    erase_participant(world.services, Role.RECRUITER, "rita", now=NOW)
    erase_participant(world.services, Role.CANDIDATE, "dan", now=NOW)
    redis.read.clear()

    recycle(world.services, now=NOW + 1)

    assert redis.read[leases] == 1
    assert sorted(carrier.calls.ended) == ["CA1", "CA2"]


def test_a_call_that_is_over_keeps_no_recycling(world: World, carrier: CallsOnly) -> None:
    call(world, CARL, "CA1")
    erase_participant(world.services, Role.RECRUITER, "rita", now=NOW)
    carrier.calls.trouble = CarrierError(Trouble.LATER, 21220)
    recycle(world.services, now=NOW + 1)
    assert carrier.calls.ended == ["CA1"]


def test_nobody_else_s_calls_are_ended(world: World, carrier: CallsOnly) -> None:
    call(world, CARL, "CA1")
    world.services.store.numbers.add(
        "+14155550193", "us", carrier_sid="PN" + "1" * 32, capabilities="vs", now=NOW
    )
    world.open("nora", "dan")
    erase_participant(world.services, Role.RECRUITER, "nora", now=NOW)
    recycle(world.services, now=NOW + 1)
    assert carrier.calls.ended == []


def test_who_comes_again_is_called_as_anybody_is(world: World, carrier: CallsOnly) -> None:
    erase_participant(world.services, Role.RECRUITER, "rita", now=NOW)
    world.services.store.numbers.add(
        "+14155550193", "us", carrier_sid="PN" + "1" * 32, capabilities="vs", now=NOW
    )
    number = world.open(now=NOW + 1).virtual_number
    inbound = InboundCall(call_sid="CA1", caller=CARL, called=number)
    connect_call(world.services, inbound, now=NOW + 2)
    assert world.services.store.calls.of_ids(["us.CA1"])

    recycle(world.services, now=NOW + 3)

    assert carrier.calls.ended == []
