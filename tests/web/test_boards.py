"""``/v1/boards``, and what a board's own key, limits and account are good for."""

from __future__ import annotations

import time
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from relay.carrier.webhooks import read_inbound_call
from relay.domain.api_key import Scope
from relay.domain.board import NumberPlace
from relay.domain.call_progress import CallStatus
from relay.domain.routing import Bridge
from relay.metrics import FORGED_WEBHOOKS
from relay.store.api_keys import ApiKeys
from relay.store.number_map import NumberMap
from relay.workflows.connect_call import connect_call
from tests.web.api import PAIR, Api, pointers
from tests.world import RITA, US, make_deployment, signer

ACCOUNT = "AC" + "2" * 32
OWN_ACCOUNT = {"sid": ACCOUNT, "auth_token": "its-own-token", "auth_token_next": "its-next-token"}
NUMBER = "+16285550151"


def put(api: Api, name: str = "second", **changes: Any) -> Any:
    body = {"spoken_name": "Second Jobs", **changes}
    return api.put(f"/v1/boards/{name}", body, key=api.deployment_key())


def key_of(api: Api, board: str, *scopes: Scope) -> str:
    store = api.world.deployment.of_board(board).store
    return ApiKeys(api.redis, store.keys, signer()).create(
        "test", scopes or [Scope.ADMIN], now=time.time()
    )


def test_a_board_is_created_changed_read_and_listed(api: Api) -> None:
    created = put(api)
    assert created.status_code == 201, created.text
    assert created.json == {
        "name": "second",
        "spoken_name": "Second Jobs",
        "default_locale": "en",
        "requests_per_minute": None,
        "account_sid": None,
        "api_key_sid": None,
        "messaging_services": [],
    }
    changed = put(api, default_locale="zh-CN", account=OWN_ACCOUNT)
    assert changed.status_code == 200
    assert changed.json["account_sid"] == ACCOUNT
    assert "token" not in changed.text
    api_key = {"sid": "SK" + "2" * 32, "secret": "its-own-secret"}
    changed = put(api, default_locale="zh-CN", account={**OWN_ACCOUNT, "api_key": api_key})
    assert changed.json["api_key_sid"] == api_key["sid"]
    assert "secret" not in changed.text

    key = api.deployment_key()
    assert api.get("/v1/boards/second", key=key).json == changed.json
    listed = api.get("/v1/boards?limit=1", key=key).json
    assert [board["name"] for board in listed["data"]] == ["main"]
    rest = api.get(f"/v1/boards?cursor={listed['next_cursor']}", key=key).json
    assert [board["name"] for board in rest["data"]] == ["second"]
    assert rest["next_cursor"] is None
    assert api.get("/v1/boards/third", key=key).status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "pointer"),
    [
        ("Second", {}, "/name"),
        ("second", {"spoken_name": ""}, "/spoken_name"),
        ("second", {"spoken_name": "Jobs\0"}, "/spoken_name"),
        ("second", {"spoken_name": "Jobs\x1b"}, "/spoken_name"),
        ("second", {"spoken_name": "Jobs\ufffe"}, "/spoken_name"),
        ("second", {"spoken_name": "Jobs, call 415-555-0127"}, "/spoken_name"),
        ("second", {"default_locale": "x"}, "/default_locale"),
        ("second", {"requests_per_minute": 0}, "/requests_per_minute"),
        ("second", {"account": {"sid": ACCOUNT}}, "/account/auth_token"),
        ("second", {"account": {"sid": "AC"}}, "/account/sid"),
        (
            "second",
            {"account": {**OWN_ACCOUNT, "api_key": {"sid": "SK" + "2" * 32}}},
            "/account/api_key/secret",
        ),
        (
            "second",
            {"account": {**OWN_ACCOUNT, "api_key": {"sid": "its-own-secret", "secret": "s"}}},
            "/account/api_key/sid",
        ),
        ("second", {"messaging_services": ["MG"]}, "/messaging_services/0"),
    ],
)
def test_what_is_not_valid_gets_422(
    api: Api, name: str, body: dict[str, Any], pointer: str
) -> None:
    answer = put(api, name, **body)
    assert answer.status_code == 422, answer.text
    assert pointers(answer) == [pointer]


def test_main_is_made_of_the_settings(api: Api) -> None:
    assert put(api, "main").status_code == 409


def test_admin_does_not_include_boards(api: Api) -> None:
    for method, path in (
        ("GET", "/v1/boards"),
        ("GET", "/v1/boards/main"),
        ("PUT", "/v1/boards/x"),
    ):
        refused = api.ask(method, path, json={"spoken_name": "X"} if method == "PUT" else None)
        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")


def test_a_deployment_key_reaches_no_board(api: Api) -> None:
    key = api.deployment_key()
    for path in ("/v1/sessions", "/v1/pools", "/v1/numbers", "/v1/candidates/c-77"):
        assert api.get(path, key=key).status_code == 403


def test_a_key_works_on_its_own_board_only(api: Api) -> None:
    put(api)
    theirs = key_of(api, "second")
    assert theirs.startswith("relay_second_")
    api.put("/v1/pools/de", {"country": "DE"}, key=theirs)

    assert api.get("/v1/pools/de", key=theirs).status_code == 200
    assert api.get("/v1/pools/de").status_code == 404
    disguised = theirs.replace("relay_second_", "relay_main_")
    assert api.get("/v1/pools", key=disguised).status_code == 401
    session = api.open_session()
    assert api.get(f"/v1/sessions/{session['id']}", key=theirs).status_code == 404
    assert api.post("/v1/sessions", {**PAIR, "pool": "us"}, key=theirs).status_code == 422


