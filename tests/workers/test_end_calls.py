"""From an erasure to the carrier's REST API, by the job alone: no ticker recycles here."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Response

from relay.bootstrap import build_deployment
from relay.carrier.webhooks import InboundCall
from relay.domain.participant import Role
from relay.domain.routing import Bridge
from relay.embedded_redis import EmbeddedRedis
from relay.workflows.connect_call import connect_call
from relay.workflows.deployment import Deployment
from relay.workflows.erase_participant import erase_participant
from tests.e2e.stage import eventually
from tests.sandbox.stand_in_relay import StandInRelay
from tests.world import CARL, ENVIRONMENT, NUMBER, US, RecordingJobs, World, make_settings

pytestmark = pytest.mark.real_redis
SID = "CA" + "1" * 32
PATH = f"/2010-04-01/Accounts/{ENVIRONMENT['TWILIO_ACCOUNT_SID']}/Calls/{SID}.json"


@pytest.fixture
def twilio() -> Iterator[StandInRelay]:
    """In the carrier's place: it takes every request and remembers it."""
    with StandInRelay(ENVIRONMENT["TWILIO_AUTH_TOKEN"]) as server:
        server.answers[PATH] = Response("{}", content_type="application/json")
        yield server


@pytest.fixture
def deployment(
    tmp_path: Path, twilio: StandInRelay, work_under: Callable[..., None]
) -> Iterator[Deployment]:
    """As the web process has it; the worker makes its own from the same environment."""
    with EmbeddedRedis(tmp_path) as server:
        changes = {"REDIS_URL": server.url, "TWILIO_API_BASE_URL": twilio.url("")}
        work_under(**changes)
        yield build_deployment(make_settings(**changes))


@contextmanager
def a_worker() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "workers.worker", "texts"])
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_erasing_a_recruiter_ends_by_rest_the_call_that_rings_unguarded(
    deployment: Deployment, twilio: StandInRelay
) -> None:
    services, now = deployment.main, time.time()
    services.store.pools.put(US)
    services.store.numbers.add(
        NUMBER, "us", carrier_sid="PN" + "0" * 32, capabilities="vs", now=now
    )
    World(services, RecordingJobs(), deployment).open(now=now)
    inbound = InboundCall(call_sid=SID, caller=CARL, called=NUMBER)
    answered = connect_call(services, inbound, now=now)
    assert isinstance(answered.decision, Bridge)
    assert not answered.decision.is_guarded

    erase_participant(services, Role.RECRUITER, "rita", now=now)
    assert twilio.requests == []
    with a_worker():
        eventually(lambda: twilio.requests)

    (request,) = twilio.requests
    assert (request.method, request.path) == ("POST", PATH)
    assert request.form == {"Status": "completed"}
