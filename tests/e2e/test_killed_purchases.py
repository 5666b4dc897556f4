"""P4 for numbers under ``kill -9``: each is bought once and given back once, whoever dies.

All is killed first, then each test waits for what must come of its part: a dead buyer's lease lasts
90 s, and a pool is looked through each minute for numbers to give back, so that one after the other
would take minutes.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import pytest
import requests

from relay.domain.purchase import label_of
from relay.sandbox.rent import Rental
from tests.e2e.stage import POOL, Stage, eventually, set_stage

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(300)]

#: A dead buyer's lease, the sweeper's next look, and the purchases that are left.
BOUGHT_WITHIN = 120.0
#: Until the next look through the pool, or until RQ misses the worker and tries its job again.
RELEASED_WITHIN = 90.0
#: Longer than the carrier is waited for, and than what a test needs to kill who waits.
HELD = 30.0

WANTED = 2
#: The pools, each with the area that it orders from: nobody on the stage has a phone there.
NOT_TAKEN, TAKEN = "not-taken", "taken"
AREAS = {NOT_TAKEN: "617", TAKEN: "312"}


class Scene:
    """A stage on which four requests about numbers were at the carrier when their process died."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.jobs: dict[str, str] = {}
        self.drained = ""
        self.deleted = ""

    def job(self, pool: str) -> dict[str, Any]:
        found: dict[str, Any] = self.stage.api.ask("GET", f"/v1/jobs/{self.jobs[pool]}")
        return found

    def pool(self, name: str) -> set[str]:
        found = self.stage.api.ask("GET", f"/v1/numbers?pool={name}")
        return {number["phone_number"] for number in found["data"]}

    def rentals(self, area: str = "") -> list[Rental]:
        """All that ever were, those that have ended too."""
        ledger = list(self.stage.carrier.account.rent.rentals)
        return [rental for rental in ledger if rental.number.startswith(f"+1{area}")]

    def labelled(self, pool: str) -> set[str]:
        """What the carrier's list shows under the pool's label."""
        account = self.stage.carrier.account
        with account.lock:
            return {
                number.phone_number
                for number in account.numbers.values()
                if number.friendly_name == label_of("main", pool)
            }

    def order(self, pool: str) -> None:
        """Two numbers for a pool that may have no more than these."""
        self.stage.api.ask("PUT", f"/v1/pools/{pool}", {**POOL, "max_numbers": WANTED})
        place = {"country": "US", "area_code": AREAS[pool]}
        order = {"buy": place, "pool": pool, "count": WANTED}
        self.jobs[pool] = self.stage.api.ask("POST", "/v1/numbers", order)["id"]

    @contextmanager
    def held(self, method: str, path: str, *, has_effect: bool) -> Iterator[None]:
        """On leaving it waits until such a request hangs at the carrier, without an answer."""
        troubles: dict[str, Any] = (
            {"lost_reply": True, "hang": HELD} if has_effect else {"timeout": HELD}
        )
        carrier = self.stage.carrier
        before = len(carrier.rest_log)
        carrier.faults.rest.next(**troubles, method=method, path_contains=path)
        yield
        eventually(
            lambda: [
                request
                for request in carrier.rest_log[before:]
                if request.fault and request.method == method and path in request.path
            ],
            seconds=RELEASED_WITHIN,
        )

    def sid(self, number: str) -> str:
        owned = self.stage.carrier.account.number(number)
        assert owned
        return owned.sid


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with set_stage(tmp_path_factory.mktemp("purchases")) as stage:
        scene = Scene(stage)
        kill_buyer(scene, NOT_TAKEN, has_effect=False)
        kill_buyer(scene, TAKEN, has_effect=True)
        kill_web_while_a_number_is_given_back(scene)
        kill_worker_while_a_number_is_given_back(scene)
        yield scene


def kill_buyer(scene: Scene, pool: str, *, has_effect: bool) -> None:
    with scene.held("POST", "IncomingPhoneNumbers", has_effect=has_effect):
        scene.order(pool)
    kill_numbers_worker(scene.stage)
    assert len(scene.rentals(AREAS[pool])) == has_effect
    assert scene.job(pool)["bought"] == []


