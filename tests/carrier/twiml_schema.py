"""Checks a document against the carrier's schema of TwiML: elements, nesting, attributes, values.

The schema lies beside the repository (``../shared/twilio``, or TWILIO_CONTRACT_DIR); without it
the check is skipped and says so.
"""

import json
import os
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

CONTRACTS = Path(
    os.environ.get("TWILIO_CONTRACT_DIR", Path(__file__).parents[3] / "shared" / "twilio")
)
_NUMERIC = {"number", "integer"}


@cache
def _schema():
    path = CONTRACTS / "twiml_schema.json"
    if not path.is_file():
        pytest.skip(f"no TwiML schema at {path}: set TWILIO_CONTRACT_DIR to check against it")
    return json.loads(path.read_text())


def assert_follows_schema(kind: str, document: str) -> None:
    """``kind`` is voice or messaging."""
    schema = _schema()[kind]
    _check(etree.fromstring(document.encode()), schema["root"], schema["elements"])


def _check(element, name, elements):
    rule = elements[name]
    assert element.tag == rule["tag"]
    for attribute, value in element.attrib.items():
        assert attribute in rule["attrs"], f"<{element.tag}> has no attribute {attribute}"
        _check_value(element.tag, attribute, value, rule["attrs"][attribute])
    for child in element:
        assert child.tag in rule["children"], f"<{element.tag}> holds no <{child.tag}>"
        _check(child, rule["children"][child.tag], elements)


def _check_value(tag, attribute, value, rule):
    values = value.split() if rule.get("list") else [value]
    where = f"<{tag} {attribute}={value!r}>"
    if rule.get("enum"):
        assert all(v in rule["enum"] for v in values), where
    if rule["type"] in _NUMERIC:
        assert all(v.lstrip("-").isdigit() for v in values), where
    if rule["type"] == "boolean":
        assert all(v in {"true", "false"} for v in values), where
