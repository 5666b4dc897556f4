"""The voice webhooks at their worst: whatever happens inside, the carrier gets TwiML with 200."""

from __future__ import annotations

import pytest
from twilio.request_validator import RequestValidator

from tests.web.api import make_api
from tests.world import ENVIRONMENT, NUMBER, RITA

BASE = "https://relay.example.com"
SID = "CA" + "1" * 32
ACCOUNT = ENVIRONMENT["TWILIO_ACCOUNT_SID"]
CALL = f"us.{SID}"


@pytest.fixture
def api():
    return make_api()


def post(api, path, fields):
    fields = {"AccountSid": ACCOUNT, **fields}
    signature = RequestValidator("5" * 32).compute_signature(BASE + path, fields)
    return api.http.post(path, data=fields, headers={"X-Twilio-Signature": signature})


def store_goes_away(api):
    api.redis.connection_pool.connection_kwargs["server"].connected = False


@pytest.mark.parametrize(
    ("path", "fields", "expected"),
    [
        ("/twilio/voice", {"From": RITA, "To": NUMBER}, "cannot be connected right now"),
        (f"/twilio/main/calls/{CALL}/code/1", {"Digits": "1"}, "cannot be connected right now"),
        (f"/twilio/main/calls/{CALL}/screen", {}, "<Hangup"),
        (f"/twilio/main/calls/{CALL}/screen/answer/0", {"Digits": "1"}, "<Hangup"),
        (f"/twilio/main/calls/{CALL}/dialled", {"DialCallStatus": "busy"}, "The line is busy"),
        (f"/twilio/main/calls/{CALL}/dialled", {"DialBridged": "true"}, "<Hangup"),
        (f"/twilio/main/calls/{CALL}/leg", {"CallStatus": "completed"}, "<Response"),
        ("/twilio/calls/ended", {"To": NUMBER}, "<Response"),
    ],
)
def test_with_redis_away_every_call_webhook_gets_twiml(api, path, fields, expected):
    store_goes_away(api)

    answer = post(api, path, {"CallSid": SID, **fields})

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert expected in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/twilio/voice",
        f"/twilio/main/calls/{CALL}/screen",
        f"/twilio/main/calls/{CALL}/screen/answer/0",
        f"/twilio/main/calls/{CALL}/dialled",
        f"/twilio/main/calls/{CALL}/leg",
        "/twilio/calls/ended",
    ],
)
def test_a_signed_webhook_without_a_call_gets_twiml_and_connects_nobody(api, path):
    answer = post(api, path, {"From": RITA})

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert "<Dial" not in answer.text


def test_a_forged_call_gets_403(api):
    answer = api.http.post("/twilio/voice", data={"CallSid": SID})

    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")


def test_a_code_that_is_entered_connects(api):
    session = api.open_session()
    stranger = {"CallSid": SID, "From": "+16175550123", "To": NUMBER}
    question = post(api, "/twilio/voice", stranger)
    assert 'numDigits="6"' in question.text
    assert 'finishOnKey="#"' in question.text
    assert f"/twilio/main/calls/{CALL}/code/1#" in question.text

    again = post(api, f"/twilio/main/calls/{CALL}/code/1", {**stranger, "Digits": "1"})
    assert f"/twilio/main/calls/{CALL}/code/2#" in again.text

    answer = post(
        api, f"/twilio/main/calls/{CALL}/code/2", {**stranger, "Digits": session["access_code"]}
    )
    assert f'callerId="{NUMBER}"' in answer.text
    assert "+16175550123" not in answer.text


def test_a_code_for_a_call_that_we_have_not_named_is_not_found(api):
    answer = post(api, "/twilio/main/calls/CA1/code/1", {"CallSid": SID, "Digits": "1"})
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