def kill_web_while_a_number_is_given_back(scene: Scene) -> None:
    """The answer to DELETE never comes, and the carrier has not done it."""
    stage = scene.stage
    scene.deleted = max(scene.pool("us"))

    def delete() -> None:
        with suppress(requests.ConnectionError):
            stage.api.send("DELETE", f"/v1/numbers/{scene.deleted}")

    asking = threading.Thread(target=delete)
    with scene.held("DELETE", scene.sid(scene.deleted), has_effect=False):
        asking.start()
    stage.service.kill("web")
    asking.join()
    stage.service.start("web")
    stage.service.wait_until("/readyz")


def kill_worker_while_a_number_is_given_back(scene: Scene) -> None:
    """The carrier has taken it back, and nobody here knows."""
    scene.drained = scene.stage.open(ttl=1, pool="us")["virtual_number"]
    with scene.held("DELETE", scene.sid(scene.drained), has_effect=True):
        scene.stage.api.ask("PATCH", f"/v1/numbers/{scene.drained}", {"status": "draining"})
    kill_numbers_worker(scene.stage)


def kill_numbers_worker(stage: Stage) -> None:
    """``kill -9`` of the worker that buys and gives back, and of the job it has forked."""
    supervisor = psutil.Process(stage.service.processes["worker"].pid)
    (worker,) = (child for child in supervisor.children() if child.cmdline()[-1] == "numbers")
    family = [worker, *worker.children(recursive=True)]
    assert len(family) == 2, "nothing was under way"
    for process in family:
        os.kill(process.pid, signal.SIGKILL)


def assert_bought_once(scene: Scene, pool: str) -> None:
    job = eventually(
        lambda: scene.job(pool),
        lambda found: found["status"] in {"done", "failed"},
        seconds=BOUGHT_WITHIN,
    )
    assert (job["status"], job["failures"]) == ("done", [])
    assert len(set(job["bought"])) == WANTED
    assert scene.pool(pool) == scene.labelled(pool) == set(job["bought"])
    # Never more than max_numbers, not for a moment: there was no other rental.
    assert sorted(r.number for r in scene.rentals(AREAS[pool])) == sorted(job["bought"])


def assert_given_back(scene: Scene, number: str) -> None:
    (rental,) = (one for one in scene.rentals() if one.number == number)
    # Somebody came back to it, also where the carrier had done it: else it would count for ever.
    is_over = {("DELETE", 204), ("GET", 404)}
    eventually(
        lambda: [
            request.status
            for request in scene.stage.carrier.rest_log
            if rental.sid in request.path
            and not request.fault
            and (request.method, request.status) in is_over
        ],
        seconds=RELEASED_WITHIN,
    )
    assert rental.released_at
    answer = scene.stage.api.send("GET", f"/v1/numbers/{number}")
    assert answer.status_code == 404, answer.text
    assert number not in scene.pool("us")


def test_p4_a_number_is_given_back_although_the_web_process_was_killed_on_the_way(scene):
    assert_given_back(scene, scene.deleted)


def test_p4_a_drained_number_is_given_back_although_the_worker_was_killed_on_the_way(scene):
    assert_given_back(scene, scene.drained)


def test_p4_a_buyer_killed_before_the_carrier_took_the_purchase_buys_each_number_once(scene):
    assert_bought_once(scene, NOT_TAKEN)


def test_p4_a_buyer_killed_after_the_carrier_took_the_purchase_buys_each_number_once(scene):
    assert_bought_once(scene, TAKEN)


def test_p4_after_all_kills_whatever_the_account_rents_is_in_a_pool(scene):
    for pool in AREAS:
        assert_bought_once(scene, pool)
    for number in (scene.deleted, scene.drained):
        assert_given_back(scene, number)

    rented = {rental.number for rental in scene.rentals() if rental.released_at is None}
    assert rented == {number for pool in ("us", *AREAS) for number in scene.pool(pool)}
    assert len(rented) == 1 + WANTED * len(AREAS)
    said = scene.stage.service.run("numbers", "reconcile")
    assert said == f"{len(rented)} rented, 0 left to mend"
