from __future__ import annotations

import time
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from relay.app import create_app
from relay.domain.session import ClosedReason
from relay.sandbox.webhooks.signature import sign
from tests.workflows.texting import Stage
from tests.world import CARL, ENVIRONMENT, NUMBER, RITA, STRANGER, make_settings

BASE = "https://relay.example.com"
TOKEN = make_settings().twilio_auth_token.get_secret_value()
SID = "SM" + "1" * 32


class Carrier:
    """Signs and posts as the carrier does."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def post(
        self, path: str, fields: dict[str, str], *, token: str = TOKEN, **options: Any
    ) -> TestResponse:
        fields = {"AccountSid": ENVIRONMENT["TWILIO_ACCOUNT_SID"], **fields}
        headers = {"X-Twilio-Signature": sign(token, BASE + path, fields)}
        return self._client.post(path, data=fields, headers=headers, **options)

    def text(self, sender: str = RITA, body: str = "hello", **fields: str) -> TestResponse:
        form = {"MessageSid": SID, "From": sender, "To": NUMBER, "Body": body, "FromCity": ""}
        return self.post("/twilio/messages", {**form, **fields})


@pytest.fixture
def stage() -> Stage:
    return Stage(now=time.time())


@pytest.fixture
def carrier(stage: Stage) -> Carrier:
    app = create_app(stage.deployment)
    return Carrier(app.test_client())


def replies(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200
    assert answer.content_type == "text/xml"
    response = ET.fromstring(answer.data)
    assert response.tag == "Response"
    return [message.text or "" for message in response.findall("Message")]


def test_a_text_is_accepted_with_an_empty_answer(stage: Stage, carrier: Carrier) -> None:
    assert replies(carrier.text(body="héllo 👋 \t ")) == []
    stage.work()
    assert stage.arrived == [(CARL, "héllo 👋 \t ")]


def test_a_stranger_gets_a_polite_answer_once_a_day(carrier: Carrier) -> None:
    [words] = replies(carrier.text(STRANGER))
    assert "does not connect you" in words
    assert "JobBoard" in words
    assert replies(carrier.text(STRANGER)) == [words]  # the same text again
    assert replies(carrier.text(STRANGER, MessageSid="SM" + "2" * 32)) == []


def test_a_forged_text_is_refused(stage: Stage, carrier: Carrier) -> None:
    answer = carrier.post("/twilio/messages", {"MessageSid": SID}, token="b" * 32)
    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["code"] == "forbidden"
    assert stage.jobs.noted == []


def test_p1_a_captured_text_of_ones_own_is_no_text_from_somebody_else(
    stage: Stage, carrier: Carrier
) -> None:
    """The signature says where no field ends: the rest of the genuine form hides in another one."""
    path, sid = "/twilio/messages", "SM" + "e" * 32
    account = {"AccountSid": ENVIRONMENT["TWILIO_ACCOUNT_SID"]}
    genuine = {"From": STRANGER, "MessageSid": SID, "NumMedia": "0", "To": NUMBER}
    body = f"hired!From{RITA}MessageSid{sid}P"
    signature = sign(TOKEN, BASE + path, {**account, **genuine, "Body": body})
    forged = {**account, "Body": "hired!", "From": RITA, "MessageSid": sid, "To": NUMBER}
    hidden = f"From{STRANGER}MessageSid{SID}NumMedia0"
    assert sign(TOKEN, BASE + path, {**forged, "P": hidden}) == signature

    answer = carrier.post(path, {**forged, "P": hidden})

    assert answer.status_code == 403
    stage.work()
    assert stage.arrived == []


def test_a_text_without_any_signature_is_refused(carrier: Carrier) -> None:
    assert carrier._client.post("/twilio/messages", data={"MessageSid": SID}).status_code == 403


def test_the_raw_query_is_what_was_signed(carrier: Carrier) -> None:
    path = "/twilio/messages?b=%7E&a=1"
    form = {"MessageSid": SID, "From": RITA, "To": NUMBER, "Body": "hello"}
    assert replies(carrier.post(path, form)) == []


def test_the_absolute_form_of_a_request_is_understood(carrier: Carrier) -> None:
    form = {"MessageSid": SID, "From": RITA, "To": NUMBER, "Body": "hello"}
    raw = {"RAW_URI": "http://internal:8000/twilio/messages"}
    assert replies(carrier.post("/twilio/messages", form, environ_overrides=raw)) == []


def test_a_body_of_more_than_64_kib_is_refused(carrier: Carrier) -> None:
    answer = carrier.text(body="x" * 70_000)
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_a_signed_request_that_is_no_text_is_refused(carrier: Carrier) -> None:
    answer = carrier.post("/twilio/messages", {"From": RITA})
    assert answer.status_code == 422
    assert RITA not in answer.text


def test_without_redis_the_carrier_is_asked_to_come_again(stage: Stage, carrier: Carrier) -> None:
    stage.client.connection_pool.connection_kwargs["server"].connected = False
    answer = carrier.text()
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    stage.client.connection_pool.connection_kwargs["server"].connected = True
    assert replies(carrier.text()) == []


def test_a_status_report_moves_the_text(stage: Stage, carrier: Carrier) -> None:
    carrier.text()
    stage.work()
    [callback] = stage.carrier.messages.callbacks
    path = callback.removeprefix(BASE).partition("#")[0]
    form = {"MessageSid": "SM" + "9" * 32, "MessageStatus": "delivered"}
    assert replies(carrier.post(path, form)) == []
    assert stage.record(f"us.{SID}").status == "delivered"


def test_a_status_report_about_nothing_is_passed_over(carrier: Carrier) -> None:
    form = {"MessageSid": SID, "MessageStatus": "delivered"}
    assert replies(carrier.post("/twilio/main/messages/us.SMnone/t/status", form)) == []
    assert carrier.post("/twilio/main/messages/nopool/t/status", form).status_code == 404


def test_webhooks_take_post_only(carrier: Carrier) -> None:
    assert carrier._client.get("/twilio/messages").status_code == 405


def test_who_writes_to_several_people_is_asked_which(stage: Stage, carrier: Carrier) -> None:
    for candidate in ("+12125550103", "+12125550104"):
        session = stage.pair.connect(RITA, candidate, context="Cook")
    (question,) = replies(carrier.text())
    assert f"{session.access_code} Cook" in question.splitlines()
    assert (
        replies(carrier.text(body=f"{session.access_code} Hello", MessageSid="SM" + "2" * 32)) == []
    )
    stage.work()
    assert stage.arrived == [("+12125550104", "Hello")]


def test_who_writes_to_one_of_several_that_has_ended_reads_which(
    stage: Stage, carrier: Carrier
) -> None:
    for candidate in ("+12125550103", "+12125550104"):
        session = stage.pair.connect(RITA, candidate, context="Cook")
    stage.store.sessions.close(session.id, ClosedReason.BY_API, now=stage.now)
    (words,) = replies(carrier.text(body=f"{session.access_code} Hello"))
    assert words.startswith(f"{session.access_code} Cook: This number no longer connects you")
