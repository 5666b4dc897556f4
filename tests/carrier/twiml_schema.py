"""Checks a document's elements, nesting, attributes and values: against our table of TwiML and,
where it is at hand, the carrier's schema."""

from __future__ import annotations

from typing import Any

from lxml import etree

from tests.carrier.contract import TABLE, carriers_own

_NUMERIC = {"number", "integer"}
_PLAIN = {"text", "number", "boolean"}


def assert_follows_schema(kind: str, document: str) -> None:
    """``kind`` is voice or messaging."""
    root = etree.fromstring(document.encode())
    _check(root, "Response", in_the_schemas_form(TABLE[kind]))
    schema = carriers_own("twiml_schema.json")
    if schema is not None:
        _check(root, schema[kind]["root"], schema[kind]["elements"])


def in_the_schemas_form(table: dict[str, Any]) -> dict[str, Any]:
    """Our table of a kind of document, as the carrier's schema writes its own."""
    return {
        tag: {
            "tag": tag,
            "children": {child: child for child in rule.get("holds", [])},
            "attrs": {name: _value(said) for name, said in rule.get("attributes", {}).items()},
        }
        for tag, rule in table.items()
    }


def _value(said: str) -> dict[str, Any]:
    if said in _PLAIN:
        return {"type": "string" if said == "text" else said}
    words = said.split()
    return {"type": "enum", "enum": [word for word in words if word != "*"], "list": "*" in words}


def _check(element: etree._Element, name: str, elements: dict[str, Any]) -> None:
    rule = elements[name]
    assert element.tag == rule["tag"]
    for attribute, value in element.attrib.items():
        assert attribute in rule["attrs"], f"<{element.tag}> has no attribute {attribute}"
        _check_value(element.tag, attribute, value, rule["attrs"][attribute])
    for child in element:
        assert child.tag in rule["children"], f"<{element.tag}> holds no <{child.tag}>"
        _check(child, rule["children"][child.tag], elements)


def _check_value(tag: str, attribute: str, value: str, rule: dict[str, Any]) -> None:
    values = value.split() if rule.get("list") else [value]
    where = f"<{tag} {attribute}={value!r}>"
    if rule.get("enum"):
        assert all(v in rule["enum"] for v in values), where
    if rule["type"] in _NUMERIC:
        assert all(v.lstrip("-").isdigit() for v in values), where
    if rule["type"] == "boolean":
        assert all(v in {"true", "false"} for v in values), where
