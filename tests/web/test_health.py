"""``/healthz`` and ``/readyz``, for everybody, and ``/metrics``, for who may scrape."""

import re

import pytest

from relay.domain.api_key import Scope
from relay.domain.board import Board
from relay.domain.charges import Unit
from relay.domain.errors import Unavailable
from relay.domain.number_comparison import Comparison, Discrepancy, Finding
from relay.domain.pool import Pool
from relay.domain.purchase import FailureCode
from relay.metrics import WebhookError
from relay.store.keys import PoolKeys
from relay.store.purchases import Shortage
from relay.workflows.rest_numbers import rest_numbers
from tests.web.api import make_api, webhooks
from tests.world import NOW, NUMBER


def set_durability(api, append_only, policy):
    """What the fake server would say of itself."""
    config = {"appendonly": append_only, "maxmemory-policy": policy}
    api.redis.config_get = lambda name: {name: config[name]} if config[name] else {}


def checks(answer):
    return {check["name"]: check["status"] for check in answer.json["checks"]}


def test_a_process_is_healthy_whatever_the_store_does(api):
    api.redis.connection_pool.connection_kwargs["server"].connected = False

    answer = api.http.get("/healthz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ok"}


def test_a_service_is_ready_with_a_durable_store(api):
    set_durability(api, "yes", "noeviction")

    answer = api.http.get("/readyz")

    assert answer.status_code == 200
    assert answer.json["status"] == "ready"
    assert checks(answer) == {"store": "ok", "writes": "ok", "clock": "ok", "durability": "ok"}


@pytest.mark.parametrize(
    ("append_only", "policy", "advice"),
    [
        ("no", "noeviction", "appendonly yes"),
        ("yes", "allkeys-lru", "maxmemory-policy noeviction"),
        ("no", "allkeys-lru", "; "),
        ("", "", "ask who runs the store"),
    ],
)
def test_a_store_that_forgets_is_a_warning_and_a_failure_where_durability_is_required(
    append_only, policy, advice
):
    lenient, strict = make_api(), make_api(REQUIRE_DURABLE="true")
    for api in (lenient, strict):
        set_durability(api, append_only, policy)

    warned, failed = lenient.http.get("/readyz"), strict.http.get("/readyz")

    assert warned.status_code == 200
    assert checks(warned)["durability"] == "warning"
    assert failed.status_code == 503
    assert failed.json["status"] == "not_ready"
    assert checks(failed)["durability"] == "failed"
    (check,) = (check for check in failed.json["checks"] if check["name"] == "durability")
    assert advice in check["detail"]


def test_a_service_whose_store_is_away_is_not_ready(api):
    api.redis.connection_pool.connection_kwargs["server"].connected = False

    answer = api.http.get("/readyz")

    assert answer.status_code == 503
    assert checks(answer) == {"store": "failed"}


def test_a_service_whose_clock_is_wrong_is_not_ready(api):
    time = api.redis.time
    api.redis.time = lambda: (time()[0] - 5, 0)

    answer = api.http.get("/readyz")

    assert answer.status_code == 503
    assert checks(answer)["clock"] == "failed"


def test_metrics_can_be_read(api):
    answer = api.get("/metrics")

    assert answer.status_code == 200
    assert "relay_calls_total" in answer.text


def test_errors_of_webhooks_are_counted_from_zero(api):
    """Or Prometheus would see no increase at the first one."""
    counted = re.findall(
        r'^relay_webhook_errors_total\{error="(\w+)",webhook="([\w.]+)"\}',
        api.get("/metrics").text,
        re.MULTILINE,
    )

    assert len(counted) == len(set(counted)) == len(WebhookError) * len(webhooks())
    assert ("unavailable", "messages.receive_text") in counted


