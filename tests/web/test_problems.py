"""Every error is problem+json, and says nothing back of what came in."""

import re
from io import BytesIO
from typing import get_args

import pytest
from apiflask import HTTPError
from pydantic_core import core_schema
from structlog.testing import capture_logs

from relay.domain.errors import Invalid
from relay.domain.participant import REF_IN_WORDS
from relay.web.problems import http_problem, relay_problem
from relay.web.validation import _sentence
from tests.web.api import PAIR, make_api
from tests.world import CARL, NUMBER, RITA


def assert_problem(answer, status, code):
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == "about:blank"
    assert answer.json["status"] == status
    assert answer.json["code"] == code
    assert answer.json["title"]
    assert answer.headers["X-Request-Id"]


def test_an_address_where_nothing_is_gets_404(api):
    assert_problem(api.get("/nothing"), 404, "not_found")


@pytest.mark.parametrize("path", ["//v1/sessions", "/v1/sessions/"])
def test_a_crooked_address_is_not_redirected(api, path):
    assert_problem(api.get(path), 404, "not_found")


def test_a_wrong_method_gets_405_and_the_right_ones(api):
    answer = api.delete("/v1/sessions")

    assert_problem(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"recruiter": "\\ud800", "candidate": "c"}',
        b'{"ttl": ' + b"1" * 5000,
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1",
    ],
)
def test_what_is_not_json_gets_400(api, body):
    answer = api.ask("POST", "/v1/sessions", data=body, content_type="application/json")

    assert_problem(answer, 400, "bad_request")


def test_what_is_not_json_is_told_where_and_not_with_which_words(api):
    body = f"{{'recruiter': '{CARL}'}}".encode()

    answer = api.ask("POST", "/v1/sessions", data=body, content_type="application/json")

    assert "at line 1 column 2." in answer.json["detail"]
    assert "double quotes" in answer.json["detail"]
    assert CARL not in answer.text


@pytest.mark.parametrize(
    ("request_", "hint"),
    [
        (("GET", "/v1/session"), "/docs"),
        (("DELETE", "/v1/sessions"), "Allow"),
        (("POST", "/v1/sessions"), "Content-Type: application/json"),
    ],
)
def test_a_request_that_goes_nowhere_is_told_how_to_go_on(api, request_, hint):
    assert hint in api.ask(*request_, data=b"").json["detail"]


def test_a_value_of_neither_of_two_lists_is_one_fault_with_both(api):
    (fault,) = api.get("/v1/interactions?status=done").json["errors"]

    assert fault["pointer"] == "/status"
    assert "'completed'" in fault["detail"]
    assert "'delivered'" in fault["detail"]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"7", b"{}"])
def test_json_of_another_form_gets_422(api, body):
    answer = api.ask("POST", "/v1/sessions", data=body, content_type="application/json")

    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_kind_gets_415(api, content_type):
    answer = api.ask("POST", "/v1/sessions", data=b"{}", content_type=content_type)

    assert_problem(answer, 415, "unsupported_media_type")


def test_a_body_over_64_kib_gets_413(api):
    answer = api.post("/v1/sessions", {"context": "x" * 65_536})

    assert_problem(answer, 413, "too_large")


def test_a_body_of_64_kib_is_read(api):
    answer = api.ask(
        "POST", "/v1/sessions", data=b"{" + b" " * 65_534 + b"}", content_type="application/json"
    )

    assert_problem(answer, 422, "invalid")


def test_a_large_body_gets_413_where_nobody_would_read_it(api):
    assert_problem(api.ask("GET", "/v1/pools", data=b"x" * 65_537), 413, "too_large")


