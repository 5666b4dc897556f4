"""The alerts fire by their real faults, and end when these are mended as the runbook says; and each
expression of the dashboard is asked of what a real Prometheus has scraped meanwhile.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
import requests

from config.schedule import PERIODIC_JOBS
from config.settings import load_settings
from relay.bootstrap import build_deployment
from relay.domain.forecast import Sample
from relay.domain.policy import DAY
from relay.queues import JobQueues
from relay.sandbox.service import ServiceDidNotStart
from relay.store.keys import BoardKeys, PoolKeys
from tests.e2e.prometheus import Prometheus, scraping
from tests.e2e.stage import Stage, eventually, set_stage

ROOT = Path(__file__).parents[2]
TOKEN = "a token of sixteen letters and more"
#: Of what there is none in the end: no pool lacks numbers or has any that are not well, and no text
#: has failed.
NOTHING_TO_SHOW = (
    'end=~"failed|undelivered"',
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


@pytest.fixture
def store(stage: Stage) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(stage.service.redis.url) as client:
        yield client


def do_now(stage: Stage, name: str) -> None:
    """A periodic job, before its turn."""
    (job,) = (one for one in PERIODIC_JOBS if one.name == name)
    with redis.Redis.from_url(stage.service.redis.url) as client:
        JobQueues(client).enqueue_slot(job, int(time.time()))


def fires(prometheus: Prometheus, *alerts: str, seconds: float = 20) -> None:
    """Each of them, at some moment: what looks back for seconds may be over before the next one."""
    quiet = {*alerts}

    def still_quiet() -> set[str]:
        quiet.difference_update(prometheus.firing())
        return quiet

    eventually(still_quiet, lambda left: not left, seconds=seconds)


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


def test_a_pool_that_grows(stage: Stage, prometheus: Prometheus) -> None:
    """Its last six days are made up."""
    services = build_deployment(load_settings(stage.service.environment)).main
    for days_ago, bound in ((6, 1), (0.1, 3)):
        sample = Sample(
            at=int(time.time() - days_ago * DAY),
            bound=bound,
            candidate_bound=bound,
            allocatable=4,
            open_sessions=bound,
            cooling_bindings=0,
        )
        services.store.history.note("us", sample)

    fires(prometheus, "RelayPoolRunsOut")

    more = [f"+1415555017{digit}" for digit in range(6)]
    for number in more:
        stage.carrier.add_number(number)
    stage.rent(more)
    ends(prometheus, "RelayPoolRunsOut")
    assert prometheus.query("relay_pool_days_to_exhaustion > 14")


def test_texts_that_the_carrier_refuses(stage: Stage, prometheus: Prometheus) -> None:
    session = stage.open()
    stage.carrier.faults.rest.suspend(20)
    stage.phone("rita").text(session["virtual_number"], "are you there?").wait(20)

    fires(prometheus, "RelayTextsStuck", "RelayAccountRefused", seconds=30)
    [board] = stage.api.ask("GET", "/v1/status")["boards"]
    assert board["backlog"]["oldest_age"] > 5
    assert board["backlog"]["unsent"] == 1

    # Twilio lets the account in again.
    ends(prometheus, "RelayTextsStuck", "RelayAccountRefused", seconds=60)
    assert any("are you there?" in text.body for text in stage.phone("carl").texts)


def test_texts_that_fail(stage: Stage, prometheus: Prometheus) -> None:
    session = stage.open()
    stage.carrier.faults.messages.fail(stage.number("carl"), 30007)
    try:
        stage.phone("rita").text(session["virtual_number"], "are you there?").wait(20)
        fires(prometheus, "RelayTextsFail")
    finally:
        stage.carrier.faults.messages.clear()

    ends(prometheus, "RelayTextsFail")


def test_a_carrier_that_is_slow(stage: Stage, prometheus: Prometheus) -> None:
    session = stage.open()
    stage.carrier.faults.rest.next(slow=3.5, path_contains="/Messages", method="POST", times=2)
    for _ in range(2):
        stage.phone("rita").text(session["virtual_number"], "are you there?").wait(20)

    fires(prometheus, "RelayCarrierSlow", seconds=30)

    ends(prometheus, "RelayCarrierSlow")


def test_webhooks_of_nobody(stage: Stage, prometheus: Prometheus) -> None:
    def forge(_: int) -> None:
        requests.post(stage.service.base_url + "/twilio/voice", data={"To": "+1"}, timeout=20)

    with ThreadPoolExecutor(25) as forgers:
        list(forgers.map(forge, range(25)))

    fires(prometheus, "RelayForgedWebhooks")

    ends(prometheus, "RelayForgedWebhooks")


def test_numbers_that_differ(stage: Stage, prometheus: Prometheus) -> None:
    number = next(iter(stage.carrier.account.numbers.values()))
    number.sms_url = "https://elsewhere.example.com/"
    with pytest.raises(ServiceDidNotStart, match="points_elsewhere"):
        stage.service.run("numbers", "reconcile")

    fires(prometheus, "RelayNumbersDiffer")

    stage.service.run("numbers", "reconcile", "--fix")
    ends(prometheus, "RelayNumbersDiffer")


def test_a_pool_that_cannot_buy(stage: Stage, prometheus: Prometheus) -> None:
    poor = {"country": "US", "min_headroom": 1, "monthly_budget": 0.01}
    board = stage.on_board("second", "Second Jobs", ["+14155550196"])
    board.api.ask("PUT", "/v1/pools/poor", poor)
    do_now(stage, "keep-headroom")

    fires(prometheus, "RelayPoolCannotBuy")

    board.api.ask("PUT", "/v1/pools/poor", poor | {"monthly_budget": 10})
    do_now(stage, "keep-headroom")
    ends(prometheus, "RelayPoolCannotBuy")


def test_somebody_who_writes_to_redis(
    stage: Stage, prometheus: Prometheus, store: redis.Redis
) -> None:
    """Another's sealed number in the place of one, and a policy that nobody can read."""
    session = stage.open()
    stage.open(recruiter="nora", candidate="dan")
    seals, policy = BoardKeys("main").seals, PoolKeys("second", "us").policy
    carls, damaged = store.hget(seals, "candidate:carl"), store.dump(policy)
    store.hset(seals, "candidate:carl", store.hget(seals, "candidate:dan"))
    store.set(policy, "planted")
    alerts = ("RelayRecordsDistrusted", "RelayWorkPassedOver", "RelayBoardAway")
    try:
        stage.phone("rita").call(session["virtual_number"]).wait(20)
        fires(prometheus, *alerts)
    finally:
        store.hset(seals, "candidate:carl", carls)
        store.restore(policy, 0, damaged, replace=True)

    ends(prometheus, *alerts)


