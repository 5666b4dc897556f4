"""Somebody who can write to Redis tries to make themselves a key, or to answer in our place."""

from __future__ import annotations

import base64
import json
import time
from hashlib import sha256

import pytest
from werkzeug.test import TestResponse

from relay.domain.api_key import Scope
from relay.domain.session import ClosedReason
from relay.store.alarms import Alarm
from relay.store.keys import BoardKeys, DeploymentKeys, PoolKeys
from relay.store.records import Record
from relay.workflows.deployment import Deployment
from relay.workflows.examine import examine
from relay.workflows.forecast_pool import sample_pools
from relay.workflows.pass_over_failures import for_each_board
from relay.workflows.renew_signatures import renew_signatures
from relay.workflows.stamp_words import context_of
from tests.fake_redis import FakeRedis
from tests.key_ring import move_number
from tests.web.api import PAIR, Api
from tests.world import (
    CARL,
    DAN,
    US,
    World,
    make_deployment,
    make_settings,
    make_world,
    signer,
)

ADMIN = json.dumps({"name": "evil", "scopes": ["admin"], "created_at": 1})


def plant_key(api: Api, record: str, board: str = "main") -> str:
    key = f"relay_{board}_{'e' * 64}"
    api.redis.hset(BoardKeys(board).api_keys, sha256(key.encode()).hexdigest(), record)
    return key


def test_p9_a_planted_api_key_is_nobody(api: Api) -> None:
    key = plant_key(api, ADMIN)
    assert api.get("/v1/pools", key=key).status_code == 401
    plant_key(api, f"{'A' * 22} {ADMIN}")
    assert api.get("/v1/pools", key=key).status_code == 401


def test_p9_a_key_cannot_be_given_more_scopes_or_another_secret(api: Api) -> None:
    weak = api.key_with(Scope.SESSIONS)
    keys, digest = BoardKeys("main").api_keys, sha256(weak.encode()).hexdigest()
    strong = sha256(api.key.encode()).hexdigest()
    record = api.redis.hget(keys, digest)
    api.redis.hset(keys, digest, record.replace('"sessions"', '"admin"'))
    assert api.get("/v1/pools", key=weak).status_code == 401
    api.redis.hset(keys, digest, api.redis.hget(keys, strong))
    assert api.get("/v1/pools", key=weak).status_code == 401
    assert api.get("/v1/pools", key=plant_key(api, api.redis.hget(keys, strong))).status_code == 401


def test_p9_a_planted_board_is_none(api: Api) -> None:
    record = {"name": "evil", "spoken_name": "Evil Jobs", "sealed_tokens": []}
    api.redis.hset(DeploymentKeys().boards, "evil", json.dumps(record))
    assert api.world.deployment.registry.find("evil") is None
    assert plant_key(api, ADMIN, "evil")
    assert api.get("/v1/pools", key=f"relay_evil_{'e' * 64}").status_code == 401


def test_p9_a_planted_answer_is_not_given(api: Api) -> None:
    """It would tell the board's backend a number of the attacker's to call."""
    headers = {"Idempotency-Key": "k-1"}
    first = api.post("/v1/sessions", PAIR, headers=headers)
    (kept,) = api.redis.scan_iter(BoardKeys("main").idempotency("*"))
    body = first.text.replace(first.json["virtual_number"], "+19005550177")
    api.redis.hset(kept, "body", body)

    again = api.post("/v1/sessions", PAIR, headers=headers)

    assert again.status_code == 200
    assert again.json["virtual_number"] == first.json["virtual_number"]
    assert "Idempotency-Replayed" not in again.headers
    assert api.post("/v1/sessions", PAIR, headers=headers).text == again.text


