"""``Idempotency-Key``: the same request is answered the same."""

import threading

import pytest
import time_machine

from relay.domain.api_key import Scope
from relay.domain.errors import CarrierError
from relay.domain.trouble import Trouble
from relay.store.claims import Outdated
from tests.web.api import PAIR
from tests.world import CARL, NORA, RITA

DAY = 24 * 3600


def post(api, body=PAIR, idempotency_key="k-1", **request):
    headers = {"Idempotency-Key": idempotency_key}
    return api.post("/v1/sessions", body, headers=headers, **request)


def test_a_repeat_gets_the_first_answer(api):
    first = post(api)
    api.delete(f"/v1/sessions/{first.json['id']}")

    again = post(api)

    assert again.status_code == 201
    assert again.data == first.data
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]


def test_a_problem_is_an_answer_too(api):
    first = post(api, {"recruiter": "r-1"})
    again = post(api, {"recruiter": "r-1"})

    assert first.status_code == again.status_code == 422
    assert again.mimetype == "application/problem+json"
    assert again.data == first.data


def test_another_body_gets_422(api):
    post(api)

    answer = post(api, PAIR | {"context": "changed"})

    assert answer.status_code == 422
    assert answer.json["code"] == "idempotency_key_reused"


def test_keys_of_two_clients_and_of_two_paths_do_not_meet(api):
    other = api.key_with(Scope.ADMIN)
    post(api)

    answer = post(api, key=other)
    elsewhere = api.post(
        "/v1/numbers",
        {"phone_number": "+14155550193", "pool": "us"},
        headers={"Idempotency-Key": "k-1"},
    )

    assert answer.status_code == 200
    assert "Idempotency-Replayed" not in answer.headers
    assert elsewhere.status_code == 201


def test_other_methods_take_no_notice(api):
    headers = {"Idempotency-Key": "k-1"}

    assert api.put("/v1/pools/eu", {"country": "DE"}, headers=headers).status_code == 201
    assert api.put("/v1/pools/eu", {"country": "DE"}, headers=headers).status_code == 200


def test_after_a_day_the_key_is_free_again(api):
    with time_machine.travel(1_790_000_000, tick=False) as clock:
        post(api)
        clock.shift(DAY - 1)
        assert post(api).status_code == 201
        clock.shift(2)
        assert post(api).status_code == 200


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "two words", "\xfc"])
def test_a_key_that_is_not_valid_gets_422(api, key):
    answer = post(api, idempotency_key=key)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/Idempotency-Key"


def test_a_request_that_runs_holds_its_repeat_off(api):
    carrier = api.carrier.numbers
    reached, go_on = threading.Event(), threading.Event()
    find_owned = carrier.find_owned

    def slow(number):
        reached.set()
        go_on.wait(10)
        return find_owned(number)

    carrier.find_owned = slow
    request = {"phone_number": "+14155550193", "pool": "us"}
    headers = {"Idempotency-Key": "k-1"}
    answers = []
    running = threading.Thread(
        target=lambda: answers.append(api.post("/v1/numbers", request, headers=headers))
    )
    running.start()
    reached.wait(10)

    refused = api.http.application.test_client().post(
        "/v1/numbers", json=request, headers=headers | {"Authorization": f"Bearer {api.key}"}
    )
    go_on.set()
    running.join()

    assert refused.status_code == 409
    assert refused.json["code"] == "request_in_progress"
    assert int(refused.headers["Retry-After"]) > 0
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert answers[0].status_code == 201
    assert api.post("/v1/numbers", request, headers=headers).data == answers[0].data


def test_after_a_crash_the_repeat_finishes_the_work(api):
    app = api.http.application
    funcs = app.after_request_funcs[None]
    kept, funcs[:] = funcs[:], []  # the process is killed before it can keep the answer
    with time_machine.travel(1_790_000_000, tick=False) as clock:
        lost = post(api)
        funcs[:] = kept
        assert post(api).status_code == 409
        clock.shift(30)

        again = post(api)

        assert again.status_code == 200
        assert again.json["id"] == lost.json["id"]
        assert post(api).data == again.data


def test_what_may_be_tried_again_is_not_kept(api):
    request = {"phone_number": "+14155550193", "pool": "us"}
    headers = {"Idempotency-Key": "k-1"}
    api.carrier.numbers.error = CarrierError(Trouble.LATER, 20500)
    assert api.post("/v1/numbers", request, headers=headers).status_code == 503

    api.carrier.numbers.error = None

    assert api.post("/v1/numbers", request, headers=headers).status_code == 201


def test_a_conflict_that_passes_is_not_kept(api):
    sessions = api.world.services.store.sessions
    claim = sessions.claim
    sessions.claim = lambda *_, **__: Outdated()  # a change of the candidate's phone goes on
    refused = post(api)
    assert refused.status_code == 409
    assert "Retry-After" in refused.headers

    sessions.claim = claim

    assert post(api).status_code == 201


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(api):
    server = api.redis.connection_pool.connection_kwargs["server"]

    def go_away(number):
        server.connected = False

    api.carrier.numbers.find_owned = go_away  # not owned, and then the store is away
    answer = api.post(
        "/v1/numbers",
        {"phone_number": "+14155550193", "pool": "us"},
        headers={"Idempotency-Key": "k-1"},
    )

    assert answer.status_code == 422
    assert answer.json["code"] == "not_owned"


def test_of_a_body_only_a_keyed_hash_is_kept(api):
    post(api)

    (record,) = (api.redis.hgetall(key) for key in api.redis.keys("{main}:idempotency:*"))

    assert set(record) >= {"body_hash", "status", "body"}
    for number in (RITA, CARL, NORA):
        assert number[1:] not in str(record)
