"""The gravest alerts fire by their real faults and end when these are mended as the runbook says;
and each expression of the dashboard is asked of what a real Prometheus has scraped meanwhile."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.e2e.prometheus import Prometheus, scraping
from tests.e2e.stage import Stage, eventually, set_stage

ROOT = Path(__file__).parents[2]
TOKEN = "a token of sixteen letters and more"
#: Of what there is none here: no pool grows, lacks numbers or has any that are not well, and no
#: text has failed.
NOTHING_TO_SHOW = (
    'end=~"failed|undelivered"',
    "relay_pool_days_to_exhaustion",
    "relay_pool_shortage",
    "relay_tired_numbers",
    "relay_numbers_without_texts",
)

pytestmark = [
    pytest.mark.kill,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("prometheus") is None,
        reason="Prometheus is not installed (Debian: apt-get install prometheus)",
    ),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory.mktemp("alerts"), METRICS_TOKEN=TOKEN) as stage:
        yield stage


@pytest.fixture(scope="module")
def prometheus(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    target = f"127.0.0.1:{stage.service.port}"
    with scraping(tmp_path_factory.mktemp("prometheus"), target=target, token=TOKEN) as prometheus:
        eventually(lambda: prometheus.query("relay_scheduler_up == 1"))
        yield prometheus


def fires(prometheus: Prometheus, *alerts: str, seconds: float = 20) -> None:
    eventually(prometheus.firing, lambda firing: firing >= {*alerts}, seconds=seconds)


def ends(prometheus: Prometheus, *alerts: str, seconds: float = 30) -> None:
    eventually(prometheus.firing, lambda firing: not firing & {*alerts}, seconds=seconds)


def test_a_service_that_is_well_wakes_nobody(stage: Stage, prometheus: Prometheus) -> None:
    session = stage.open()
    stage.phone("rita").call(session["virtual_number"]).wait(20)
    stage.phone("rita").text(session["virtual_number"], "hello").wait(20)
    stage.phone("carl").wait_for_text()
    # Every periodic job has had its first turn.
    eventually(lambda: stage.api.ask("GET", "/v1/status")["is_well"])
    eventually(lambda: prometheus.query('relay_calls_ended_total{end="completed"} == 1'))
    eventually(lambda: prometheus.query('relay_texts_ended_total{end="delivered"} == 1'))

    eventually(prometheus.firing, lambda firing: not firing, seconds=40)


def test_a_pool_without_headroom(stage: Stage, prometheus: Prometheus) -> None:
    sessions = [stage.open(recruiter=name) for name in ("rita", "nora", "dan")]
    fires(prometheus, "RelayPoolExhausted")
    with pytest.raises(requests.HTTPError, match="pool_exhausted"):
        stage.open(recruiter="eve")

    stage.carrier.add_number("+14155550195")
    stage.rent(["+14155550195"])

    ends(prometheus, "RelayPoolExhausted")
    assert len({session["virtual_number"] for session in sessions}) == 3


def test_texts_that_the_carrier_refuses(stage: Stage, prometheus: Prometheus) -> None:
    session = stage.open()
    stage.carrier.faults.rest.suspend(20)
    stage.phone("rita").text(session["virtual_number"], "are you there?").wait(20)

    fires(prometheus, "RelayTextsStuck", "RelayAccountRefused", seconds=30)
    [board] = stage.api.ask("GET", "/v1/status")["boards"]
    assert board["backlog"]["oldest_age"] > 5
    assert board["backlog"]["unsent"] == 1

    ends(prometheus, "RelayTextsStuck", seconds=60)  # Twilio lets the account in again
    assert any("are you there?" in text.body for text in stage.phone("carl").texts)


def test_nobody_at_work(stage: Stage, prometheus: Prometheus) -> None:
    stage.service.kill("worker")
    stage.service.kill("scheduler")

    fires(prometheus, "RelayNobodyServes", "RelaySchedulerDead", seconds=60)
    assert stage.api.ask("GET", "/v1/status")["is_well"] is False
    doctor = subprocess.run(
        [sys.executable, "-m", "relay", "doctor", "--json"],
        cwd=ROOT,
        env=stage.service.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    checks = json.loads(doctor.stdout)["checks"]
    assert doctor.returncode == 1
    assert {"workers", "scheduler"} <= {one["name"] for one in checks if one["status"] == "failed"}

    stage.service.start("worker")
    stage.service.start("scheduler")

    ends(prometheus, "RelayNobodyServes", "RelaySchedulerDead")


def test_redis_away(stage: Stage, prometheus: Prometheus) -> None:
    session = stage.open()
    stage.service.redis.kill()
    try:
        stage.phone("rita").call(session["virtual_number"]).wait(20)
        fires(prometheus, "RelayStoreAway", "RelayQueuesAway")
    finally:
        stage.service.redis.restart()

    ends(prometheus, "RelayStoreAway", "RelayQueuesAway")


def expressions() -> list[tuple[str, str]]:
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "relay.json").read_text())
    return [
        (panel["title"], target["expr"].replace("$board", ".*"))
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
    ]


def test_each_expression_of_the_dashboard_has_something_to_show(
    stage: Stage, prometheus: Prometheus
) -> None:
    """After all that has happened above."""
    requests.post(stage.service.base_url + "/twilio/voice", data={"To": "+1"}, timeout=10)
    stage.phone("rita").call(stage.open()["virtual_number"]).wait(20)
    eventually(lambda: prometheus.query("relay_forged_webhooks_total > 0"))
    eventually(lambda: prometheus.query("relay_webhook_errors_total > 0"))

    found = {
        (title, expression): prometheus.query(expression) for title, expression in expressions()
    }

    empty = {
        title
        for (title, expression), result in found.items()
        if not result and not any(name in expression for name in NOTHING_TO_SHOW)
    }
    assert len(found) > 30
    assert empty == set()


def test_p2_no_label_of_a_day_s_metrics_is_about_a_person(
    stage: Stage, prometheus: Prometheus
) -> None:
    series = prometheus.ask("series", **{"match[]": '{__name__=~"relay_.*"}'})

    values = {value for one in series for name, value in one.items() if name != "instance"}

    assert not [value for value in values if re.search(r"\d{6}|rita|carl|nora|dan|eve", value)]
    assert stage.number("rita") not in str(series)
