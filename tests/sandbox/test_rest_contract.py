"""Requests of the SDK and answers of the carrier, against Twilio's OpenAPI description."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from twilio.rest import Client

from relay.sandbox import SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from relay.sandbox.rest.request import RestRequest
from tests.carrier.openapi import assert_follows_description
from tests.sandbox.conftest import ALICE, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay

ROOT = Path(__file__).parents[2]
CONTRACTS = Path(os.environ.get("TWILIO_CONTRACT_DIR") or ROOT.parent / "shared" / "twilio")


def contract(name: str) -> dict[str, Any]:
    path = CONTRACTS / name
    if not path.is_file():
        pytest.skip(f"{path} is absent: set TWILIO_CONTRACT_DIR to check the contract")
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.fixture
def descriptions() -> list[dict[str, Any]]:
    return [contract("api_v2010_relay.json"), contract("messaging_v1_relay.json")]


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: as_json_schema(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") else plain


def operation(descriptions: list[dict[str, Any]], entry: RestRequest) -> tuple[Any, Any]:
    for description in descriptions:
        for template, operations in description["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template.replace(".", r"\."))
            if re.fullmatch(pattern, entry.path) and entry.method.lower() in operations:
                return description, operations[entry.method.lower()]
    raise AssertionError(f"{entry.method} {entry.path} is not in the description")


def complaints(descriptions: list[dict[str, Any]], entry: RestRequest) -> list[str]:
    description, described = operation(descriptions, entry)
    assert str(entry.status) in described["responses"], (entry.path, entry.status)
    content = described["responses"][str(entry.status)].get("content")
    if not content:
        assert entry.response is None
        return []
    components = as_json_schema(description["components"])
    schema = as_json_schema(content["application/json"]["schema"]) | {"components": components}
    problems = [
        f"{entry.path}: {error.json_path}: {error.message}"
        for error in Draft7Validator(schema).iter_errors(entry.response)
    ]
    return problems + unknown_fields(description, schema, entry)


def unknown_fields(
    description: dict[str, Any], schema: dict[str, Any], entry: RestRequest
) -> list[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    if not name or entry.response is None:
        return []
    known = set(description["components"]["schemas"][name]["properties"])
    return [f"{entry.path}: {field} is unknown" for field in set(entry.response) - known]


def test_every_answer_has_the_documented_shape(
    client: Client,
    carrier: SimulatedCarrier,
    relay: StandInRelay,
    number: OwnedNumber,
    descriptions: list[dict[str, Any]],
) -> None:
    relay.answers["/voice"] = f'<Dial callerId="{VIRTUAL}">{BOB}</Dial>'
    alice = carrier.phone(ALICE)
    trace = alice.call(VIRTUAL).wait()
    sent = alice.text(VIRTUAL, "in", media=["http://127.0.0.1/a.png"]).wait()
    message = client.messages.create(to=BOB, from_=VIRTUAL, body="out")
    carrier.settle()
    message.fetch()
    client.messages(sent.sid).media.list()[0].fetch()
    client.messages.list(page_size=1)
    message.update(body="")
    message.delete()
    client.calls(trace.call_sid).fetch()
    client.calls.list(page_size=1)
    client.calls(trace.call_sid).delete()
    client.calls.create(to=BOB, from_=VIRTUAL, twiml="<Response/>")
    numbers = client.incoming_phone_numbers
    numbers(number.sid).update(voice_url="https://relay.example/voice")
    numbers.list()
    search = client.available_phone_numbers
    search("US").local.list(limit=2)
    search("US").toll_free.list(limit=2)
    search("GB").mobile.list(limit=2)
    search("DE").local.list(limit=2)
    search("US").local.list(
        area_code=212, sms_enabled=True, exclude_all_address_required=True, limit=2
    )
    numbers.list(friendly_name="relay:us", phone_number="+1415", page_size=1)
    bought = numbers.create(phone_number="+14155550150")
    bought.fetch()
    services = client.messaging.v1.services
    service = services.create(friendly_name="Relay")
    services.list()
    service.fetch()
    service.update(inbound_request_url="https://relay.example/texts")
    member = services(service.sid).phone_numbers.create(phone_number_sid=bought.sid)
    services(service.sid).phone_numbers.list()
    member.fetch()
    member.delete()
    bought.delete()
    carrier.settle()

    assert len(carrier.rest_log) > 25
    for entry in carrier.rest_log:
        assert_follows_description(entry)
    assert [c for entry in carrier.rest_log for c in complaints(descriptions, entry)] == []


def test_the_grammar_agrees_with_the_published_twiml_schema() -> None:
    from relay.sandbox.grammar import MESSAGING, VOICE

    published = contract("twiml_schema.json")
    for language, grammar in (("voice", VOICE), ("messaging", MESSAGING)):
        elements = published[language]["elements"]
        for tag, shape in grammar.items():
            if tag in elements and tag != "Response" and shape.attributes:
                plain = {
                    name.replace("{http://www.w3.org/XML/1998/namespace}", "xml:")
                    for name in shape.attributes
                }
                unknown = plain - set(elements[tag]["attrs"])
                missing = set(elements[tag]["attrs"]) - plain
                is_ssml = tag[0].islower()
                assert is_ssml or not unknown, (tag, unknown)
                assert not missing, (tag, missing)