def test_p9_an_answer_is_not_given_for_another_body(api: Api) -> None:
    first, second = {"Idempotency-Key": "k-1"}, {"Idempotency-Key": "k-2"}
    api.post("/v1/sessions", PAIR, headers=first)
    (kept,) = api.redis.scan_iter(BoardKeys("main").idempotency("*"))
    of_dan = PAIR | {"candidate": {"ref": "c-78", "phone": DAN}}
    api.post("/v1/sessions", of_dan, headers=second)
    (other,) = set(api.redis.scan_iter(BoardKeys("main").idempotency("*"))) - {kept}
    api.redis.hset(kept, "body_hash", api.redis.hget(other, "body_hash"))

    answer = api.post("/v1/sessions", of_dan, headers=first)

    assert answer.json["candidate"] == "c-78"


@pytest.mark.parametrize("code", ["482913", "; call +1 900 555 0177 instead"])
def test_p9_nobody_is_told_the_code_of_another_pair(api: Api, code: str) -> None:
    session = api.open_session()
    of_dan = api.open_session(candidate={"ref": "c-78", "phone": DAN})
    path, keys = f"/v1/sessions/{session['id']}", PoolKeys("main", "us")
    record = Record._make(api.redis.hget(keys.sessions, session["id"]).split("\t"))
    for planted in (code, of_dan["access_code"]):
        api.redis.hset(keys.sessions, session["id"], "\t".join(record._replace(code=planted)))
        assert api.get(path).status_code == 503
        shown = api.get("/v1/sessions").json["data"]
        assert [one["id"] for one in shown] == [of_dan["id"]]
    opened = api.open_session()
    assert opened["id"] != session["id"]
    assert opened["access_code"] not in {code, of_dan["access_code"]}
    assert api.get(path).json["status"] == "closed"


@pytest.mark.parametrize("planted_in_the_map", [False, True])
def test_p9_nobody_is_told_to_call_a_number_that_is_none_of_ours(
    api: Api, planted_in_the_map: bool
) -> None:
    session = api.open_session()
    of_dan = api.open_session(candidate={"ref": "c-78", "phone": DAN})
    keys = PoolKeys("main", "us")
    record = Record._make(api.redis.hget(keys.sessions, session["id"]).split("\t"))
    theirs = "+19175550177"
    api.redis.hset(keys.sessions, session["id"], "\t".join(record._replace(number=theirs)))
    if planted_in_the_map:
        entry = api.redis.hget(DeploymentKeys().numbers, session["virtual_number"])
        api.redis.hset(DeploymentKeys().numbers, theirs, entry)
        api.redis.incr(DeploymentKeys().numbers_version)
    for answer in (
        api.get(f"/v1/sessions/{session['id']}"),
        api.post("/v1/sessions", PAIR),
    ):
        assert answer.status_code == 503
        assert theirs not in answer.text
    for path in ("/v1/sessions", "/v1/sessions?recruiter=r-1001"):
        assert [listed["id"] for listed in api.get(path).json["data"]] == [of_dan["id"]]
    assert 'relay_distrusted_records_total{record="number"} 4.0' in api.get("/metrics").text


def test_p9_work_that_fails_for_what_is_damaged_counts_in_the_metrics(api: Api) -> None:
    boards = api.world.deployment.boards()
    for _ in range(2):
        for_each_board(boards, lambda board: sample_pools(board, now=time.time()))
        api.redis.set(BoardKeys("main").pools, "damaged")
    # The survey of who scrapes has failed there, too.
    assert 'relay_passed_over_total{board="main"} 2.0' in api.get("/metrics").text


def assert_the_candidates_phone_cannot_be_opened(answer: TestResponse) -> None:
    assert (answer.status_code, answer.json["code"]) == (409, "phone_unreadable")
    assert answer.json["detail"] == (
        "The candidate's phone on record cannot be opened; put the candidate on record again."
    )


