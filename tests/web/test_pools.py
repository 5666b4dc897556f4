"""``/v1/pools``."""

import time
from datetime import datetime

import pytest

from relay.domain.charges import Unit
from relay.domain.forecast import Sample
from tests.web.api import pointers

DAY = 86_400


def test_a_pool_is_created_with_defaults(api):
    answer = api.put("/v1/pools/de", {"country": "DE"})

    assert answer.status_code == 201
    assert answer.json == {
        "name": "de",
        "country": "DE",
        "default_ttl": 7 * DAY,
        "max_ttl": 90 * DAY,
        "candidate_cooldown": 90 * DAY,
        "recruiter_cooldown": 30 * DAY,
        "access_codes": True,
        "allowed_countries": ["DE"],
        "text_lifetime": DAY,
        "carrier_retention": 7 * DAY,
        "selection": "pack",
        "geo": "country",
        "strict_geo": False,
        "attestation": "any",
        "max_sessions_per_number": None,
        "min_headroom": 0,
        "max_numbers": None,
        "monthly_budget": None,
        "number_rent": 1.15,
        "bundle_sid": None,
        "address_sid": None,
        "release_idle_after": None,
        "figures": {
            "numbers": {
                "available": 0,
                "reserved": 0,
                "resting": 0,
                "draining": 0,
                "released": 0,
            },
            "open_sessions": 0,
            "cooling_bindings": 0,
            "bound": 0,
            "candidate_bound": 0,
            "usable": 0,
            "free_for_new_pairs": 0,
            "headroom": 0,
        },
        "texting_registration": "warn",
        "limits": {
            "calls_per_session": 100,
            "calls_per_person": 500,
            "calls_per_pool": 50_000,
            "minutes_per_session": 600,
            "minutes_per_person": 1_440,
            "minutes_per_pool": 150_000,
            "texts_per_session": 300,
            "texts_per_person": 2_000,
            "texts_per_pool": 100_000,
        },
        "reputation": {
            "min_calls": 20,
            "min_texts": 20,
            "min_answer_rate": 0.2,
            "max_short_share": 0.15,
            "max_calls_per_minute": 10,
            "max_calls_per_day": 100,
            "max_filtered_share": 0.05,
            "rest_for": DAY,
        },
        "forecast": {
            "deciding_bound": 0,
            "numbers": 0,
            "headroom": 0,
            "growth": None,
            "days_to_exhaustion": 0.0,
            "monthly_rent": 0.0,
            "monthly_traffic": None,
            "session_cost": None,
            "codes_share": None,
            "one_more": {
                "headroom": 1,
                "days_to_exhaustion": None,
                "monthly_rent": 1.15,
                "recruiters_freed": 0,
                "sessions_freed": 0,
            },
        },
    }
    assert api.get("/v1/pools/de").json == answer.json


def test_a_policy_is_replaced_as_a_whole(api):
    api.put("/v1/pools/de", {"country": "DE", "max_ttl": DAY, "default_ttl": 60})

    answer = api.put("/v1/pools/de", {"country": "AT", "access_codes": False})

    assert answer.status_code == 200
    assert answer.json["country"] == "AT"
    assert answer.json["max_ttl"] == 90 * DAY
    assert answer.json["access_codes"] is False


def policy_of(api, name):
    return {
        field: value
        for field, value in api.get(f"/v1/pools/{name}").json.items()
        if field not in {"figures", "forecast"}
    }


def test_a_change_leaves_all_that_it_does_not_name(api):
    api.put("/v1/pools/de", {"country": "DE", "max_ttl": DAY, "default_ttl": 60, "min_headroom": 3})
    before = policy_of(api, "de")

    answer = api.patch("/v1/pools/de", {"access_codes": False, "monthly_budget": 12.5})

    assert answer.status_code == 200
    assert policy_of(api, "de") == before | {"access_codes": False, "monthly_budget": 12.5}
    assert answer.json == api.get("/v1/pools/de").json


def test_a_change_reaches_into_limits_and_reputation(api):
    api.put("/v1/pools/de", {"country": "DE", "limits": {"texts_per_pool": 7}})
    before = policy_of(api, "de")

    api.patch("/v1/pools/de", {"limits": {"calls_per_pool": 5, "texts_per_person": None}})

    changed = {"calls_per_pool": 5, "texts_per_person": None}
    assert policy_of(api, "de") == before | {"limits": before["limits"] | changed}


