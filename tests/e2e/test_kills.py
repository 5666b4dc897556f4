"""P4 under ``kill -9``: every accepted text arrives exactly once, within 30 s of the kill."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.e2e.stage import Stage, eventually, set_stage

pytestmark = [pytest.mark.kill, pytest.mark.slow]

LIMIT = 30.0
#: Long enough for a second copy to show up: a lane's lease, the settling, two sweeps.
QUIET = 10.0


@pytest.fixture(scope="module")
def whole_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory.mktemp("kills")) as stage:
        yield stage


@pytest.fixture
def stage(whole_stage: Stage) -> Iterator[Stage]:
    whole_stage.move_people()
    yield whole_stage
    whole_stage.carrier.faults.clear()
    for name in ("web", "worker", "scheduler"):
        if name not in whole_stage.service.processes:
            whole_stage.service.start(name)
    whole_stage.service.wait_until("/readyz")
    whole_stage.forget_people()


def kill_texts_workers(stage: Stage) -> None:
    """``kill -9`` of every process that sends texts, the jobs they have forked included."""
    supervisor = psutil.Process(stage.service.processes["worker"].pid)
    for child in supervisor.children(recursive=True):
        if "texts" in child.cmdline() or any("texts" in p.cmdline() for p in child.parents()[:1]):
            os.kill(child.pid, signal.SIGKILL)


def text(stage: Stage, body: str, *, timeout: float = 20.0) -> str:
    """Rita texts Carl; returns when the relay has accepted it."""
    session = stage.open()
    stage.phone("rita").text(session["virtual_number"], body).wait(timeout)
    return str(session["id"])


def assert_arrives_once(stage: Stage, bodies: list[str], killed_at: float) -> None:
    carl = stage.phone("carl")
    carl.wait_for_text(len(bodies), timeout=max(LIMIT - (time.monotonic() - killed_at), 0.1))
    assert carl.stays_silent(QUIET), [received.body for received in carl.texts]
    assert sorted(received.body for received in carl.texts) == sorted(bodies)


def test_p4_a_worker_killed_before_the_carrier_call(stage):
    stage.service.kill("worker")
    text(stage, "before")
    killed_at = time.monotonic()

    stage.service.start("worker")

    assert_arrives_once(stage, ["before"], killed_at)


def test_p4_a_worker_killed_during_a_carrier_call_without_effect(stage):
    rest = stage.carrier.faults.rest
    rest.next(timeout=30, times=1, path_contains="Messages.json", method="POST")
    text(stage, "during")
    stage.carrier.wait_for_request("Messages.json", method="POST")

    kill_texts_workers(stage)

    assert_arrives_once(stage, ["during"], time.monotonic())


@pytest.mark.parametrize("with_callbacks", [True, False])
def test_p4_a_worker_killed_after_the_carrier_has_taken_the_text(stage, with_callbacks):
    """The effect has happened, and nothing of it is on record: with twin texts, the hard case."""
    if not with_callbacks:
        stage.carrier.faults.webhooks.lose(kinds={"message-status"})
    before = len([r for r in stage.carrier.rest_log if r.method == "POST"])
    stage.carrier.faults.rest.next(
        lost_reply=True, hang=30, times=1, path_contains="Messages.json", method="POST"
    )
    text(stage, "ok")
    eventually(
        lambda: len([r for r in stage.carrier.rest_log if r.method == "POST"]),
        lambda count: count > before,
    )

    kill_texts_workers(stage)
    killed_at = time.monotonic()
    text(stage, "ok")

    assert_arrives_once(stage, ["ok", "ok"], killed_at)


def test_p4_the_whole_worker_dyno_killed(stage):
    stage.carrier.faults.rest.next(
        lost_reply=True, hang=30, times=1, path_contains="Messages.json", method="POST"
    )
    text(stage, "dyno")
    eventually(lambda: stage.carrier.messages(to=stage.number("carl")))

    stage.service.kill("worker")
    killed_at = time.monotonic()
    stage.service.start("worker")

    assert_arrives_once(stage, ["dyno"], killed_at)


def test_p4_the_web_process_killed_while_it_accepts(stage):
    session = stage.open()
    sent = [
        stage.phone("rita").text(session["virtual_number"], body) for body in ("a", "b", "c", "d")
    ]

    stage.service.kill("web")
    killed_at = time.monotonic()
    stage.service.start("web")
    stage.service.wait_until("/healthz")
    for message in sent:
        message.wait(30)

    assert_arrives_once(stage, ["a", "b", "c", "d"], killed_at)


def test_p4_redis_killed_with_a_text_on_its_way(stage):
    stage.carrier.faults.rest.next(
        status=429, retry_after=2, times=1, path_contains="Messages.json", method="POST"
    )
    text(stage, "redis")

    stage.service.redis.kill()
    killed_at = time.monotonic()
    time.sleep(1)
    stage.service.redis.restart()

    assert_arrives_once(stage, ["redis"], killed_at)


def test_with_redis_away_a_caller_hears_a_sentence_within_two_seconds(stage):
    session = stage.open()
    stage.service.redis.kill()
    try:
        started = time.monotonic()
        trace = stage.phone("rita").call(session["virtual_number"]).wait(10)
        took = time.monotonic() - started
    finally:
        stage.service.redis.restart()

    assert "cannot be connected right now" in trace.heard_by_caller[0]
    assert trace.errors == []
    assert took < 2
    again = eventually(
        lambda: stage.phone("rita").call(session["virtual_number"]).wait(10),
        lambda found: found.bridged,
    )
    assert again.callee_saw == session["virtual_number"]


def test_the_scheduler_killed_and_started_again_makes_up_for_the_missed_slots(stage):
    def open_sessions():
        return stage.api.ask("GET", "/v1/pools/us")["figures"]["open_sessions"]

    session = stage.open(ttl=1)
    stage.service.kill("scheduler")
    with_it = open_sessions()
    time.sleep(2)

    stage.service.start("scheduler")

    eventually(open_sessions, lambda count: count < with_it, seconds=30)
    assert stage.session(session["id"])["closed_reason"] == "expired"


def test_what_the_carrier_received_while_we_were_away_is_fetched_afterwards(stage):
    session = stage.open()
    stage.service.kill("web")
    missed = stage.phone("rita").text(session["virtual_number"], "are you there?")
    missed.wait(60)
    stage.service.start("web")
    stage.service.wait_until("/healthz")

    received = stage.phone("carl").wait_for_text(timeout=90)

    assert [text.body for text in received] == ["are you there?"]
    assert stage.phone("carl").stays_silent(QUIET)