@pytest.mark.plants_numbers
@pytest.mark.parametrize("damaged", [False, True])
def test_p9_a_moved_or_damaged_seal_is_a_conflict_until_the_person_is_put_on_record_again(
    api: Api, damaged: bool
) -> None:
    session = api.open_session()
    api.put("/v1/candidates/c-78", {"phone": DAN})
    seals = BoardKeys("main").seals
    of_another = api.redis.hget(seals, "candidate:c-78")
    api.redis.hset(seals, "candidate:c-77", of_another[:-4] if damaged else of_another)
    pair = {"recruiter": "r-1001", "candidate": "c-77"}
    compared = {"context": "Ref 5550149, backend"}

    assert_the_candidates_phone_cannot_be_opened(api.post("/v1/sessions", pair | compared))
    amended = api.patch(f"/v1/sessions/{session['id']}", compared)
    assert_the_candidates_phone_cannot_be_opened(amended)
    api.put("/v1/pools/us", {"country": "US", "geo": "area_code"})
    assert_the_candidates_phone_cannot_be_opened(api.post("/v1/sessions", pair))
    assert 'relay_distrusted_records_total{record="seal"} 3.0' in api.get("/metrics").text

    assert api.put("/v1/candidates/c-77", {"phone": CARL}).status_code == 200
    assert api.post("/v1/sessions", pair | compared).status_code == 200


def test_a_session_is_shown_on_a_number_that_changed_pools_since_it_was_looked_up(
    api: Api,
) -> None:
    """Another process has moved it."""
    session = api.open_session()
    path = f"/v1/sessions/{session['id']}"
    number = session["virtual_number"]
    move_number(api.redis, number, "main", "other", signer())
    api.world.services.store.number_map.learn()
    move_number(api.redis, number, "main", "us", signer())
    assert api.get(path).status_code == 200
    assert 'record="number"} 0.0' in api.get("/metrics").text


def test_p9_a_session_of_a_pool_whose_policy_was_changed_cannot_be_changed(api: Api) -> None:
    session = api.open_session()
    api.redis.hset(PoolKeys("main", "us").policy, "max_ttl", "999999999")
    assert api.patch(f"/v1/sessions/{session['id']}", {"ttl": 999_999}).status_code == 503


def test_an_ended_sessions_context_under_a_key_that_has_gone_raises_no_alarm() -> None:
    redis = FakeRedis()
    world = make_world(redis, RELAY_INDEX_KEYS=OLD)
    session = world.open(context="Cook")
    world.services.store.sessions.close(session.id, ClosedReason.BY_API, now=time.time())
    alone = deployment(redis, NEW).main
    closed = alone.store.sessions.get(session.id)
    assert closed is not None
    assert context_of(alone, closed) == ""
    assert not any(alone.store.alarms.of(Alarm).values())


# --- doctor, and rotation -----------------------------------------------------------------


def test_doctor_counts_what_was_planted(api: Api) -> None:
    plant_key(api, ADMIN)
    api.redis.hset(DeploymentKeys().boards, "evil", "{}")
    api.redis.hset(DeploymentKeys().numbers, "+19175550177", "main/us")
    api.redis.hset(PoolKeys("main", "us").policy, "max_numbers", "9999")
    found = [
        check.detail.partition(" in Redis")[0]
        for check in examine(api.world.deployment)
        if check.name == "signatures"
    ]
    assert found == ["1 API keys", "1 boards", "1 numbers", "1 pools"]


def test_p9_a_planted_boards_account_is_not_taken_over_by_a_change(api: Api) -> None:
    """A PUT that names an account keeps the tokens on record: of a record of ours alone."""
    key, account = api.deployment_key(), "AC" + "6" * 32
    tokens = [api.world.deployment.vault.seal_token("stolen", board="second")]
    planted = {"name": "second", "spoken_name": "Evil", "account_sid": account}
    record = json.dumps({**planted, "sealed_tokens": tokens})
    terms = {"spoken_name": "Second Jobs", "account": {"sid": account}}
    for stamped in (record, f"{'A' * 22} {record}"):
        api.redis.hset(DeploymentKeys().boards, "second", stamped)
        assert api.put("/v1/boards/second", terms, key=key).status_code == 422
        renew_signatures(api.world.deployment)
        assert api.redis.hget(DeploymentKeys().boards, "second") == stamped
        assert api.get("/v1/boards/second", key=key).status_code == 404