@pytest.mark.parametrize(("length", "status"), [(65_536, 422), (65_537, 413), (200_000, 413)])
def test_a_body_in_chunks_has_the_same_limit(api, length, status):
    answer = api.ask(
        "POST",
        "/v1/sessions",
        input_stream=BytesIO(b"{" + b" " * (length - 2) + b"}"),
        headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == status


def test_a_rejected_value_is_never_said_back(api):
    answer = api.post(
        "/v1/sessions",
        {
            "recruiter": {"ref": CARL, "phone": CARL + "000000"},
            "candidate": {"ref": "c-77", "phone": "310-555-0127", "locale": CARL},
            "pool": CARL,
            "ttl": CARL,
            "channels": [CARL],
            "context": f"call {CARL}",
            CARL: CARL,
        },
    )

    assert_problem(answer, 422, "invalid")
    assert not re.search(r"555|0127", answer.text)


def test_a_fault_is_addressed_by_a_pointer(api):
    answer = api.post("/v1/sessions", {"recruiter": {"ref": "r 1"}, "candidate": 7, "tll": 5})

    assert {fault["pointer"] for fault in answer.json["errors"]} == {
        "/recruiter/ref",
        "/recruiter/phone",
        "/candidate",
        "/tll",
    }


def test_a_refusal_of_the_framework_is_a_problem_too(api):
    with api.http.application.test_request_context("/"):
        answer = http_problem(HTTPError(406))

    assert answer.status_code == 406
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "not_acceptable"


def test_a_mistake_of_ours_is_a_500_without_a_detail_and_its_log_line_holds_no_value():
    api = make_api()
    api.world.services.store.pools.all = lambda: 1 / int(CARL) - int("not " + CARL)

    with capture_logs() as lines:
        answer = api.get("/v1/pools")

    assert_problem(answer, 500, "internal")
    assert "detail" not in answer.json
    (line,) = [line for line in lines if line["event"] == "unexpected error"]
    assert line["error"] == "ValueError"
    assert any("relay/web/pools.py" in frame for frame in line["where"])
    assert CARL not in str(line)


def test_redis_away_is_a_503_that_says_when_to_try_again(api):
    api.redis.connection_pool.connection_kwargs["server"].connected = False

    for answer in (api.get("/v1/sessions"), api.post("/v1/sessions", PAIR)):
        assert_problem(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0


def test_each_request_has_its_own_id(api):
    first, second = (api.get("/healthz").headers["X-Request-Id"] for _ in range(2))

    assert first != second


def test_a_routers_request_id_is_kept(api):
    given = "01234567-89ab-cdef-0123-456789abcdef"

    answer = api.get("/healthz", headers={"X-Request-Id": given})

    assert answer.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", [CARL, "x" * 500, "1" * 32, "a\tb"])
def test_another_request_id_is_replaced(api, given):
    answer = api.get("/healthz", headers={"X-Request-Id": given})

    assert answer.headers["X-Request-Id"] != given


def test_a_request_leaves_one_line_in_the_log_without_its_path(api):
    with capture_logs() as lines:
        api.get(f"/v1/numbers/{CARL}")

    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["route"] == "/v1/numbers/<number>"
    assert line["status"] == 404
    assert CARL not in str(lines)


def test_a_request_with_a_made_up_method_is_counted_as_other(api):
    with capture_logs() as lines:
        assert_problem(api.ask("CALL-14155550101", "/v1/sessions"), 405, "method_not_allowed")

    assert [line["method"] for line in lines] == ["other"]
    metrics = api.get("/metrics").text
    assert 'relay_api_seconds_count{method="other",route="",status="405"}' in metrics


def test_faults_are_said_in_plain_words(api):
    body = {"phone": CARL, "locale": "english", "made_up": 1}

    answer = api.put("/v1/candidates/c-77", body)

    assert {fault["pointer"]: fault["detail"] for fault in answer.json["errors"]} == {
        "/locale": "a language like en or zh-CN",
        "/made_up": "unknown field",
    }
    assert answer.text.endswith("}\n")


@pytest.mark.parametrize(
    ("request_", "pointer", "said"),
    [
        (
            ("PUT", "/v1/recruiters/r-1", {"phone": RITA, "extension": "1" * 17}),
            "/extension",
            "at most 16 of 0-9 * # and commas",
        ),
        (
            ("PUT", "/v1/recruiters/r-1", {"phone": "+1 212 555 0103 ext. 12"}),
            "/phone",
            "without what is dialled behind it: a recruiter's is `extension`",
        ),
        (
            ("PUT", "/v1/candidates/c-1", {"phone": CARL, "time_zone": "a b"}),
            "/time_zone",
            "a name of the IANA time zone database, like Asia/Shanghai",
        ),
        (("POST", "/v1/sessions", PAIR | {"channels": []}), "/channels", "must not be empty"),
        (
            ("PATCH", "/v1/sessions/us.x", {"expires_at": "2026-10-01T12:00:00"}),
            "/expires_at",
            "must be a moment of RFC 3339 with its offset, like 2026-10-01T12:00:00Z",
        ),
        (("PATCH", f"/v1/numbers/{NUMBER}", {"sms_ready": False}), "/sms_ready", "must be true"),
        (
            ("PUT", "/v1/pools/us", {"country": "US", "monthly_budget": "x"}),
            "/monthly_budget",
            "must be a number",
        ),
        (
            ("PUT", "/v1/pools/us", {"country": "UK"}),
            "/country",
            "no country with telephones has this code; the United Kingdom's is GB",
        ),
    ],
)
def test_every_fault_is_said_in_words_of_ours(api, request_, pointer, said):
    answer = api.ask(*request_[:2], json=request_[2])
    assert answer.json["errors"] == [{"pointer": pointer, "detail": said}]


@pytest.mark.parametrize("kind", get_args(core_schema.ErrorType))
def test_no_fault_is_said_in_the_librarys_words(kind):
    limits = dict.fromkeys(("ge", "le", "max_length", "expected"), 7)
    context = {"pattern": "x", "error": ValueError("ours"), **limits}

    assert "raw" not in _sentence({"type": kind, "loc": (), "msg": "raw words", "ctx": context})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"phone": "(310) 555-0127"}, "international form, with +"),
        ({"phone": "310-555-0127"}, "international form, with +"),
        ({"phone": "+310 555 0127"}, "international form, with +"),
        ({"phone": "+999 555 0127"}, "international form, with +"),
    ],
)
def test_a_number_in_national_form_is_asked_for_in_international_form(api, body, said):
    (fault,) = api.put("/v1/candidates/c-77", body).json["errors"]
    assert fault["pointer"] == "/phone"
    assert said in fault["detail"]


