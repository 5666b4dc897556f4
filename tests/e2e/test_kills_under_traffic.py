"""P4 and P5 under ``kill -9`` while calls, texts and requests go on: what was acknowledged is
there, and every text that was accepted arrives once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from relay.sandbox.service import Service, simulated_carrier
from tests.e2e.killing import LIMIT
from tests.e2e.stage import eventually
from tests.e2e.traffic import Rates, Traffic

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(240)]

_RATES = Rates(calls=10, texts=5, requests=4)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Traffic]]:
    with (
        simulated_carrier(seed=11) as carrier,
        Service(
            carrier,
            tmp_path_factory.mktemp("killed"),
            extra_environment={"API_REQUESTS_PER_MINUTE": "1000000"},
        ) as service,
    ):
        yield service, Traffic(service, carrier, pairs=50)
    assert carrier.crashes == []


def kill_all(name: str) -> Callable[[Service], None]:
    """A process of the Procfile with all its children, as when a dyno dies."""
    return lambda service: service.kill(name)


def kill_the_supervisor_alone(service: Service) -> None:
    """Its workers outlive it only until the system tells them."""
    supervisor = service.processes.pop("worker")
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()


@pytest.mark.parametrize(
    ("kill", "name"),
    [
        (kill_all("web"), "web"),
        (kill_all("worker"), "worker"),
        (kill_the_supervisor_alone, "worker"),
        (kill_all("scheduler"), "scheduler"),
    ],
    ids=["web", "worker", "supervisor", "scheduler"],
)
def test_p4_nothing_is_lost_with_a_process(
    scene: tuple[Service, Traffic], kill: Callable[[Service], None], name: str
) -> None:
    service, traffic = scene

    with traffic.running(_RATES):
        time.sleep(1)
        kill(service)
        killed_at = time.monotonic()
        service.start(name)
        eventually(lambda: _all_work(traffic, killed_at))

    eventually(lambda: not traffic.missing_texts(accepted_only=True), seconds=LIMIT)
    assert traffic.lost_calls() == []
    assert traffic.lost_requests() == []
    assert traffic.doubled_texts() == []


def _all_work(traffic: Traffic, killed_at: float) -> bool:
    """For a second and a half, and not for what was under way when something was killed."""
    since = time.monotonic() - 1.5
    return since > killed_at + 1 and all(
        kind.works_since(since) and not any(at > since for at in kind.failed_at)
        for kind in (traffic.calls, traffic.texts, traffic.requests)
    )