def test_a_change_of_the_cooldown_is_one_of_both(api):
    api.put("/v1/pools/de", {"country": "DE"})
    api.patch("/v1/pools/de", {"cooldown": 9, "recruiter_cooldown": 5})
    policy = policy_of(api, "de")
    assert (policy["candidate_cooldown"], policy["recruiter_cooldown"]) == (9, 5)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"country": None}, "/country"),
        ({"limits": {"calls": 1}}, "/limits/calls"),
        ({"default_ttl": 10**9}, "/default_ttl"),
        ({"name": "us"}, "/name"),
    ],
)
def test_a_change_that_is_not_valid_changes_nothing(api, body, pointer):
    before = policy_of(api, "us")
    answer = api.patch("/v1/pools/us", body)
    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert policy_of(api, "us") == before


def test_a_pool_that_is_not_there_is_neither_changed_nor_deleted(api):
    assert api.patch("/v1/pools/de", {"max_ttl": DAY}).status_code == 404
    assert api.delete("/v1/pools/de").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_country_of_a_pool_in_use_stays(api, method):
    before = policy_of(api, "us")

    answer = api.ask(method, "/v1/pools/us", json={"country": "GB"})

    assert (answer.status_code, answer.json["code"]) == (409, "pool_in_use")
    assert policy_of(api, "us") == before
    same = {"country": "US", "max_ttl": 30 * DAY}
    assert api.ask(method, "/v1/pools/us", json=same).status_code == 200


def test_a_pool_in_use_is_not_deleted(api):
    assert api.delete("/v1/pools/us").json["code"] == "pool_in_use"
    assert api.get("/v1/pools/us").status_code == 200


def test_a_pool_that_nobody_uses_is_deleted_with_all_that_was_kept_of_it(api):
    api.put("/v1/pools/de", {"country": "DE"})
    api.get("/v1/pools/de")

    assert api.delete("/v1/pools/de").status_code == 204

    assert api.get("/v1/pools/de").status_code == 404
    assert api.delete("/v1/pools/de").status_code == 404
    assert [pool["name"] for pool in api.get("/v1/pools").json["data"]] == ["us"]
    assert not list(api.redis.scan_iter("{main}/de:*"))


def test_one_cooldown_sets_both_and_gives_way_to_its_own(api):
    both = api.put("/v1/pools/de", {"country": "DE", "cooldown": 1}).json
    one = api.put("/v1/pools/de", {"country": "DE", "cooldown": 1, "recruiter_cooldown": 5}).json

    assert (both["candidate_cooldown"], both["recruiter_cooldown"]) == (1, 1)
    assert (one["candidate_cooldown"], one["recruiter_cooldown"]) == (1, 5)


@pytest.mark.parametrize(
    ("name", "body", "pointer"),
    [
        ("DE", {"country": "DE"}, "/name"),
        ("-de", {"country": "DE"}, "/name"),
        ("x" * 33, {"country": "DE"}, "/name"),
        ("people", {"country": "DE"}, "/name"),
        ("de", {}, "/country"),
        ("de", {"country": "Germany"}, "/country"),
        ("de", {"country": "QQ"}, "/country"),
        ("de", {"country": "DE", "default_ttl": 0}, "/default_ttl"),
        ("de", {"country": "DE", "max_ttl": 60}, "/default_ttl"),
        ("de", {"country": "DE", "cooldown": -1}, "/cooldown"),
        ("de", {"country": "DE", "cooldown": 10**12}, "/cooldown"),
        ("de", {"country": "DE", "access_codes": "no"}, "/access_codes"),
        ("de", {"country": "DE", "allowed_countries": ["de"]}, "/allowed_countries/0"),
        ("de", {"country": "DE", "allowed_countries": ["DE", "QQ"]}, "/allowed_countries/1"),
        ("de", {"country": "DE", "price": 1}, "/price"),
        ("de", {"country": "DE", "bundle_sid": "AD" + "1" * 32}, "/bundle_sid"),
        ("de", {"country": "DE", "address_sid": "AD/../x"}, "/address_sid"),
    ],
)
def test_what_is_not_valid_gets_422(api, name, body, pointer):
    answer = api.put(f"/v1/pools/{name}", body)

    assert answer.status_code == 422, answer.text
    assert pointers(answer) == [pointer]


