"""``kill -9`` of web, Redis and the scheduler: what was accepted arrives exactly once, and what was
missed is made up for."""

from __future__ import annotations

import time

import pytest

from tests.e2e.killing import FETCHED_WITHIN, QUIET, assert_arrives_once, text
from tests.e2e.stage import Stage, eventually

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def stage(own_stage: Stage) -> Stage:
    return own_stage


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

    assert_arrives_once(stage, ["a", "b", "c", "d"], killed_at, within=FETCHED_WITHIN)


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

    received = stage.phone("carl").wait_for_text(timeout=FETCHED_WITHIN)

    assert [text.body for text in received] == ["are you there?"]
    assert stage.phone("carl").stays_silent(QUIET)
