"""Whose webhooks are heard: the carrier's, and only about our own account (TW-call-form,
TW-text-form, TW-text-status)."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from relay.sandbox.webhooks.signature import sign
from relay.web.refusal_log import RefusalLog
from tests.web.api import Api, make_api, webhooks
from tests.world import ENVIRONMENT, NUMBER, RITA

ACCOUNT, TOKEN = ENVIRONMENT["TWILIO_ACCOUNT_SID"], ENVIRONMENT["TWILIO_AUTH_TOKEN"]
CALL, MESSAGE = "CA" + "1" * 32, "SM" + "1" * 32
VALUES = {"board": "main", "call_id": f"us.{CALL}", "message_id": f"us.{MESSAGE}", "attempt": "1"}


def post(api: Api, rule: str, account: str | None) -> TestResponse:
    path = rule
    for name, value in VALUES.items():
        path = path.replace(f"<{name}>", value)
    form = {"CallSid": CALL, "MessageSid": MESSAGE, "From": RITA, "To": NUMBER}
    form |= {} if account is None else {"AccountSid": account}
    signature = sign(TOKEN, ENVIRONMENT["PUBLIC_BASE_URL"] + path, form)
    return api.http.post(path, data=form, headers={"X-Twilio-Signature": signature})


@pytest.mark.parametrize("rule", webhooks())
def test_a_signed_webhook_that_names_our_account_is_heard(api: Api, rule: str) -> None:
    assert post(api, rule, ACCOUNT).status_code in {200, 204}


@pytest.mark.parametrize("rule", webhooks())
@pytest.mark.parametrize("account", [None, "", " ", ACCOUNT.lower(), "AC" + "6" * 32])
def test_a_signed_webhook_that_does_not_name_our_account_is_refused(
    api: Api, rule: str, account: str | None
) -> None:
    answer = post(api, rule, account)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_a_call_at_the_previous_address_goes_on_at_the_present_one() -> None:
    new, old = "https://relay.example.org", ENVIRONMENT["PUBLIC_BASE_URL"]
    api = make_api(PUBLIC_BASE_URL=new, PUBLIC_BASE_URL_PREVIOUS=old)
    api.open_session()

    answer = post(api, "/twilio/voice", ACCOUNT)

    assert answer.status_code == 200
    assert f'action="{new}/twilio/main/calls/' in answer.text
    assert old not in answer.text


def test_a_refused_signature_is_logged_without_anything_of_the_request() -> None:
    api = make_api(TWILIO_AUTH_TOKEN="6" * 32)

    with capture_logs() as lines:
        answers = [post(api, "/twilio/voice", ACCOUNT) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {403}
    [line] = [line for line in lines if line["event"] == "signature refused"]
    assert line["count"] == 1
    assert "TWILIO_AUTH_TOKEN" in line["help"]
    assert set(line) == {"event", "log_level", "count", "help"}


def test_refused_signatures_are_logged_once_a_minute_with_their_count() -> None:
    refusals = RefusalLog()

    with capture_logs() as lines:
        for second in (100.0, 101.0, 159.0, 160.0, 161.0, 400.0):
            refusals.note(second)

    assert [line["count"] for line in lines] == [1, 3, 2]
