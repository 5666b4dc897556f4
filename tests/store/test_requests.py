"""Idempotency records (begin_request.lua, finish_request.lua), API keys, rates, clock, durability
and the index of interactions."""

import fakeredis
import pytest
import redis
from limits import RateLimitItemPerMinute

from relay.domain.api_key import Scope
from relay.domain.errors import Unavailable
from relay.store import clock as clock_module
from relay.store.api_keys import ApiKeys
from relay.store.clock import ClockGuard, clock_difference
from relay.store.connection import OurErrors, is_cluster
from relay.store.durability import Durability, durability, server_version
from relay.store.idempotency import (
    LIFETIME,
    PATIENCE,
    Answered,
    Begun,
    Idempotency,
    Reused,
    Running,
)
from relay.store.interactions import Interactions, Place, Span
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.rate_limits import RateLimits
from relay.store.scripts import Scripts
from tests.fake_redis import FakeRedis
from tests.key_ring import SIGNER
from tests.world import Pair

NOW = 1_790_000_000.5
KEYS = BoardKeys("main")
ANSWER = Answered(201, '{"id": "us.1"}', {"Location": "/v1/sessions/us.1"})


@pytest.fixture
def records(client):
    return Idempotency(client, KEYS, SIGNER)


# --- idempotency ------------------------------------------------------------------------


def test_a_first_request_begins_and_its_repeat_gets_the_answer(records):
    begun = records.begin("request", "body", now=NOW)
    records.keep("request", "body", begun.token, ANSWER)

    assert records.begin("request", "body", now=NOW + 1) == ANSWER


def test_a_repeat_waits_for_a_request_that_runs(records):
    records.begin("request", "body", now=NOW)

    assert records.begin("request", "body", now=NOW + 0.5) == Running(PATIENCE)
    assert records.begin("request", "body", now=NOW + PATIENCE - 1) == Running(1)


def test_a_request_that_died_is_taken_over_and_can_write_nothing_any_more(records):
    died = records.begin("request", "body", now=NOW)
    taken_over = records.begin("request", "body", now=NOW + PATIENCE)
    assert isinstance(taken_over, Begun)

    records.keep("request", "body", died.token, Answered(500, "late"))
    records.let_go("request", died.token)
    assert isinstance(records.begin("request", "body", now=NOW + PATIENCE), Running)

    records.keep("request", "body", taken_over.token, ANSWER)
    assert records.begin("request", "body", now=NOW + PATIENCE) == ANSWER


def test_another_body_is_refused_while_it_runs_and_afterwards(records):
    begun = records.begin("request", "body", now=NOW)
    assert records.begin("request", "other", now=NOW) == Reused()

    records.keep("request", "body", begun.token, ANSWER)
    assert records.begin("request", "other", now=NOW) == Reused()


def test_a_request_that_came_to_nothing_leaves_the_way_free(records):
    begun = records.begin("request", "body", now=NOW)
    records.let_go("request", begun.token)

    assert isinstance(records.begin("request", "other", now=NOW), Begun)


def test_a_record_lives_a_day(records, client):
    records.begin("request", "body", now=NOW)

    (key,) = client.keys("*")
    assert LIFETIME - 5 <= client.ttl(key) <= LIFETIME


PLANTED = {"body_hash": "body", "status": "201", "headers": "{}", "body": "{}", "token": "a"}


class Interrupted:
    """A client with which somebody else does something as soon as a script has run."""

    def __init__(self, client, *meanwhile):
        self._client = client
        self._meanwhile = list(meanwhile)

    def execute_command(self, *args):
        answer = self._client.execute_command(*args)
        if self._meanwhile:
            self._meanwhile.pop(0)()
        return answer

    def __getattr__(self, name):
        return getattr(self._client, name)


def plant(client, **fields):
    client.hset(KEYS.idempotency("request"), mapping={**PLANTED, **fields})


