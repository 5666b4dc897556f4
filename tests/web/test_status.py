"""``GET /v1/status``, and the same figures at ``/metrics``."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from config.schedule import SWEEP_OUTBOX
from relay.domain.api_key import Scope
from relay.domain.board import Board
from relay.domain.exchange import Exchange, ExchangeEnd, Resource, Verb
from relay.domain.pool import Pool
from relay.store.alarms import Alarm
from relay.store.keys import DeploymentKeys
from tests.web.api import Api, make_api
from tests.web.test_no_real_number import all_answers
from tests.workflows.test_survey import make_queues, make_well
from tests.world import CARL, NUMBER

FILTERED = 'board="main",end="undelivered",error="filtered",kind="message"'


def test_a_key_sees_workers_scheduler_texts_pools_and_carrier(api: Api) -> None:
    make_well(api.world.deployment)
    times = api.world.deployment.carrier_times
    times.note(Exchange(Verb.POST, Resource.MESSAGES, ExchangeEnd.DONE, 0.15))
    api.world.services.store.client.zadd("{main}:unsent", {"us.SM1": time.time() - 90})

    answer = api.get("/v1/status", key=api.key_with(Scope.METRICS))

    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    assert found["is_well"] is True
    assert [(one["queue"], one["alive"]) for one in found["workers"]] == [
        ("texts", 1),
        ("maintenance", 1),
        ("numbers", 1),
    ]
    assert found["scheduler"]["is_at_work"] is True
    jobs = {job["name"]: job for job in found["scheduler"]["periodic_jobs"]}
    assert jobs["recycle"]["every"] == 5
    assert not any(job["is_late"] for job in jobs.values())
    [board] = found["boards"]
    assert board["name"] == "main"
    assert board["backlog"]["unsent"] == 1
    assert board["backlog"]["oldest_age"] == pytest.approx(90, abs=5)
    [pool] = board["pools"]
    assert (pool["name"], pool["usable"], pool["days_to_exhaustion"]) == ("us", 1, None)
    [times_of_texts] = found["carrier"]
    assert times_of_texts == {
        "verb": "post",
        "resource": "messages",
        "end": "done",
        "count": 1,
        "mean_milliseconds": 150.0,
    }


def test_where_nobody_works_it_says_so(api: Api) -> None:
    api.world.deployment.queues = make_queues("maintenance")

    found = api.get("/v1/status").json

    assert found["is_well"] is False
    assert [one["alive"] for one in found["workers"]] == [0, 1, 0]
    assert found["scheduler"]["is_at_work"] is False
    assert found["scheduler"]["swept_at"] is None
    assert all(job["is_late"] for job in found["scheduler"]["periodic_jobs"])


def test_without_the_queues_redis_the_rest_is_told(api: Api) -> None:
    make_well(api.world.deployment)
    queues = api.world.deployment.queues
    queues.connection_pool.connection_kwargs["server"].connected = False

    found = api.get("/v1/status").json

    assert (found["workers"], found["is_well"]) == (None, False)
    assert found["scheduler"]["is_at_work"] is True


def test_a_board_s_key_sees_its_own_texts_and_pools_alone(api: Api) -> None:
    api.world.deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
    second = api.world.deployment.of_board("second").store
    second.pools.put(Pool(name="ca", country="CA"))

    ours, theirs = api.get("/v1/status").json, api.get("/v1/status", key=api.deployment_key()).json

    assert [board["name"] for board in ours["boards"]] == ["main"]
    assert [board["name"] for board in theirs["boards"]] == ["main", "second"]
    assert [pool["name"] for pool in theirs["boards"][1]["pools"]] == ["ca"]


def test_it_is_for_keys_that_may_read_metrics(api: Api) -> None:
    assert api.http.get("/v1/status").status_code == 401
    assert api.get("/v1/status", key=api.key_with(Scope.SESSIONS)).status_code == 403


# --- /metrics -----------------------------------------------------------------------------


def test_metrics_say_the_same(api: Api) -> None:
    now = make_well(api.world.deployment)
    api.world.deployment.carrier_times.note(
        Exchange(Verb.POST, Resource.MESSAGES, ExchangeEnd.DONE, 0.15)
    )
    store = api.world.services.store
    store.client.zadd("{main}:unsent", {"us.SM1": now - 90})
    store.client.hset("{main}:outcomes", "call:busy:", 3)
    store.client.hset("{main}:outcomes", "message:undelivered:filtered", 2)

    text = api.get("/metrics").text

    for line in (
        "relay_store_up 1.0",
        "relay_queues_up 1.0",
        'relay_workers{queue="texts"} 1.0',
        'relay_queue_jobs{queue="texts"} 0.0',
        "relay_scheduler_up 1.0",
        'relay_periodic_job_interval_seconds{periodic_job="recycle"} 5.0',
        'relay_texts_unsent{board="main"} 1.0',
        'relay_calls_ended_total{board="main",end="busy"} 3.0',
        f"relay_texts_ended_total{{{FILTERED}}} 2.0",
        'relay_pool_headroom{board="main",pool="us"} 1.0',
        'relay_pool_usable_numbers{board="main",pool="us"} 1.0',
        'relay_pool_free_for_new_pairs{board="main",pool="us"} 1.0',
        'relay_carrier_seconds_count{end="done",resource="messages",verb="post"} 1.0',
    ):
        assert line in text, line
    [age] = re.findall(r'relay_oldest_unsent_text_age_seconds{board="main"} ([\d.]+)', text)
    assert 90 <= float(age) < 95
    [seen] = re.findall(r'relay_worker_heartbeat_age_seconds{queue="texts"} ([\d.]+)', text)
    assert float(seen) < 5
    bucket = 'relay_carrier_seconds_bucket{end="done",le="%s",resource="messages",verb="post"} %s'
    assert bucket % ("0.1", "0.0") in text
    assert bucket % ("0.2", "1.0") in text
    assert bucket % ("+Inf", "1.0") in text


def test_a_job_that_never_ended_well_has_a_figure_that_an_alert_can_see(api: Api) -> None:
    api.world.deployment.successes.note(SWEEP_OUTBOX, now=time.time())

    text = api.get("/metrics").text

    assert 'relay_periodic_job_success_timestamp_seconds{periodic_job="recycle"} 0.0' in text


@pytest.mark.parametrize("planted", ["9" * 400, "9" * 300, "-1", "nan", "1 2", "", "1.5.5"])
def test_figures_that_somebody_else_has_planted_take_nothing_away(api: Api, planted: str) -> None:
    client, keys = api.world.services.store.client, DeploymentKeys()
    client.hset(keys.successes, SWEEP_OUTBOX, planted)
    client.hset(keys.alarms, next(iter(Alarm)), planted)
    client.hset(keys.passed_over, "main", planted)
    client.hset("{main}:outcomes", "call:busy:", planted)

    status, metrics = (
        api.get(path, key=api.key_with(Scope.METRICS)) for path in ("/v1/status", "/metrics")
    )

    assert (status.status_code, metrics.status_code) == (200, 200)
    assert status.json["scheduler"]["swept_at"] is None
    assert "relay_store_up 1.0" in metrics.text
    assert 'relay_passed_over_total{board="main"} 0.0' in metrics.text


def test_metrics_say_that_the_store_and_the_queues_are_away() -> None:
    api = make_api(METRICS_TOKEN="a token of sixteen letters")
    api.redis.connection_pool.connection_kwargs["server"].connected = False

    text = api.get("/metrics", key="a token of sixteen letters").text

    assert "relay_store_up 0.0" in text
    assert "relay_queues_up 0.0" in text
    assert "relay_scheduler_up" not in text


def test_p2_no_label_is_about_a_person_and_there_are_no_more_of_them_after_a_day(api: Api) -> None:
    """Names of boards and pools, routes, and words of ours."""
    make_well(api.world.deployment)
    before = series_of(api)
    list(all_answers(api))
    for ref in ("c-81", "c-82", "c-83"):
        api.put(f"/v1/candidates/{ref}", {"phone": f"+1310555014{ref[-1]}"})
    after = series_of(api)

    values = {value for one in after for value in re.findall(r'="([^"]*)"', one)}
    assert not [value for value in values if re.search(r"\d{5}|c-\d|r-\d", value)]
    assert NUMBER not in str(after)
    assert CARL not in str(after)
    # What grows is by route and status, both of which are ours.
    assert {re.sub(r"\{.*", "", one) for one in after - before} <= {
        "relay_api_seconds_bucket",
        "relay_api_seconds_count",
        "relay_api_seconds_sum",
        "relay_api_seconds_created",
        "relay_pool_days_to_exhaustion",
    }


def series_of(api: Api) -> set[str]:
    lines = api.get("/metrics").text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}
