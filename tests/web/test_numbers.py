"""``/v1/numbers``."""

import time

import pytest
from structlog.testing import capture_logs

from relay.domain.errors import CarrierError
from relay.domain.registration import Registered, Registration
from relay.domain.reputation import Complaint
from relay.domain.trouble import Trouble
from relay.store.keys import PoolKeys
from relay.workflows.buy_numbers import buy_numbers
from relay.workflows.release_numbers import release_numbers
from tests.web.api import PAIR, SERVICE, pointers, sid_of
from tests.world import NOW, NUMBER, OTHER_NUMBER

IMPORT = {"phone_number": OTHER_NUMBER, "pool": "us"}
PATH = f"/v1/numbers/{OTHER_NUMBER}"
UNUSED = {
    "condition": "healthy",
    "complaints": [],
    "resting_since": None,
    "resting_for": [],
    "answer_rate": None,
    "short_share": None,
    "filtered_share": None,
    "calls_per_minute": 0,
    "calls_per_day": 0,
    "ended_calls": 0,
    "answered_calls": 0,
    "short_calls": 0,
    "texts": 0,
    "filtered_texts": 0,
}


def test_a_number_that_is_imported_is_answered_here(api):
    answer = api.post("/v1/numbers", IMPORT | {"phone_number": "+1 (415) 555-0193"})

    assert answer.status_code == 201
    assert answer.headers["Location"] == PATH
    number = answer.json
    assert number.pop("imported_at").endswith("Z")
    assert number == {
        "phone_number": OTHER_NUMBER,
        "pool": "us",
        "status": "available",
        "capabilities": {"voice": True, "sms": True, "mms": False},
        "sms_ready": True,
        "sms_trouble": None,
        "registration": "unknown",
        "messaging_service": None,
        "reputation": UNUSED,
    }
    urls = api.carrier.numbers.urls[sid_of(OTHER_NUMBER)]
    assert urls["voice_url"].startswith("https://relay.example.com/twilio/voice#")
    assert urls["sms_url"].startswith("https://relay.example.com/twilio/messages#")
    assert urls["status_callback"].startswith("https://relay.example.com/twilio/")


def test_a_second_import_changes_nothing(api):
    first = api.post("/v1/numbers", IMPORT)

    again = api.post("/v1/numbers", IMPORT)

    assert again.status_code == 200
    assert again.json == first.json


def test_a_number_of_another_pool_gets_409_and_its_webhooks_stay(api):
    api.put("/v1/pools/de", {"country": "DE"})

    answer = api.post("/v1/numbers", {"phone_number": NUMBER, "pool": "de"})

    assert answer.status_code == 409
    assert api.carrier.numbers.urls == {}
    assert api.get(f"/v1/numbers/{NUMBER}").json["pool"] == "us"


def test_a_number_of_another_country_than_the_pools_gets_422(api):
    british = "+447700900150"
    api.carrier.numbers.owned.add(british)

    answer = api.post("/v1/numbers", {"phone_number": british, "pool": "us"})

    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"pointer": "/phone_number", "detail": "not a number of US, the pool's country"}
    ]
    assert api.carrier.numbers.urls == {}
    api.put("/v1/pools/gb", {"country": "GB"})
    assert api.post("/v1/numbers", {"phone_number": british, "pool": "gb"}).status_code == 201


def test_a_number_without_its_plus_is_told_so(api):
    answer = api.post("/v1/numbers", IMPORT | {"phone_number": OTHER_NUMBER.removeprefix("+")})

    assert answer.json["code"] == "not_owned"
    assert "with a leading +" in answer.json["errors"][0]["detail"]


def test_a_number_that_the_account_does_not_own_gets_422(api):
    answer = api.post("/v1/numbers", IMPORT | {"phone_number": "+14155550199"})

    assert answer.status_code == 422
    assert answer.json["code"] == "not_owned"
    assert pointers(answer) == ["/phone_number"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"pool": "us"}, "/phone_number"),
        ({"phone_number": "hello", "pool": "us"}, "/phone_number"),
        ({"phone_number": "+1" + "4" * 30, "pool": "us"}, "/phone_number"),
        ({"phone_number": OTHER_NUMBER}, "/pool"),
        ({"phone_number": OTHER_NUMBER, "pool": "nowhere"}, "/pool"),
    ],
)
def test_what_is_not_valid_gets_422(api, body, pointer):
    answer = api.post("/v1/numbers", body)

    assert answer.status_code == 422
    assert pointers(answer) == [pointer]


def test_a_carrier_that_is_away_is_a_503_that_says_when_to_try_again(api):
    api.carrier.numbers.error = CarrierError(Trouble.LATER, 20429, retry_after=7)

    with capture_logs() as lines:
        answer = api.post("/v1/numbers", IMPORT)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7"
    assert OTHER_NUMBER not in str(lines)
    assert api.get(PATH).status_code == 404


