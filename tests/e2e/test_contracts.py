"""What the service said to the carrier in all the tests before, against the carrier's documents."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from tests.carrier.twiml_schema import CONTRACTS, assert_follows_schema
from tests.e2e.stage import eventually


@pytest.fixture(scope="module")
def description():
    path = CONTRACTS / "api_v2010_relay.json"
    if not path.is_file():
        pytest.skip(f"no OpenAPI description at {path}: set TWILIO_CONTRACT_DIR")
    return OpenAPI.from_dict(json.loads(path.read_text()))


def play_a_little_of_everything(stage):
    session = stage.open()
    stage.phone("rita").call(session["virtual_number"]).wait(20)
    stage.phone("nora").call(session["virtual_number"]).wait(20)
    stage.phone("rita").text(session["virtual_number"], "hello").wait()
    stage.phone("carl").wait_for_text()
    stage.phone("nora").text(session["virtual_number"], "hello").wait()
    stage.carrier.settle()


def test_every_twiml_document_follows_the_carriers_schema(stage):
    play_a_little_of_everything(stage)

    documents = stage.carrier.twiml_documents
    assert {kind for kind, _, _ in documents} == {"voice", "messaging"}
    for kind, _, xml in documents:
        assert_follows_schema(kind, xml)


def test_every_request_of_the_sdk_follows_the_carriers_description(stage, description):
    play_a_little_of_everything(stage)
    eventually(lambda: len(stage.carrier.rest_log), lambda found: found > 3)

    for request in list(stage.carrier.rest_log):
        if not request.path.startswith("/2010-04-01"):
            continue
        description.validate_request(as_openapi(request))


def as_openapi(request):
    """The request as openapi-core reads it: a form for POST, a query for GET."""
    is_form = request.method == "POST"
    return MockRequest(
        "https://api.twilio.com",
        request.method.lower(),
        request.path,
        args={} if is_form else {name: values[0] for name, values in request.params.items()},
        data=urlencode(request.params, doseq=True).encode() if is_form else b"",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": "Basic QUM6dG9rZW4="},
    )
