"""What an outsider sends to tire the server: refused before it costs anything."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import TestResponse

from relay.sandbox.webhooks.signature import sign
from tests.web.api import Api
from tests.world import CARL, ENVIRONMENT, NUMBER, RITA

BASE = "https://relay.example.com"
TOKEN = "5" * 32
FORM = "application/x-www-form-urlencoded"
WELL_FORMED = "A" * 27 + "="
ACCOUNT = ENVIRONMENT["TWILIO_ACCOUNT_SID"]
CALL = {"CallSid": "CA" + "1" * 32, "AccountSid": ACCOUNT, "From": RITA, "To": NUMBER}


class UnreadBody(BytesIO):
    """A body of which nobody may read a byte."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readinto = read1 = readline = read


def post(api: Api, body: Any, signature: str | None, path: str = "/twilio/voice") -> TestResponse:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    return api.http.post(path, data=body, content_type=FORM, headers=headers)


def signed(api: Api, fields: dict[str, str], path: str = "/twilio/voice") -> TestResponse:
    headers = {"X-Twilio-Signature": sign(TOKEN, BASE + path, fields)}
    return api.http.post(path, data=fields, headers=headers)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "A" * 28,
        "A" * 26 + "=",
        "A" * 28 + "=",
        "A" * 26 + "==",
        "!" + "A" * 26 + "=",
        "é" + "A" * 26 + "=",
        "A" * 27 + "=\t",
    ],
)
def test_without_a_signature_of_the_right_form_no_byte_of_the_body_is_read(
    api: Api, signature: str | None
) -> None:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    answer = api.http.post(
        "/twilio/voice",
        input_stream=UnreadBody(),
        content_type=FORM,
        headers={"Content-Length": "400", **headers},
    )

    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")


def test_a_form_longer_than_any_of_the_carriers_is_not_read(api: Api) -> None:
    answer = api.http.post(
        "/twilio/voice",
        input_stream=UnreadBody(),
        content_type=FORM,
        headers={"Content-Length": str(32 * 1024 + 1), "X-Twilio-Signature": WELL_FORMED},
    )

    assert answer.status_code == 403


def test_a_form_of_11_000_fields_under_a_made_up_signature_is_refused(api: Api) -> None:
    assert post(api, b"&".join([b"a=1"] * 8_000), WELL_FORMED).status_code == 403


@pytest.mark.parametrize(("more", "status"), [(196, 200), (197, 403)])
def test_the_carriers_own_form_has_at_most_200_fields(api: Api, more: int, status: int) -> None:
    fields = CALL | {f"Field{ordinal}": "1" for ordinal in range(more)}

    assert signed(api, fields).status_code == status


@pytest.mark.parametrize(("parts", "status"), [(196, 200), (197, 413)])
def test_a_form_in_parts_has_the_same_limit(api: Api, parts: int, status: int) -> None:
    fields = CALL | {f"Field{ordinal}": "1" for ordinal in range(parts)}
    headers = {"X-Twilio-Signature": sign(TOKEN, BASE + "/twilio/voice", fields)}

    answer = api.http.post(
        "/twilio/voice", data=fields, headers=headers, content_type="multipart/form-data"
    )

    assert answer.status_code == status


def test_a_form_in_chunks_has_the_same_length(api: Api) -> None:
    fields = CALL | {"Body": "x" * 32 * 1024}
    answer = api.http.post(
        "/twilio/voice",
        input_stream=BytesIO("&".join(f"{n}={v}" for n, v in fields.items()).encode()),
        content_type=FORM,
        headers={
            "Transfer-Encoding": "chunked",
            "X-Twilio-Signature": sign(TOKEN, BASE + "/twilio/voice", fields),
        },
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 403


def test_the_longest_text_that_there_is_passes(api: Api) -> None:
    """1,600 characters, of nine bytes each when encoded, and ten media."""
    message = "MM" + "1" * 32
    media = "https://api.twilio.com/2010-04-01/Accounts/{}/Messages/{}/Media/ME{:032d}"
    fields = {"AccountSid": ACCOUNT, "MessageSid": message, "From": CARL, "To": NUMBER}
    fields["Body"] = "字" * 1_600
    for ordinal in range(10):
        fields[f"MediaUrl{ordinal}"] = media.format(ACCOUNT, message, ordinal)
        fields[f"MediaContentType{ordinal}"] = "application/vnd.openxmlformats"

    assert signed(api, fields, "/twilio/messages").status_code == 200
