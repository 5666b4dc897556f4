"""P4 under ``kill -9`` of workers: every accepted text arrives exactly once, within 30 s."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil
import pytest

from tests.e2e.killing import assert_arrives_once, text
from tests.e2e.stage import Stage, eventually

pytestmark = [pytest.mark.kill, pytest.mark.slow]


@pytest.fixture
def stage(own_stage: Stage) -> Stage:
    return own_stage


def kill_texts_workers(stage: Stage) -> None:
    """``kill -9`` of every process that sends texts, the jobs they have forked included."""
    supervisor = psutil.Process(stage.service.processes["worker"].pid)
    for child in supervisor.children(recursive=True):
        # A job may end in this moment.
        with suppress(psutil.NoSuchProcess):
            if any("texts" in process.cmdline() for process in (child, *child.parents()[:1])):
                child.kill()


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