def test_numbers_are_listed_by_pool_in_pages(api):
    api.put("/v1/pools/ca", {"country": "CA"})
    api.carrier.numbers.owned |= {"+14165550192", "+14165550193"}
    for number, pool in ((OTHER_NUMBER, "us"), ("+14165550193", "ca"), ("+14165550192", "ca")):
        assert api.post("/v1/numbers", {"phone_number": number, "pool": pool}).status_code == 201

    first = api.get("/v1/numbers?limit=3").json
    second = api.get(f"/v1/numbers?limit=3&cursor={first['next_cursor']}").json

    assert [n["phone_number"] for n in first["data"]] == ["+14165550193", "+14165550192", NUMBER]
    assert [n["phone_number"] for n in second["data"]] == [OTHER_NUMBER]
    assert second["next_cursor"] is None
    ours = api.get("/v1/numbers?pool=us").json["data"]
    assert [n["phone_number"] for n in ours] == [NUMBER, OTHER_NUMBER]
    assert api.get("/v1/numbers?pool=nowhere").json["data"] == []


@pytest.mark.parametrize("spelling", [NUMBER, NUMBER.replace("+", "%2B"), "+1 415-555-0192"])
def test_a_number_is_found_by_any_spelling(api, spelling):
    assert api.get(f"/v1/numbers/{spelling}").json["phone_number"] == NUMBER


@pytest.mark.parametrize("number", ["+14155550199", "hello"])
def test_a_number_that_is_none_of_ours_gets_404(api, number):
    path = f"/v1/numbers/{number}"

    assert api.get(path).status_code == 404
    assert api.patch(path, {"status": "reserved"}).status_code == 404
    assert api.delete(path).status_code == 404


@pytest.mark.parametrize("status", ["reserved", "draining"])
def test_a_number_can_be_kept_from_new_sessions(api, status):
    path = f"/v1/numbers/{NUMBER}"

    assert api.patch(path, {"status": status}).json["status"] == status
    assert api.post("/v1/sessions", PAIR).json["reason"] == "no_numbers"

    assert api.patch(path, {"status": "available"}).json["status"] == "available"
    assert api.post("/v1/sessions", PAIR).status_code == 201


@pytest.mark.parametrize("body", [{"status": "released"}, {"status": "resting"}])
def test_other_statuses_cannot_be_set(api, body):
    answer = api.patch(f"/v1/numbers/{NUMBER}", body)

    assert answer.status_code == 422
    assert pointers(answer) == ["/status"]


def test_a_change_says_what_it_changes(api):
    assert api.patch(f"/v1/numbers/{NUMBER}", {}).status_code == 422
    assert api.patch(f"/v1/numbers/{NUMBER}", {"sms_ready": False}).status_code == 422


def test_what_the_carrier_has_against_a_number_s_texts_is_shown_and_taken_back(api):
    place = PoolKeys("main", "us")
    api.redis.hset(place.number(NUMBER), mapping={"sms_trouble": 30034, "sms_trouble_since": 1})
    number = api.get(f"/v1/numbers/{NUMBER}").json
    assert number["sms_ready"] is False
    assert number["sms_trouble"] == {
        "code": 30034,
        "since": "1970-01-01T00:00:01Z",
        "reason": "10DLC: the number is in no approved campaign",
    }
    number = api.patch(f"/v1/numbers/{NUMBER}", {"sms_ready": True}).json
    assert (number["sms_ready"], number["sms_trouble"]) == (True, None)
    assert number["status"] == "available"


def test_a_number_that_waits_for_its_registration_says_so(api):
    waiting = Registered(registration=Registration.NO_CAMPAIGN, service=SERVICE, must_wait=True)
    api.world.services.store.numbers.note_registration(NUMBER, "us", waiting, now=1)
    number = api.get(f"/v1/numbers/{NUMBER}").json
    assert (number["registration"], number["messaging_service"]) == ("no_campaign", SERVICE)
    assert number["sms_ready"] is False
    assert number["sms_trouble"] == {
        "code": None,
        "since": "1970-01-01T00:00:01Z",
        "reason": "its messaging service has no approved 10DLC campaign",
    }
    refused = api.patch(f"/v1/numbers/{NUMBER}", {"sms_ready": True})
    assert refused.status_code == 409
    assert "no approved 10DLC campaign" in refused.json["detail"]


def test_a_number_is_given_back_when_nobody_is_bound_to_it(api):
    path = f"/v1/numbers/{NUMBER}"
    session = api.open_session()
    assert api.delete(path).status_code == 409

    api.delete(f"/v1/sessions/{session['id']}")
    assert api.delete(path).status_code == 409  # its bindings cool

    api.post("/v1/numbers", IMPORT)
    assert api.delete(PATH).status_code == 204
    assert api.get(PATH).status_code == 404
    assert OTHER_NUMBER not in api.carrier.numbers.owned


def test_a_number_is_given_back_when_the_carrier_answers_again(api):
    api.post("/v1/numbers", IMPORT)
    api.carrier.numbers.error = CarrierError(Trouble.LATER, 20429)

    assert api.delete(PATH).status_code == 204
    assert api.get(PATH).status_code == 404
    assert api.carrier.numbers.owned == {NUMBER, OTHER_NUMBER}

    api.carrier.numbers.error = None
    release_numbers(api.world.services, clock=time.time)
    assert api.carrier.numbers.owned == {NUMBER}


