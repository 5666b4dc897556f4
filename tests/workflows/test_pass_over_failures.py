"""What fails for one board or pool is passed over, told and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import replace
from typing import Any

import fakeredis
import pytest
from redis import exceptions
from structlog.testing import capture_logs

from relay.carrier.numbers import OwnedNumber
from relay.domain.board import Board, NumberPlace
from relay.domain.errors import CarrierError, Unavailable
from relay.domain.participant import Role
from relay.domain.pool import Pool
from relay.domain.trouble import Trouble
from relay.store.keys import PoolKeys
from relay.workflows.ask_outcomes import ask_outcomes
from relay.workflows.delete_old_records import delete_old_records
from relay.workflows.erase_at_carrier import erase_at_carrier
from relay.workflows.erase_participant import erase_participant
from relay.workflows.forecast_pool import sample_pools
from relay.workflows.keep_headroom import keep_headroom
from relay.workflows.pass_over_failures import for_each_board
from relay.workflows.reconcile_inbound import reconcile_inbound
from relay.workflows.reconcile_numbers import compare_numbers, reconcile_numbers
from relay.workflows.release_numbers import release_numbers
from relay.workflows.rest_numbers import rest_numbers
from relay.workflows.resume_purchases import resume_purchases
from relay.workflows.services import Services
from tests.fake_redis import FakeRedis
from tests.workflows.texting import Stage
from tests.world import NOW, NUMBER, US, World, make_world

DAY = 24 * 3600
WORK: dict[str, Callable[[Services], object]] = {
    "release": lambda board: release_numbers(board, clock=lambda: NOW),
    "rest": lambda board: rest_numbers(board, now=NOW),
    "sample": lambda board: sample_pools(board, now=NOW),
    "headroom": lambda board: keep_headroom(board, clock=lambda: NOW),
    "delete old records": lambda board: delete_old_records(board, clock=lambda: NOW),
    "purchases": lambda board: resume_purchases(board, now=NOW),
}


@pytest.fixture
def world() -> World:
    """Boards main and second, each with the pools aa and us."""
    world = make_world()
    world.deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
    for services in world.deployment.boards():
        for name in ("aa", "us"):
            services.store.pools.put(
                Pool(name=name, country="US", release_idle_after=3600, carrier_retention=None)
            )
    return world


def run(world: World, work: Callable[[Services], object]) -> list[MutableMapping[str, Any]]:
    """Does the work for all boards, and returns what it said of passing something over."""
    with capture_logs() as events:
        for_each_board(world.deployment.boards(), work)
    return [event for event in events if event["event"].startswith("passed over")]


def counts(world: World) -> dict[str, int]:
    return world.services.store.passed_over.of(["", "main", "second"])


@pytest.mark.parametrize("step", WORK)
def test_a_damaged_pool_is_a_failure_of_its_board_that_is_told_with_its_cause(
    world: World, step: str
) -> None:
    keys = PoolKeys("second", "aa")
    damaged = keys.purchases if step == "purchases" else keys.policy
    world.deployment.client.delete(damaged)
    world.deployment.client.set(damaged, "damaged")

    (event,) = run(world, WORK[step])

    assert (event["event"], event["log_level"]) == ("passed over what failed", "error")
    assert (event["board"], event["pool"], event["step"]) == ("second", "aa", step)
    assert (event["error"], event["cause"]) == ("Unavailable", "ResponseError")
    assert counts(world) == {"": 0, "main": 0, "second": 1}


class Refusing:
    """A carrier that refuses all requests."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble

    def __getattr__(self, part: str) -> Refusing:
        return self

    def __call__(self, *_: Any, **__: Any) -> None:
        raise CarrierError(self._trouble, 20403)


AT_THE_CARRIER: dict[str, Callable[[Services], object]] = {
    "inbound list not available": lambda board: reconcile_inbound([board], clock=lambda: NOW),
    "old records not deleted": lambda board: delete_old_records(board, clock=lambda: NOW),
    "numbers not compared": lambda board: reconcile_numbers([board], clock=lambda: NOW),
    "not erased at the carrier": lambda board: erase_at_carrier(board, clock=lambda: NOW),
    "outcome not known": lambda board: ask_outcomes(board, clock=lambda: NOW + DAY),
}

#: Done once for all boards that use the account.
OF_AN_ACCOUNT = {"inbound list not available", "numbers not compared"}


@pytest.mark.parametrize("event", AT_THE_CARRIER)
@pytest.mark.parametrize(("trouble", "failures"), [(Trouble.ACCOUNT, 1), (Trouble.LATER, 0)])
def test_p4_work_that_the_carrier_refuses_is_a_failure_unless_that_passes_in_a_moment(
    event: str, trouble: Trouble, failures: int
) -> None:
    """Its job ends well, and tomorrow the work would be done as little as today."""
    stage = Stage(now=NOW)
    stage.store.pools.put(replace(US, carrier_retention=DAY))
    stage.send(stage.text().message)
    ref = stage.pair.session.party(Role.CANDIDATE).ref
    erase_participant(stage.services, Role.CANDIDATE, ref, now=NOW)
    for part in ("messages", "records", "numbers"):
        setattr(stage.carrier, part, Refusing(trouble))

    with capture_logs() as events:
        AT_THE_CARRIER[event](stage.services)

    assert [one["code"] for one in events if one["event"] == event] == [20403]
    whose = "" if event in OF_AN_ACCOUNT else "main"
    assert stage.store.passed_over.all() == ({whose: failures} if failures else {})


