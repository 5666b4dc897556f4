"""What the carrier keeps is deleted there when it is old enough, whether we know of it or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relay.carrier.client import Carrier
from relay.domain.board import NumberPlace
from relay.domain.policy import DAY
from relay.sandbox import SimulatedCarrier
from relay.store.keys import PoolKeys
from relay.workflows.delete_old_records import delete_old_records
from tests.key_ring import move_number
from tests.world import (
    CARL,
    NUMBER,
    OTHER_NUMBER,
    OUR_ACCOUNT,
    RITA,
    STRANGER,
    US,
    World,
    make_settings,
    make_world,
)

NOW = datetime.now(UTC).timestamp()
SETTINGS = make_settings()


class Scene:
    """A pool with NUMBER; the account also owns OTHER_NUMBER, which is none of ours."""

    def __init__(self, sandbox: SimulatedCarrier) -> None:
        self.sandbox = sandbox
        self.world: World = make_world(carrier=Carrier(OUR_ACCOUNT, base_url=sandbox.base_url))
        self.now = NOW

    @property
    def client(self) -> Any:
        return self.world.services.store.client

    def run(self, *, step: float = 0.0) -> None:
        def clock() -> float:
            self.now += step
            return self.now

        delete_old_records(self.world.services, clock=clock)

    def text(self, from_: str, to: str, *, age: float, status: str = "received") -> str:
        is_ours = from_ in {NUMBER, OTHER_NUMBER}
        message = self.sandbox.account.add_message(
            from_,
            to,
            "hello",
            direction="outbound-api" if is_ours else "inbound",
            status=status,
            prefix="SM",
        )
        self._dated(message, age)
        message.sent = message.created
        return message.sid

    def call(self, caller: str, *, age: float, status: str = "completed") -> list[str]:
        """The call and its leg to Carl."""
        parent = self.sandbox.account.add_call(caller, NUMBER, "inbound")
        leg = self.sandbox.account.add_call(NUMBER, CARL, "outbound-dial", parent.sid)
        for each in (parent, leg):
            self._dated(each, age)
            each.status, each.started = status, each.created
        return [parent.sid, leg.sid]

    def _dated(self, record: Any, age: float) -> None:
        record.created = datetime.fromtimestamp(self.now, UTC) - timedelta(seconds=age)

    @property
    def left(self) -> set[str]:
        return {*self.sandbox.account.messages, *self.sandbox.account.calls}

    @property
    def requests(self) -> list[str]:
        return [request.method for request in self.sandbox.rest_log]


@pytest.fixture
def scene() -> Iterator[Scene]:
    account = SETTINGS.twilio_account_sid, SETTINGS.twilio_auth_token.get_secret_value()
    with SimulatedCarrier(*account) as sandbox:
        sandbox.add_number(NUMBER)
        sandbox.add_number(OTHER_NUMBER)
        yield Scene(sandbox)
    assert sandbox.crashes == []


OLD, YOUNG = 7 * DAY + 60, 7 * DAY - 60


@pytest.mark.parametrize("precision", ["day", "second"])
def test_p2_both_ways_of_calls_and_texts_are_deleted_when_they_are_old(
    scene: Scene, precision: str
) -> None:
    scene.sandbox.faults.list_dates_by = precision  # type: ignore[assignment]
    scene.text(RITA, NUMBER, age=OLD)
    scene.text(NUMBER, CARL, age=OLD, status="delivered")
    scene.text(STRANGER, NUMBER, age=30 * DAY)
    scene.text(NUMBER, STRANGER, age=30 * DAY, status="sent")
    scene.call(STRANGER, age=OLD, status="no-answer")
    kept = {
        scene.text(RITA, NUMBER, age=YOUNG),
        scene.text(NUMBER, CARL, age=60, status="sent"),
        *scene.call(RITA, age=YOUNG),
        scene.text(RITA, OTHER_NUMBER, age=OLD),
        scene.text(OTHER_NUMBER, CARL, age=OLD, status="delivered"),
    }
    scene.run()
    assert scene.left == kept


def test_a_number_is_looked_at_once_a_day(scene: Scene) -> None:
    scene.run()
    asked = len(scene.requests)
    assert asked == 4
    late = scene.text(RITA, NUMBER, age=OLD)
    scene.now += DAY - 60
    scene.run()
    assert len(scene.requests) == asked
    assert late in scene.left
    scene.now += 120
    scene.run()
    assert late not in scene.left


def test_what_is_not_over_is_deleted_later_and_holds_nothing_up(scene: Scene) -> None:
    going_on = scene.call(RITA, age=OLD, status="in-progress")
    for _ in range(3):
        scene.text(RITA, NUMBER, age=OLD)
    scene.run()
    assert scene.left == {*going_on}
    for sid in going_on:
        scene.sandbox.account.calls[sid].status = "completed"
    scene.now += 2 * DAY
    scene.run()
    assert scene.left == set()


def test_a_run_ends_in_time_and_the_next_goes_on(scene: Scene) -> None:
    for _ in range(130):
        scene.text(RITA, NUMBER, age=OLD)
    scene.run(step=4)
    assert len(scene.left) == 30
    scene.run()
    assert scene.left == set()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_account_in_trouble_ends_the_run(scene: Scene, method: str) -> None:
    for _ in range(3):
        scene.text(RITA, NUMBER, age=OLD)
    scene.sandbox.faults.rest.next(status=401, code=20005, times=4, method=method)
    scene.run()
    assert scene.left
    scene.sandbox.faults.rest.clear()
    scene.run()
    assert scene.left == set()


def test_a_record_that_the_carrier_keeps_holds_no_other_up(scene: Scene) -> None:
    kept = scene.text(RITA, NUMBER, age=OLD)
    scene.text(CARL, NUMBER, age=OLD)
    scene.sandbox.faults.rest.next(status=400, code=20001, method="DELETE", path_contains=kept)
    scene.run()
    assert scene.left == {kept}


def test_a_record_that_somebody_else_has_deleted_is_fine(scene: Scene) -> None:
    sid = scene.text(RITA, NUMBER, age=OLD)
    del scene.sandbox.account.messages[sid]
    assert scene.world.services.carrier.records.delete(sid)


@pytest.mark.parametrize(
    ("retention", "is_kept"), [(None, True), (2 * DAY, False), (30 * DAY, True)]
)
def test_the_pools_policy_says_how_long(scene: Scene, retention: int | None, is_kept: bool) -> None:
    scene.world.services.store.pools.put(replace(US, carrier_retention=retention))
    scene.text(RITA, NUMBER, age=OLD)
    scene.run()
    assert bool(scene.left) is is_kept


def test_p9_a_number_that_was_planted_in_a_pool_keeps_its_records(scene: Scene) -> None:
    kept = scene.text(RITA, OTHER_NUMBER, age=OLD)
    scene.client.hset(PoolKeys("main", "us").numbers, OTHER_NUMBER, 7)
    scene.run()
    assert scene.left == {kept}


def leave(scene: Scene) -> None:
    """NUMBER goes out of its pool; the carrier has it still."""
    scene.run()
    scene.client.hdel(PoolKeys("main", "us").numbers, NUMBER)


def is_forgotten(scene: Scene) -> bool:
    return not scene.client.hexists(PoolKeys("main", "us").swept, NUMBER)


def give_back(scene: Scene) -> None:
    number = scene.sandbox.account.number(NUMBER)
    assert number is not None
    scene.sandbox.account.remove_number(number)
    scene.world.services.store.number_map.strike_off(NUMBER, NumberPlace("main", "us"))


@pytest.mark.parametrize("retention", [2 * DAY, None])
def test_a_number_that_was_given_back_leaves_nothing_behind(
    scene: Scene, retention: int | None
) -> None:
    leave(scene)
    scene.text(STRANGER, NUMBER, age=60)
    scene.world.services.store.pools.put(replace(US, carrier_retention=retention))
    scene.run()
    assert scene.left
    give_back(scene)
    scene.run()
    assert bool(scene.left) is (retention is None)
    assert is_forgotten(scene) is (retention is not None)


def test_a_number_that_is_in_another_pool_is_that_pool_s(scene: Scene) -> None:
    leave(scene)
    kept = scene.text(STRANGER, NUMBER, age=60)
    move_number(scene.client, NUMBER, "second", "us")
    scene.run()
    assert scene.left == {kept}
    assert is_forgotten(scene)


def test_p9_a_number_of_the_account_that_was_never_ours_keeps_its_records(scene: Scene) -> None:
    kept = scene.text(RITA, OTHER_NUMBER, age=OLD)
    scene.world.services.store.numbers.swept.note("us", OTHER_NUMBER, now=1)
    scene.run()
    assert scene.left == {kept}


@pytest.mark.plants_numbers
def test_p9_nobody_else_names_a_number_whose_records_are_deleted(scene: Scene) -> None:
    kept = scene.text(RITA, OTHER_NUMBER, age=OLD)
    swept = PoolKeys("main", "us").swept
    scene.run()
    scene.client.hset(swept, mapping={RITA: 1, CARL: scene.client.hget(swept, NUMBER)})
    scene.run()
    assert scene.left == {kept}
    assert scene.client.hkeys(swept) == [NUMBER]
    assert scene.world.services.store.alarms.all() == {"number": 2}


def test_a_run_that_is_late_for_the_next_number_leaves_it(scene: Scene) -> None:
    kept = scene.text(RITA, NUMBER, age=OLD)
    moments = iter([NOW, NOW, NOW + 30])
    delete_old_records(scene.world.services, clock=lambda: next(moments))
    assert scene.left == {kept}


def test_a_pool_whose_policy_somebody_has_written_is_passed_over(scene: Scene) -> None:
    """P9"""
    kept = scene.text(RITA, NUMBER, age=3 * DAY)
    scene.client.hset(PoolKeys("main", "us").policy, "carrier_retention", 2 * DAY)
    scene.run()
    assert scene.left == {kept}