def test_metrics_of_several_processes_are_read_together(api, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    answer = api.get("/metrics")

    assert answer.status_code == 200
    assert "relay_calls_total" not in answer.text, "none of this process alone"


def test_what_pools_cannot_buy_and_what_differs_is_measured(api):
    store = api.world.services.store
    store.purchases.note_shortage("us", Shortage(reason=FailureCode.MONTHLY_BUDGET, missing=3))
    finding = Finding(kind=Discrepancy.MISSING, number=NUMBER, board="main", pool="us")
    store.comparisons.note(
        api.world.services.account.sid,
        Comparison(at=1, rented=1, findings=(finding,)),
        boards=["main"],
    )

    text = api.get("/metrics").text

    assert 'relay_pool_shortage{board="main",pool="us",reason="monthly_budget"} 3.0' in text
    assert 'relay_number_differences{board="main",kind="missing"} 1.0' in text
    assert 'relay_number_differences{board="main",kind="unused"} 0.0' in text


def test_what_traffic_costs_is_measured_by_unit(api):
    services = api.world.services
    services.store.pools.charges.count_once(
        "us",
        {Unit.SMS_OUT: 100, Unit.MINUTE_IN: 2},
        marks=services.vault.marks_of("SM1"),
        now=NOW,
    )

    text = api.get("/metrics").text

    assert 'relay_traffic_cost_total{board="main",pool="us",unit="sms_out"} 1.27' in text
    assert 'relay_traffic_cost_total{board="main",pool="us",unit="minute_in"} 0.017' in text


def test_a_board_that_is_away_does_not_hide_what_the_others_lack(api):
    deployment = api.world.deployment
    deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
    second = deployment.of_board("second").store
    second.pools.put(Pool(name="us", country="US"))
    second.purchases.note_shortage("us", Shortage(reason=FailureCode.MONTHLY_BUDGET, missing=3))

    def away():
        raise Unavailable("away")

    deployment.main.store.pools.names = away
    text = api.get("/metrics", key=api.deployment_key()).text
    assert 'relay_pool_shortage{board="second",pool="us",reason="monthly_budget"} 3.0' in text


@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_board_that_cannot_be_read_is_seen_though_it_has_no_figures(api, is_damaged):
    keys = PoolKeys("second", "us")
    api.world.deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
    second = api.world.deployment.of_board("second").store
    second.pools.put(Pool(name="us", country="US"))
    if is_damaged:
        api.redis.delete(keys.policy)
        api.redis.set(keys.policy, "planted")

    lines = api.get("/metrics", key=api.deployment_key()).text.splitlines()

    assert f"relay_boards_up {float(not is_damaged)}" in lines
    headroom = [line for line in lines if line.startswith('relay_pool_headroom{board="second"')]
    assert len(headroom) == (not is_damaged)


def test_metrics_are_for_keys_of_their_scope(api):
    assert api.http.get("/metrics").status_code == 401
    assert api.get("/metrics", key=api.key_with(Scope.SESSIONS)).status_code == 403
    assert api.get("/metrics", key=api.key_with(Scope.METRICS)).status_code == 200


def test_metrics_of_several_boards_are_for_a_deployment_key(api):
    key = api.key_with(Scope.METRICS)
    api.world.deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))

    assert api.get("/metrics", key=key).status_code == 403
    assert api.get("/metrics", key=api.deployment_key()).status_code == 200


@pytest.fixture
def scraped():
    """An API whose scraper shows a token."""
    return make_api(METRICS_TOKEN="a token of sixteen letters")


def scrape(api, token="a token of sixteen letters"):
    return api.http.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_a_scraper_shows_its_token(scraped):
    assert scrape(scraped).status_code == 200
    assert scrape(scraped, "another token").status_code == 401
    scraped.world.deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
    assert scrape(scraped).status_code == 200


def test_without_a_token_nobody_scrapes_with_an_empty_one(api):
    assert scrape(api, "").status_code == 401


def test_metrics_are_there_without_the_store(scraped):
    assert scrape(scraped).status_code == 200
    scraped.redis.connection_pool.connection_kwargs["server"].connected = False

    answer = scrape(scraped)

    assert answer.status_code == 200
    assert "relay_calls_total" in answer.text
    assert "relay_pool_shortage" not in answer.text


def test_how_numbers_stand_is_measured_by_pool(api):
    rest_numbers(api.world.services, now=NOW)

    text = api.get("/metrics").text

    assert 'relay_numbers{board="main",pool="us",status="available"} 1.0' in text
    assert 'relay_numbers_traffic{board="main",kind="ended",pool="us"} 0.0' in text
    assert "relay_tired_numbers" not in text
    assert NUMBER not in text