@pytest.mark.parametrize("step", ["release", "rest", "headroom"])
def test_a_mistake_ends_the_work_for_its_board_and_no_other(world: World, step: str) -> None:
    """What is stored for its first pool is read as we do not expect it."""
    keys, client = PoolKeys("main", "aa"), world.deployment.client
    number = "+14155550170"
    world.services.store.numbers.add(number, "aa", carrier_sid="PN1", capabilities="vs", now=NOW)
    client.hset(keys.number(number), "imported_at", "zz")
    client.hset(keys.policy, "open_sessions", "zz")

    (event,) = run(world, WORK[step])

    assert (event["event"], event["error"]) == ("passed over what failed", "ValueError")
    assert event["board"] == "main"
    assert "pool" not in event, "it was passed over inside its board"
    assert counts(world) == {"": 0, "main": 1, "second": 0}


@pytest.mark.parametrize(
    ("cause", "goes_on"),
    [
        (None, True),
        (exceptions.ResponseError("WRONGTYPE"), True),
        (exceptions.OutOfMemoryError("full"), True),
        (exceptions.NoPermissionError("none"), True),
        (exceptions.ConnectionError("lost"), False),
        (exceptions.TimeoutError("silent"), False),
        (OSError("no route"), False),
        (exceptions.BusyLoadingError("not yet"), False),
        (exceptions.ClusterDownError("no master"), False),
        (exceptions.MasterDownError("no master"), False),
        (exceptions.ReadOnlyError("no more"), False),
        (
            exceptions.ResponseError(
                "script: -READONLY You can't write against a read only replica."
            ),
            False,
        ),
    ],
)
def test_only_where_no_master_answers_are_its_other_boards_skipped(
    world: World, cause: Exception | None, goes_on: bool
) -> None:
    """Without a cause Unavailable is of ours: too few replicas, a clock, others at work."""
    had_their_turn = []

    def work(services: Services) -> None:
        had_their_turn.append(services.board.name)
        raise Unavailable("Too few replicas.") from cause

    events = run(world, work)

    assert had_their_turn == (["main", "second"] if goes_on else ["main"])
    assert {event["event"] for event in events} == {
        "passed over what failed" if goes_on else "passed over what the store does not reach"
    }
    assert len(events) == 2


class Listed:
    """The carrier's numbers. Who looks at one once more makes a mistake."""

    def __init__(self, *owned: OwnedNumber) -> None:
        self.numbers, self.messaging_services, self._owned = self, self, owned

    def list_owned(self) -> Iterator[OwnedNumber]:
        return iter(self._owned)

    def find_owned(self, number: str) -> OwnedNumber:
        raise ValueError(number)


def rented(number: str) -> OwnedNumber:
    return OwnedNumber(number=number, sid="PN" + "0" * 32, voice=True, sms=True, mms=True)


def damage_pools(services: Services) -> None:
    services.store.client.delete(services.store.keys.pools)
    services.store.client.set(services.store.keys.pools, "damaged")


def have_one_that_is_not_listed(services: Services) -> None:
    services.store.numbers.add(SECONDS, "us", carrier_sid="PN1", capabilities="vs", now=NOW)


def have_one_in_no_pool(services: Services) -> None:
    services.store.number_map.enter(SECONDS, NumberPlace("second", "us"))


SECONDS = "+14155550171"


@pytest.mark.parametrize(
    ("hurt", "listed"),
    [
        (damage_pools, NUMBER),
        (have_one_that_is_not_listed, NUMBER),
        (have_one_in_no_pool, SECONDS),
    ],
)
def test_what_cannot_be_compared_is_a_failure_of_its_board_and_of_no_other(
    world: World, hurt: Callable[[Services], None], listed: str
) -> None:
    carrier = Listed(*(rented(number) for number in {NUMBER, listed}))
    boards = [replace(board, carrier=carrier) for board in world.deployment.boards()]
    hurt(boards[1])

    with capture_logs() as events:
        found = compare_numbers(boards, clock=lambda: NOW, fix=False).findings

    assert {finding.board for finding in found} == {"main"}
    (event,) = (one for one in events if one["event"].startswith("passed over"))
    assert (event["board"], event["step"]) == ("second", "compare")
    assert counts(world) == {"": 0, "main": 0, "second": 1}


def test_services_that_refuse_to_be_compared_are_a_failure_of_their_board() -> None:
    stage = Stage(TWILIO_MESSAGING_SERVICE_SID="MG" + "1" * 32)
    stage.carrier.messaging_services = Refusing(Trouble.ACCOUNT)
    stage.carrier.numbers = Listed(*map(rented, stage.pair.numbers))

    compare_numbers([stage.services], clock=lambda: NOW, fix=False)

    assert stage.store.passed_over.all() == {"main": 1}


def test_a_lost_master_keeps_no_board_of_another_one_waiting(world: World) -> None:
    lost = make_world(FakeRedis(fakeredis.FakeServer())).services
    had_their_turn = []

    def work(services: Services) -> None:
        if services is lost:
            raise Unavailable("away") from exceptions.ConnectionError("lost")
        had_their_turn.append(services.board.name)

    for_each_board([lost, *world.deployment.boards()], work)

    assert had_their_turn == ["main", "second"]


def test_a_store_that_is_away_is_no_failure_of_a_board(world: World) -> None:
    server = fakeredis.FakeServer()
    away = make_world(FakeRedis(server)).services
    server.connected = False

    with capture_logs() as events:
        for_each_board([away, away], WORK["rest"])

    assert [event["log_level"] for event in events] == ["warning"] * 2
    server.connected = True
    assert away.store.passed_over.of(["", "main"]) == {"": 0, "main": 0}
