"""What our own table of the carrier's grammar lets through, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from relay.sandbox.rest.request import RestRequest
from tests.carrier.contract import TABLE
from tests.carrier.openapi import assert_follows_description
from tests.carrier.twiml_schema import assert_follows_schema
from tests.world import OUR_ACCOUNT

MESSAGES = f"/2010-04-01/Accounts/{OUR_ACCOUNT.sid}/Messages.json"
TEXT = {"To": ["+14155550192"], "From": ["+14155550193"], "Body": ["hello"]}
ANSWER = dict.fromkeys(TABLE["answers"]["text"])


def asked(path: str = MESSAGES, **changes: Any) -> RestRequest:
    given: dict[str, Any] = {"params": TEXT, "status": 201, "response": ANSWER} | changes
    return RestRequest(method="POST", path=path, **given)


def test_a_text_is_of_the_grammar() -> None:
    assert_follows_description(asked())
    assert_follows_description(asked(status=429, response={"code": 20429}))


@pytest.mark.parametrize(
    "request_",
    [
        asked(params={**TEXT, "StatusCallBack": ["https://relay.example.com"]}),
        asked(params={"From": ["+14155550193"], "Body": ["hello"]}),
        asked(path=MESSAGES.replace("Messages", "Message")),
        asked(response={"sid": "SM1"}),
    ],
    ids=["an unknown name", "a name that lacks", "an unknown operation", "half an answer"],
)
def test_another_request_is_not(request_: RestRequest) -> None:
    with pytest.raises(AssertionError):
        assert_follows_description(request_)


@pytest.mark.parametrize(
    "inside",
    [
        '<Dial callerID="+14155550192"/>',
        "<Dial><Say>hello</Say></Dial>",
        '<Dial timeout="soon"/>',
        '<Dial answerOnBridge="yes"/>',
        '<Reject reason="gone"/>',
        '<Gather input="dtmf smoke"/>',
        "<Hangup><Say>hello</Say></Hangup>",
        "<Play/>",
    ],
)
def test_another_document_is_not(inside: str) -> None:
    with pytest.raises(AssertionError):
        assert_follows_schema("voice", f"<Response>{inside}</Response>")
