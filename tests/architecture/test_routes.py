"""Every route is authenticated, signed, or on a short list."""

import pytest

from relay.domain.api_key import Scope
from relay.web.auth import Keyless, access_of
from relay.web.signed import SIGNATURE_HEADER
from tests.web.api import make_api

PUBLIC = {
    "health.healthz",
    "health.readyz",
    "docs.read_docs",
    "docs.read_script",
    "openapi.spec",
}

API = make_api()
APP = API.http.application
RULES = sorted(APP.url_map.iter_rules(), key=str)


def addresses(access):
    return [
        (method, str(rule).replace("<", "").replace(">", ""))
        for rule in RULES
        if access(access_of(APP, rule.endpoint))
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def test_who_may_call_is_said_of_every_route():
    assert {rule.endpoint for rule in RULES if access_of(APP, rule.endpoint) is None} == set()


def test_few_routes_are_for_everybody():
    everybody = {
        rule.endpoint for rule in RULES if access_of(APP, rule.endpoint) is Keyless.TO_EVERYBODY
    }

    assert everybody == PUBLIC


def test_metrics_are_for_scrapers():
    found = {
        rule.endpoint for rule in RULES if access_of(APP, rule.endpoint) is Keyless.TO_SCRAPERS
    }

    assert found == {"metrics.read_metrics"}


@pytest.mark.parametrize(("method", "path"), addresses(lambda access: isinstance(access, Scope)))
def test_a_route_behind_a_key_answers_nobody_without_one(method, path):
    assert path.startswith("/v1/")
    # From an address of its own: one address may show a few wrong keys only.
    caller = {"REMOTE_ADDR": f"{method} {path}"}
    assert API.http.open(path, method=method, environ_base=caller).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"), addresses(lambda access: access is Keyless.TO_THE_CARRIER)
)
@pytest.mark.parametrize("headers", [{}, {SIGNATURE_HEADER: "forged"}])
def test_a_route_of_the_carriers_answers_nobody_without_a_signature(method, path, headers):
    assert path.startswith("/twilio/")
    answer = API.http.open(path, method=method, headers=headers, data={"CallSid": "CA1"})
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    # A key of the API is no signature.
    with_key = headers | {"Authorization": f"Bearer {API.key}"}
    assert API.http.open(path, method=method, headers=with_key).status_code == 403


def test_there_are_routes_of_every_kind():
    assert len(addresses(lambda access: isinstance(access, Scope))) >= 20
    assert len(addresses(lambda access: access is Keyless.TO_THE_CARRIER)) >= 3


@pytest.mark.parametrize("path", ["/v1/nothing", "/twilio/nothing", "/static/x", "/docs/x"])
def test_nothing_else_answers(path):
    assert API.get(path).status_code == 404
