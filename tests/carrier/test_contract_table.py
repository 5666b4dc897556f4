"""Our table of what the carrier understands, against the carrier's own documents."""

from __future__ import annotations

import re

import pytest

from tests.carrier.contract import CONTRACTS, TABLE, carriers_own
from tests.carrier.openapi import described, names_in, product_of
from tests.carrier.twiml_schema import in_the_schemas_form

#: Five digits in the facts that no answer and no report has: errors of the Debugger about our
#: documents and webhooks, of the voice network behind a Dial, and plain numbers.
NO_ANSWERS = {
    *(11200, 11205, 11215, 11750, 12100, 12200, 12300, 14106, 14109),
    *(13214, 13223, 13224, 13225, 13226, 13227, 32205),
    *(10000, 12345, 14400, 15000, 36000, 86400),
}


@pytest.mark.parametrize(
    "operation",
    [name for name, rule in TABLE["requests"].items() if not rule.get("undescribed")],
)
def test_a_request_of_the_table_is_described(operation: str) -> None:
    rule = TABLE["requests"][operation]
    method, _, path = operation.partition(" ")
    document = carriers_own(product_of(path)[0])
    assert document is not None
    of_the_carrier = described(document, method, path)

    needs, takes = set(rule.get("needs", [])), set(rule.get("takes", []))
    assert needs == names_in(of_the_carrier, required=True)
    assert needs | takes <= names_in(of_the_carrier)
    if "answer" in rule:
        said = of_the_carrier["responses"]
        schema = said.get("201", said.get("200"))["content"]["application/json"]["schema"]
        name = schema.get("$ref", "").rpartition("/")[2]
        fields = (document["components"]["schemas"][name] if name else schema)["properties"]
        assert set(TABLE["answers"][rule["answer"]]) <= set(fields)


@pytest.mark.parametrize("kind", ["voice", "messaging"])
def test_our_documents_are_of_the_carriers_grammar(kind: str) -> None:
    schema = carriers_own("twiml_schema.json")
    assert schema is not None
    elements = {rule["tag"]: rule for rule in schema[kind]["elements"].values()}

    for tag, ours in in_the_schemas_form(TABLE[kind]).items():
        theirs = elements[tag]
        assert set(ours["children"]) <= set(theirs["children"])
        for attribute, rule in ours["attrs"].items():
            known = theirs["attrs"][attribute]
            assert {"integer": "number"}.get(known["type"], known["type"]) == rule["type"], tag
            assert set(rule.get("enum", [])) <= set(known.get("enum", [])), (tag, attribute)
            assert rule.get("list", False) == known["list"], (tag, attribute)


def test_the_codes_of_the_table_are_those_that_the_facts_name() -> None:
    (facts,) = (page.read_text() for page in CONTRACTS.glob("*.md"))
    named = {int(code) for code in re.findall(r"\b[1-9][0-9]{4}\b", facts)}

    assert set(TABLE["codes"]["named"]) == named - NO_ANSWERS
