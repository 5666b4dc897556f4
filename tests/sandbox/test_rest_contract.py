"""Requests of the SDK and answers of the carrier, against our table and Twilio's description."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft7Validator
from twilio.rest import Client

from relay.sandbox import SimulatedCarrier
from relay.sandbox.grammar import MESSAGING, VOICE
from relay.sandbox.records import OwnedNumber
from relay.sandbox.rest.request import RestRequest
from tests.carrier.contract import TABLE, carriers_own
from tests.carrier.openapi import assert_follows_description, described, product_of
from tests.carrier.twiml_schema import in_the_schemas_form
from tests.sandbox.conftest import ALICE, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: as_json_schema(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") else plain


def complaints(entry: RestRequest) -> list[str]:
    """Of the carrier's own description, where it is at hand: it is stricter than our table."""
    description = carriers_own(product_of(entry.path)[0])
    if description is None:
        return []
    operation = described(description, entry.method, entry.path)
    assert str(entry.status) in operation["responses"], (entry.path, entry.status)
    content = operation["responses"][str(entry.status)].get("content")
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
    assert [c for entry in carrier.rest_log for c in complaints(entry)] == []


def test_the_grammar_agrees_with_the_published_twiml_schema() -> None:
    published = carriers_own("twiml_schema.json")
    for language, grammar in (("voice", VOICE), ("messaging", MESSAGING)):
        for tag, ours in in_the_schemas_form(TABLE[language]).items():
            assert set(ours["children"]) <= grammar[tag].children
            assert set(ours["attrs"]) <= set(grammar[tag].attributes)
        elements = published[language]["elements"] if published else {}
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