@pytest.mark.parametrize("missing", ["token", "headers", "body", None])
def test_p9_one_request_alone_goes_on_in_the_place_of_a_planted_answer(client, records, missing):
    """Both have read the same one."""
    plant(client)
    if missing:
        client.hdel(KEYS.idempotency("request"), missing)
    found = []
    others = Interrupted(client, lambda: found.append(records.begin("request", "body", now=NOW)))

    found.append(Idempotency(others, KEYS, SIGNER).begin("request", "body", now=NOW))

    (begun, other) = found
    assert isinstance(begun, Begun)
    assert other == Running(PATIENCE)
    records.keep("request", "body", begun.token, ANSWER)
    assert records.begin("request", "body", now=NOW) == ANSWER


def test_p9_answers_that_are_planted_again_and_again_are_unavailable(client):
    plant(client)
    again = Interrupted(client, *[lambda: plant(client, token="b")] * 10)

    with pytest.raises(Unavailable):
        Idempotency(again, KEYS, SIGNER).begin("request", "body", now=NOW)


def test_begin_request_is_safe_to_run_twice(client):
    """A lost reply makes the client send the same command again."""
    scripts = Scripts(client)
    args = {"now": NOW, "token": "t", "body_hash": "body"}
    limits = {"patience": PATIENCE, "lifetime": LIFETIME}
    plant(client)

    for request, disbelieved in (("other", ""), ("request", "answer to a")):
        first, second = (
            scripts.run(
                "begin_request", KEYS, request=request, **args, **limits, disbelieved=disbelieved
            )
            for _ in range(2)
        )
        assert first == second == ["begin"]


def test_finish_request_is_safe_to_run_twice(client, records):
    begun = records.begin("request", "body", now=NOW)
    for _ in range(2):
        records.keep("request", "body", begun.token, ANSWER)

    assert records.begin("request", "body", now=NOW) == ANSWER


# --- API keys ---------------------------------------------------------------------------


def test_a_key_is_found_by_itself_and_nothing_else(client):
    keys = ApiKeys(client, KEYS, SIGNER)
    key = keys.create("board", [Scope.SESSIONS], now=NOW)
    for scopes in ([Scope.BOARDS], [Scope.ADMIN, Scope.BOARDS]):
        with pytest.raises(ValueError, match="deployment keys"):
            keys.create("ops", scopes, now=NOW)

    found = keys.find(key)

    assert key.startswith("relay_main_")
    assert len(key) == len("relay_main_") + 64
    assert found.name == "board"
    assert found.scopes == {Scope.SESSIONS}
    assert found.may(Scope.SESSIONS)
    assert not found.may(Scope.ADMIN)
    for other in ("", "relay_main_", key[:-1], key.upper(), found.id):
        assert keys.find(other) is None


def test_keys_are_listed_oldest_first_and_revoked_by_name_or_id(client):
    keys = ApiKeys(client, KEYS, SIGNER)
    third = keys.create("board", [Scope.ADMIN], now=NOW + 2)
    first = keys.create("board", [Scope.AUDIT], now=NOW)
    second = keys.create("ops", [Scope.NUMBERS], now=NOW + 1)
    assert [key.name for key in keys.all()] == ["board", "ops", "board"]

    assert [key.name for key in keys.revoke(keys.find(second).id)] == ["ops"]
    assert len(keys.revoke("board")) == 2
    assert keys.revoke("board") == []
    assert [keys.find(key) for key in (first, second, third)] == [None] * 3


# --- rates ------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [KEYS, DeploymentKeys()], ids=["board", "deployment"])
def test_a_rate_is_counted_for_each_and_starts_anew_with_its_window(client, keys):
    rates = RateLimits(client, keys)
    limit = RateLimitItemPerMinute(2)

    assert rates.hit(limit, "key", "a") is None
    assert rates.hit(limit, "key", "a") is None
    assert 1 <= rates.hit(limit, "key", "a") <= 60
    assert rates.hit(limit, "key", "b") is None
    assert all(key.startswith(f"{keys.prefix_of(keys)}rates:fixed:") for key in client.keys("*"))