@pytest.mark.parametrize("ref", [".", "..", "%2e", "%2E%2e"])
def test_a_step_of_a_path_is_no_ref(api, ref):
    answer = api.post("/v1/sessions", PAIR | {"candidate": {"ref": "..", "phone": CARL}})
    assert answer.json["errors"] == [{"pointer": "/candidate/ref", "detail": REF_IN_WORDS}]
    assert api.put(f"/v1/candidates/{ref}", {"phone": CARL}).status_code in {404, 422}


@pytest.mark.parametrize("ref", ["_x", "-x", ".x", "x" * 64])
def test_whoever_is_put_on_record_can_be_read(api, ref):
    assert api.put(f"/v1/candidates/{ref}", {"phone": CARL}).status_code == 201
    assert api.get(f"/v1/candidates/{ref}").json["ref"] == ref
    assert api.delete(f"/v1/candidates/{ref}").status_code == 202


def test_every_422_has_errors(api):
    headers = {"Idempotency-Key": "k"}
    api.post("/v1/sessions", PAIR, headers=headers)
    reused = api.post("/v1/sessions", PAIR | {"ttl": 60}, headers=headers)

    assert_problem(reused, 422, "idempotency_key_reused")
    assert reused.json["errors"][0]["pointer"] == "/Idempotency-Key"
    assert relay_problem(Invalid("as a whole")).json["errors"] == [
        {"pointer": "", "detail": "as a whole"}
    ]


def test_a_phone_hint_can_be_read_as_it_is_sent(api):
    assert "•••" in api.put("/v1/candidates/c-77", {"phone": CARL}).text