def test_figures_say_what_a_pool_holds(api):
    session = api.open_session()
    figures = api.get("/v1/pools/us").json["figures"]
    assert figures["numbers"]["available"] == 1
    assert figures["open_sessions"] == figures["bound"] == 1
    assert figures["headroom"] == 0

    api.delete(f"/v1/sessions/{session['id']}")

    figures = api.get("/v1/pools/us").json["figures"]
    assert figures["open_sessions"] == 0
    assert figures["cooling_bindings"] == 2
    assert figures["bound"] == 1


def test_a_forecast_says_when_the_numbers_run_out(api):
    api.open_session()
    now = int(time.time())
    for days_ago, bound in ((3, -2), (2, -1), (1, 0)):
        api.world.services.store.history.note(
            "us",
            Sample(
                at=now - days_ago * DAY,
                bound=bound,
                candidate_bound=bound,
                allocatable=1,
                open_sessions=0,
                cooling_bindings=0,
            ),
        )
    forecast = api.get("/v1/pools/us").json["forecast"]

    growth = forecast["growth"]
    assert (growth["samples"], growth["per_day"]) == (4, 1.0)
    assert forecast["days_to_exhaustion"] == 0.0
    assert forecast["one_more"]["days_to_exhaustion"] == 1.0
    assert forecast["codes_share"] == 0.0


def charge(api, charges, *, days_ago, sid):
    services = api.world.services
    services.store.pools.charges.count_once(
        "us", charges, marks=services.vault.marks_of(sid), now=time.time() - days_ago * DAY
    )


def test_a_forecast_says_what_a_session_costs(api):
    charge(api, {Unit.MINUTE_IN: 1000}, days_ago=8, sid="CA1")
    charge(api, {Unit.MINUTE_IN: 100, Unit.MINUTE_OUT: 100}, days_ago=2, sid="CA2")
    api.open_session()
    forecast = api.get("/v1/pools/us").json["forecast"]

    cost = forecast["session_cost"]
    assert (cost["sessions"], cost["traffic"]) == (1, 2.25)
    assert 6 * DAY <= time.time() - datetime.fromisoformat(cost["since"]).timestamp() < 7 * DAY
    assert 1.15 * 6 / 31 < cost["rent"] < 1.15 * 7 / 30
    assert 2.25 * 30 / 7 < forecast["monthly_traffic"] < 2.25 * 31 / 6


def test_thresholds_can_be_changed_and_switched_off(api):
    changed = {"max_short_share": None, "max_calls_per_day": 50, "rest_for": 60}

    answer = api.put("/v1/pools/de", {"country": "DE", "reputation": changed})

    assert answer.json["reputation"] == {
        "min_calls": 20,
        "min_texts": 20,
        "min_answer_rate": 0.2,
        "max_short_share": None,
        "max_calls_per_minute": 10,
        "max_calls_per_day": 50,
        "max_filtered_share": 0.05,
        "rest_for": 60,
    }
    assert api.get("/v1/pools/de").json == answer.json


@pytest.mark.parametrize(
    ("threshold", "value"),
    [("min_answer_rate", 1.5), ("max_calls_per_minute", 0), ("rest_for", None), ("mood", 1)],
)
def test_a_threshold_that_makes_no_sense_is_named(api, threshold, value):
    answer = api.put("/v1/pools/de", {"country": "DE", "reputation": {threshold: value}})

    assert answer.status_code == 422
    assert pointers(answer) == [f"/reputation/{threshold}"]


def test_pools_are_listed_by_name_in_pages(api):
    for name in ("fr", "at", "de"):
        api.put(f"/v1/pools/{name}", {"country": name.upper()})

    first = api.get("/v1/pools?limit=3").json
    second = api.get(f"/v1/pools?limit=3&cursor={first['next_cursor']}").json

    assert [pool["name"] for pool in first["data"]] == ["at", "de", "fr"]
    assert [pool["name"] for pool in second["data"]] == ["us"]
    assert second["next_cursor"] is None


def test_an_unknown_pool_gets_404(api):
    assert api.get("/v1/pools/nowhere").status_code == 404