def test_nobody_is_let_through_when_nobody_can_count():
    server = fakeredis.FakeServer()
    rates = RateLimits(FakeRedis(server), KEYS)
    server.connected = False

    with pytest.raises(Unavailable):
        rates.hit(RateLimitItemPerMinute(2), "a")


# --- clock ------------------------------------------------------------------------------


class Clock:
    """A store whose clock is ahead of ours, and which counts how often it is asked."""

    def __init__(self, ahead):
        self.ahead = ahead
        self.asked = 0

    def time(self):
        self.asked += 1
        theirs = clock_module.time.time() + self.ahead
        return int(theirs), int(theirs % 1 * 1_000_000)


def test_the_stores_clock_agrees_with_ours(client):
    assert clock_difference(client) < clock_module.MOST_DIFFERENCE
    ClockGuard(client).check()


@pytest.mark.parametrize("ahead", [-60, -1.5, 1.5, 60])
def test_a_clock_that_is_a_second_off_serves_nobody(ahead):
    guard = ClockGuard(Clock(ahead))

    for _ in range(2):
        with pytest.raises(Unavailable):
            guard.check()


@pytest.mark.parametrize("ahead", [-0.9, 0, 0.9])
def test_a_clock_within_a_second_serves(ahead):
    ClockGuard(Clock(ahead)).check()


def test_a_clock_is_measured_now_and_then_and_sooner_when_it_was_wrong():
    elapsed = [0.0]
    clock = Clock(0)
    guard = ClockGuard(clock, timer=lambda: elapsed[0])
    for _ in range(5):
        guard.check()
    assert clock.asked == 1

    clock.ahead = 60
    elapsed[0] += 10
    with pytest.raises(Unavailable):
        guard.check()

    clock.ahead = 0
    elapsed[0] += 1
    guard.check()
    assert clock.asked == 3


# --- durability -------------------------------------------------------------------------


def test_a_servers_own_words_tell_its_durability(client):
    if isinstance(client, fakeredis.FakeRedis):
        pytest.skip("fakeredis says nothing of it")
    client.config_set("maxmemory-policy", "allkeys-lru")
    assert durability(client).no_eviction is False
    assert durability(client).is_refuted

    client.config_set("maxmemory-policy", "noeviction")
    assert durability(client) == Durability(append_only=True, no_eviction=True)
    assert durability(client).is_proven
    assert server_version(client) >= (6, 2)


def test_a_server_that_forbids_config_is_asked_by_info(client):
    if isinstance(client, fakeredis.FakeRedis):
        pytest.skip("fakeredis has no ACL")
    if is_cluster(client):
        client = client.masters()[0]
    client.acl_setuser(
        "tenant", enabled=True, nopass=True, commands=["+@all", "-config"], keys=["*"]
    )
    with _as_tenant(client) as tenant:
        assert durability(tenant) == Durability(append_only=True, no_eviction=True)


def _as_tenant(client):
    kwargs = {
        name: value
        for name, value in client.connection_pool.connection_kwargs.items()
        if name in {"host", "port", "path", "db", "decode_responses"}
    }
    pool = redis.ConnectionPool(
        connection_class=client.connection_pool.connection_class,
        username="tenant",
        password="any",
        **kwargs,
    )
    return OurErrors(connection_pool=pool)


# --- interactions -----------------------------------------------------------------------


def test_interactions_are_read_backwards_in_pages(client, store):
    pair = Pair(client, store)
    session = pair.session
    index = Interactions(client, KEYS)
    lines = [f"{session.id}\t{int(NOW) + i}\tCA{i}" for i in range(5)]
    lines.append(f"{session.id}0\t{int(NOW)}\tCA9")  # another session's
    client.zadd("{main}:interactions", dict.fromkeys(lines, 0))

    first = index.of_sessions([session.id], Span(), count=3)
    second = index.of_sessions([session.id], Span(before=first[-1]), count=3)

    assert [place.id for place in first + second] == ["CA4", "CA3", "CA2", "CA1", "CA0"]
    assert all(place.is_call for place in first)
    assert not Place(f"1\t{session.id}\tus.SM1").is_call
