"""Who may ask for what."""

import dataclasses

import pytest

from relay.domain.api_key import Scope
from relay.domain.errors import Unavailable
from relay.store.api_keys import ApiKeys
from relay.store.clock import ClockGuard
from relay.store.keys import BoardKeys
from relay.web import auth
from tests.web.api import make_api
from tests.world import signer

VIEWS = [
    ("GET", "/v1/sessions", Scope.SESSIONS),
    ("GET", "/v1/sessions/us.000000000000", Scope.SESSIONS),
    ("GET", "/v1/sessions/us.000000000000/interactions", Scope.SESSIONS),
    ("GET", "/v1/interactions", Scope.SESSIONS),
    ("DELETE", "/v1/sessions/us.000000000000", Scope.SESSIONS),
    ("GET", "/v1/recruiters/r-1", Scope.PARTICIPANTS),
    ("DELETE", "/v1/candidates/c-1", Scope.PARTICIPANTS),
    ("GET", "/v1/pools", Scope.NUMBERS),
    ("GET", "/v1/numbers", Scope.NUMBERS),
]


@pytest.mark.parametrize(("method", "path", "scope"), VIEWS)
def test_a_view_asks_for_its_scope_or_admin(api, method, path, scope):
    right = api.key_with(scope)
    wrong = api.key_with(*(set(Scope) - {scope, Scope.ADMIN, Scope.BOARDS}))

    assert api.ask(method, path).status_code in {200, 204, 404}
    assert api.ask(method, path, key=right).status_code in {200, 204, 404}
    refused = api.ask(method, path, key=wrong)
    assert refused.status_code == 403
    assert refused.json["code"] == "forbidden"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer relay_0000",
        "Bearer relay_main_0000",
        "Bearer relay_nobodys_0000",
        "Bearer relay__0000",
        "Bearer \xe4\xf6\xfc",
        "Basic cmVsYXk6cmVsYXk=",
        "Digest username=x",
        "relay_0000",
    ],
)
def test_without_a_valid_key_nobody_gets_in(api, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = api.http.get("/v1/sessions", headers=headers)

    assert answer.status_code == 401
    assert answer.json["code"] == "unauthenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_without_bearer_before_it_does_not_count(api):
    answer = api.http.get("/v1/sessions", headers={"Authorization": api.key})

    assert answer.status_code == 401


def test_a_revoked_key_stops_working_at_once(api):
    key = api.key_with(Scope.SESSIONS, name="leaver")
    assert api.get("/v1/sessions", key=key).status_code == 200

    ApiKeys(api.redis, BoardKeys("main"), signer()).revoke("leaver")

    assert api.get("/v1/sessions", key=key).status_code == 401


def test_only_a_hash_of_a_key_is_kept(api):
    kept = "".join(str(api.redis.hgetall(key)) for key in api.redis.keys("*api-keys*"))

    assert api.key not in kept
    assert api.key.removeprefix("relay_main_") not in kept


def test_many_wrong_keys_get_429_and_right_ones_still_pass(api):
    for _ in range(auth.WRONG_KEYS.amount):
        assert api.get("/v1/sessions", key="relay_wrong").status_code == 401

    refused = api.get("/v1/sessions", key="relay_wrong")

    assert refused.status_code == 429
    assert refused.json["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert api.get("/v1/sessions").status_code == 200


def test_a_key_that_asks_too_often_gets_429_and_others_do_not():
    api = make_api(API_REQUESTS_PER_MINUTE="3")
    other = api.key_with(Scope.SESSIONS)
    for _ in range(3):
        assert api.get("/v1/sessions").status_code == 200

    assert api.get("/v1/sessions").status_code == 429
    assert api.get("/v1/sessions", key=other).status_code == 200


def test_when_nobody_can_count_nobody_gets_in(api):
    api.redis.connection_pool.connection_kwargs["server"].connected = False

    assert api.get("/v1/sessions").status_code == 503
    assert api.get("/v1/sessions", key="relay_wrong").status_code == 503


class FastClock:
    """A store whose clock is a minute ahead."""

    def __init__(self, redis):
        self.redis = redis

    def time(self):
        seconds, microseconds = self.redis.time()
        return seconds + 60, microseconds


def test_a_process_whose_clock_is_wrong_serves_nobody(api):
    app = api.http.application
    app.extensions["relay"] = dataclasses.replace(
        app.extensions["relay"], clock=ClockGuard(FastClock(api.redis))
    )

    assert api.get("/v1/sessions").status_code == 503
    assert api.get("/healthz").status_code == 200
    with pytest.raises(Unavailable):
        app.extensions["relay"].clock.check()


def test_a_view_that_declares_nothing_keeps_the_app_from_starting(api):
    app = api.http.application
    app.view_functions["forgotten"] = lambda: "open to all"

    with pytest.raises(RuntimeError, match="forgotten"):
        auth.remember_access(app)


def test_to_say_that_a_view_is_signed_does_not_make_it_so(api):
    app = api.http.application
    app.view_functions["forgotten"] = auth.signed(lambda: "open to all")

    assert auth.access_of(app, "forgotten") is None