ORDER = {"buy": {"country": "US", "area_code": "415"}, "pool": "us", "count": 3}


def test_an_order_is_a_job_that_can_be_asked_for(api):
    answer = api.post("/v1/numbers", ORDER)

    assert answer.status_code == 202
    job = answer.json
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert api.world.jobs.purchases == [job["id"]]
    assert api.get(f"/v1/jobs/{job['id']}").json == job
    assert job.pop("created_at").endswith("Z")
    assert job == {
        "id": job["id"],
        "status": "queued",
        "pool": "us",
        "kind": "order",
        "country": "US",
        "area_code": "415",
        "wanted": 3,
        "bought": [],
        "failures": [],
        "ended_at": None,
    }


def test_an_ended_job_says_why_it_bought_less(api):
    job = api.post("/v1/numbers", ORDER).json
    api.carrier.numbers.find_available = lambda **_: []
    buy_numbers(api.world.services, job["id"], clock=time.time)

    ended = api.get(f"/v1/jobs/{job['id']}").json
    assert ended["status"] == "failed"
    assert ended["ended_at"]
    assert ended["failures"] == [
        {"code": "nothing_on_offer", "detail": "The carrier has no such number on offer."}
    ]


@pytest.mark.parametrize("job", ["us.nothing", "nothing", "nowhere.x", "us."])
def test_a_job_that_never_was_gets_404(api, job):
    assert api.get(f"/v1/jobs/{job}").status_code == 404


def test_a_repeated_order_is_answered_the_same_and_buys_once(api):
    headers = {"Idempotency-Key": "k"}
    first = api.post("/v1/numbers", ORDER, headers=headers)
    again = api.post("/v1/numbers", ORDER, headers=headers)

    assert (again.status_code, again.json) == (202, first.json)
    assert api.post("/v1/numbers", ORDER).json["id"] != first.json["id"]


def test_an_order_repeated_after_a_crash_finds_its_job(api):
    headers = {"Idempotency-Key": "k"}
    first = api.post("/v1/numbers", ORDER, headers=headers).json
    (record,) = api.redis.keys("{main}:idempotency:*")
    api.redis.delete(record)  # as if the process had been killed before it kept its answer

    assert api.post("/v1/numbers", ORDER, headers=headers).json["id"] == first["id"]
    assert len(api.world.services.store.purchases.unfinished("us")) == 1


@pytest.mark.parametrize(
    ("limit", "reason"),
    [({"max_numbers": 3}, "max_numbers"), ({"monthly_budget": 4.59}, "monthly_budget")],
)
def test_an_order_past_a_limit_gets_409_with_the_reason(api, limit, reason):
    api.put("/v1/pools/us", {"country": "US", **limit})

    answer = api.post("/v1/numbers", ORDER)

    assert answer.status_code == 409
    assert (answer.json["code"], answer.json["reason"]) == ("pool_limit", reason)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"phone_number": OTHER_NUMBER}, "/phone_number"),
        ({"count": 0}, "/count"),
        ({"count": 101}, "/count"),
        ({"count": "3"}, "/count"),
        ({"buy": {"country": "us"}}, "/buy/country"),
        ({"buy": {"country": "CA"}}, "/buy/country"),
        ({"buy": {"country": "US", "area_code": "15"}}, "/buy/area_code"),
        ({"buy": None}, "/buy"),
        ({"pool": "nowhere"}, "/pool"),
    ],
)
def test_an_order_that_is_not_valid_gets_422(api, changes, pointer):
    answer = api.post("/v1/numbers", ORDER | changes)

    assert answer.status_code == 422
    assert pointers(answer) == [pointer]


def test_a_count_without_an_order_is_told_that_buy_is_needed(api):
    answer = api.post("/v1/numbers", {"pool": "us", "count": 3})

    assert answer.status_code == 422
    assert pointers(answer) == ["/buy"]


def test_a_tired_number_says_what_is_wrong_with_it(api):
    api.redis.hset(
        PoolKeys("main", "us").traffic(NUMBER), str(int(time.time()) // 3600), "30 30 4 2 21 2"
    )
    api.world.services.store.numbers.rest(NUMBER, "us", [Complaint.SHORT_CALLS], now=NOW)

    number = api.get(f"/v1/numbers/{NUMBER}").json

    assert number["status"] == "resting"
    assert number["reputation"] == {
        "condition": "tired",
        "complaints": ["few_answers", "short_calls", "filtered_texts"],
        "resting_since": "2026-09-21T14:13:20Z",
        "resting_for": ["short_calls"],
        "answer_rate": 0.1333,
        "short_share": 0.5,
        "filtered_share": 0.0952,
        "calls_per_minute": 0,
        "calls_per_day": 30,
        "ended_calls": 30,
        "answered_calls": 4,
        "short_calls": 2,
        "texts": 21,
        "filtered_texts": 2,
    }