def test_a_boards_keys_have_its_own_limit(api: Api) -> None:
    put(api, requests_per_minute=2)
    key = key_of(api, "second")
    answers = [api.get("/v1/pools", key=key).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert api.get("/v1/pools").status_code == 200


def test_a_participants_phone_is_no_virtual_number_of_any_board(api: Api) -> None:
    put(api)
    store = api.world.deployment.of_board("second").store
    store.pools.put(US)
    store.numbers.add(NUMBER, "us", carrier_sid="PN", capabilities="vs", now=1)
    refused = api.put("/v1/candidates/c-1", {"phone": NUMBER})
    assert refused.status_code == 422
    assert pointers(refused) == ["/phone"]


# --- webhooks ---------------------------------------------------------------------------


def call(api: Api, token: str, *, called: str = NUMBER, account: str = ACCOUNT) -> Any:
    fields = {
        "CallSid": "CA" + "1" * 32,
        "AccountSid": account,
        "From": "+12125550101",
        "To": called,
        "CallStatus": "ringing",
        "Direction": "inbound",
    }
    url = f"{api.world.services.settings.public_base_url}/twilio/voice"
    signature = RequestValidator(token).compute_signature(url, fields)
    headers = {"X-Twilio-Signature": signature}
    return api.http.post("/twilio/voice", data=fields, headers=headers)


def test_a_webhook_is_checked_with_a_token_of_the_called_numbers_board(api: Api) -> None:
    """And must name the account that the board uses."""
    put(api, account=OWN_ACCOUNT)
    store = api.world.deployment.of_board("second").store
    store.pools.put(US)
    store.numbers.add(NUMBER, "us", carrier_sid="PN", capabilities="vs", now=1)
    main = api.world.deployment.main.account

    assert call(api, "its-own-token").status_code == 200
    assert call(api, "its-next-token").status_code == 200
    assert call(api, "its-own-token", account=main.sid).status_code == 403
    assert call(api, main.tokens[0]).status_code == 403
    assert call(api, main.tokens[0], account=main.sid).status_code == 403


def test_another_boards_token_signs_nothing_for_main(api: Api) -> None:
    put(api, account=OWN_ACCOUNT)
    number = api.get("/v1/numbers").json["data"][0]["phone_number"]
    assert call(api, "its-own-token", called=number).status_code == 403
    assert call(api, "its-own-token", called="+16285550199").status_code == 403


@pytest.mark.parametrize(
    ("step", "said"), [("code/1", "cannot be connected right now"), ("dialled", "<Hangup")]
)
def test_a_webhook_of_a_board_is_not_forged_while_boards_are_not_known(
    api: Api, step: str, said: str
) -> None:
    """A process that has just started, and the store is away: a 403 would be final."""
    forged = FORGED_WEBHOOKS._value.get()
    api.redis.connection_pool.connection_kwargs["server"].connected = False
    headers = {"X-Twilio-Signature": "A" * 27 + "="}
    answer = api.http.post(
        f"/twilio/second/calls/us.CA1/{step}", data={"CallSid": "CA1"}, headers=headers
    )
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert said in answer.text
    text = api.http.post(
        "/twilio/second/messages/us.SM1/1/status", data={"MessageSid": "SM1"}, headers=headers
    )
    assert text.status_code == 503
    assert FORGED_WEBHOOKS._value.get() == forged


def test_the_end_of_a_call_follows_its_number_to_another_board(api: Api) -> None:
    """It was connected by a process that knew where the number is by now; this one does not."""
    put(api)
    deployment = api.world.deployment
    theirs, key = deployment.of_board("second"), key_of(api, "second")
    deployment.numbers.enter(NUMBER, NumberPlace("main", "us"))
    assert deployment.of_number(NUMBER) is deployment.main
    NumberMap(api.redis, signer()).strike_off(NUMBER, NumberPlace("main", "us"))
    other_process = make_deployment(api.redis).of_board("second")
    assert api.put("/v1/pools/us", {"country": "US"}, key=key).status_code == 201
    other_process.store.numbers.add(NUMBER, "us", carrier_sid="PN", capabilities="vs", now=1)
    assert api.post("/v1/sessions", {**PAIR, "pool": "us"}, key=key).status_code == 201
    fields = {"CallSid": "CA" + "1" * 32, "From": RITA, "To": NUMBER}
    answered = connect_call(other_process, read_inbound_call(fields), now=time.time())
    assert isinstance(answered.decision, Bridge)

    path = "/twilio/calls/ended"
    ended = {
        **fields,
        "AccountSid": theirs.account.sid,
        "CallStatus": "completed",
        "CallDuration": "3",
    }
    url = f"{theirs.settings.public_base_url}{path}"
    signature = RequestValidator(theirs.account.tokens[0]).compute_signature(url, ended)
    answer = api.http.post(path, data=ended, headers={"X-Twilio-Signature": signature})

    assert answer.status_code == 200
    record = theirs.store.calls.get(answered.id)
    assert record is not None
    assert record.status is CallStatus.CANCELED


def test_a_path_of_an_unknown_board_answers_nobody(api: Api) -> None:
    answer = api.http.post("/twilio/nobodys/calls/us.CA1/screen", data={"CallSid": "CA1"})
    assert answer.status_code == 403