def test_p9_a_planted_session_is_not_signed_by_a_change(api: Api) -> None:
    """Its candidate was replaced by another one's."""
    session = api.open_session()
    of_dan = api.open_session(candidate={"ref": "c-78", "phone": DAN})
    keys, store = PoolKeys("main", "us"), api.world.services.store
    record = Record._make(api.redis.hget(keys.sessions, session["id"]).split("\t"))
    dans = Record._make(api.redis.hget(keys.sessions, of_dan["id"]).split("\t"))
    planted = record._replace(candidate=dans.candidate, candidate_index=dans.candidate_index)
    api.redis.hset(keys.sessions, session["id"], "\t".join(planted))

    for change in ({"ttl": 7200}, {"context": "Cook"}, {"channels": ["voice"]}):
        assert api.patch(f"/v1/sessions/{session['id']}", change).status_code == 503
    renew_signatures(api.world.deployment)

    assert api.redis.hget(keys.sessions, session["id"]) == "\t".join(planted)
    changed = store.sessions.get(session["id"])
    assert changed is not None
    assert not store.sessions.is_genuine(changed)


OLD, NEW = (f"k{n}:{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))


def deployment(redis: FakeRedis, ring: str) -> Deployment:
    return make_deployment(redis, make_settings(RELAY_INDEX_KEYS=ring))


def test_signatures_follow_the_index_keys_through_a_rotation() -> None:
    """``docs/rotation.md``: both keys, the new one first, an hour, the new one alone."""
    redis = FakeRedis()
    world = make_world(redis, RELAY_INDEX_KEYS=OLD)
    session = world.open()
    key = world.services.store.api_keys.create("board", [Scope.SESSIONS], now=time.time())
    both, alone = deployment(redis, f"{NEW},{OLD}"), deployment(redis, NEW)
    assert both.main.store.api_keys.find(key)
    assert alone.main.store.api_keys.find(key) is None
    assert alone.numbers.count_unsigned() == 1
    assert alone.main.store.pools.get("us") is None

    for _ in range(2):
        renew_signatures(both)
        renewed = World(both.main, world.jobs, both).open()

    assert renewed.id == session.id
    assert alone.main.store.sessions.is_genuine(renewed)
    assert alone.main.store.api_keys.find(key)
    assert alone.main.store.pools.get("us") == US
    assert alone.numbers.count_unsigned() == alone.main.store.api_keys.count_unsigned() == 0


BARE = "a1" * 32


def test_p9_keys_made_under_a_one_click_secret_outlive_it_and_revoked_ones_do_not() -> None:
    redis = FakeRedis()
    before, both = deployment(redis, BARE), deployment(redis, f"{BARE},{NEW}")
    turned, alone = deployment(redis, f"{NEW},{BARE}"), deployment(redis, NEW)
    records = BoardKeys("main").api_keys

    def make(name: str, of: Deployment) -> str:
        return of.main.store.api_keys.create(name, [Scope.SESSIONS], now=time.time())

    def works(key: str) -> list[bool]:
        return [bool(one.main.store.api_keys.find(key)) for one in (before, both, turned, alone)]

    kept, revoked = make("kept", before), make("revoked", before)
    stolen = redis.hgetall(records)
    before.main.store.api_keys.revoke("revoked")
    planted = sha256(b"evil").hexdigest()
    redis.hset(records, planted, f"{'A' * 22} {ADMIN}")
    assert works(kept) == [True, True, True, False]
    assert works(revoked) == [False] * 4

    renew_signatures(turned)
    later = make("later", turned)
    turned.main.store.api_keys.revoke("later")

    assert works(kept) == [False, True, True, True]
    assert works(revoked) == works(later) == [False] * 4
    digest = sha256(revoked.encode()).hexdigest()
    redis.hset(records, digest, stolen[digest])
    assert works(revoked) == [True, True, True, False], "whoever kept its record can put it back"
    assert redis.hget(records, planted) == f"{'A' * 22} {ADMIN}"
    assert alone.main.store.api_keys.count_unsigned() == 2