def test_more_jobs_than_are_done(stage: Stage, prometheus: Prometheus, store: redis.Redis) -> None:
    stage.service.kill("worker")
    store.rpush("rq:queue:maintenance", *(f"none-{place}" for place in range(1001)))

    try:
        fires(prometheus, "RelayQueueLong")
    finally:
        stage.service.start("worker")

    ends(prometheus, "RelayQueueLong", seconds=60)


def test_no_web_process(stage: Stage, prometheus: Prometheus) -> None:
    stage.service.kill("web")

    try:
        fires(prometheus, "RelayDown")
    finally:
        stage.service.start("web")

    ends(prometheus, "RelayDown")


def test_nobody_at_work(stage: Stage, prometheus: Prometheus) -> None:
    stage.service.kill("worker")
    stage.service.kill("scheduler")

    alerts = ("RelayNobodyServes", "RelaySchedulerDead", "RelayPeriodicJobLate")
    fires(prometheus, *alerts, seconds=60)
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

    ends(prometheus, *alerts, seconds=60)


def test_redis_away(stage: Stage, prometheus: Prometheus) -> None:
    session = stage.open()
    stage.service.redis.kill()
    try:
        stage.phone("rita").call(session["virtual_number"]).wait(20)
        fires(prometheus, "RelayStoreAway", "RelayQueuesAway", "RelayWebhookErrors")
    finally:
        stage.service.redis.restart()

    ends(prometheus, "RelayStoreAway", "RelayQueuesAway", "RelayWebhookErrors")


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
