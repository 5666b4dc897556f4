"""Every key is made in ``store/keys.py`` and stands in its table."""

import ast
import re
from pathlib import Path

import pytest
import time_machine

from relay.carrier.webhooks import InboundText
from relay.store import keys
from relay.workflows.recycle import recycle
from relay.workflows.relay_text import relay_text
from tests.architecture.source import modules
from tests.web.test_no_real_number import all_answers
from tests.world import NORA, NOW

OLGA = "+16465550133"
ROOT = Path(__file__).parents[2]

#: Of commands that take no key.
NO_KEY = {"config_get", "info", "time", "register_script", "eval", "evalsha", "pipeline", "wait"}


def table():
    """The first column of the table, as regular expressions."""
    rows = re.findall(r"^(\S+) {2,}(?:set|hash|zset|string|bitmap) ", keys.__doc__, re.MULTILINE)
    assert len(rows) > 30
    for row in rows:
        parts = re.split(r"(\{p\}|<[^>]+>)", row)
        yield "".join(map(pattern_of, parts))


def pattern_of(part):
    if part == "{p}":
        return r"\{[a-z0-9-]+\}"
    if part.startswith("<"):
        return f"({part[1:-1]})" if "|" in part else ".+"
    return re.escape(part)


def is_in_the_table(key, patterns):
    return any(re.fullmatch(pattern, key) for pattern in patterns)


def story(api):
    """Everything that the API and texts leave in the store."""
    with time_machine.travel(NOW, tick=False):
        list(all_answers(api))
        api.get("/v1/sessions", key="wrong")
        pair = {
            "recruiter": {"ref": "r-9", "phone": NORA},
            "candidate": {"ref": "c-9", "phone": OLGA},
        }
        headers = {"Idempotency-Key": "k"}
        session = api.post("/v1/sessions", pair, headers=headers).json
        for sid, body in (("SM1", "hello"), ("SM2", "STOP"), ("SM3", "START")):
            text = InboundText(
                message_sid=sid,
                sender=OLGA,
                virtual_number=session["virtual_number"],
                body=body,
            )
            relay_text(api.world.services, text, now=NOW)
        recycle(api.world.services, now=NOW)


def test_every_key_stands_in_the_table(api):
    patterns = list(table())

    story(api)

    unknown = [key for key in api.redis.keys("*") if not is_in_the_table(key, patterns)]
    assert not unknown
    assert len(api.redis.keys()) > 25


def test_the_document_of_keys_has_the_same_keys():
    document = (ROOT / "docs" / "redis-keys.md").read_text()
    described = re.findall(
        r"^\| `([^`]+)` \| (?:set|hash|zset|string|bitmap) ", document, re.MULTILINE
    )
    named = re.findall(r"^(\S+) {2,}(?:set|hash|zset|string|bitmap) ", keys.__doc__, re.MULTILINE)

    assert sorted(key.replace("\\|", "|") for key in described) == sorted(named)


def test_the_keys_of_a_pool_are_in_one_slot(api):
    story(api)

    for key in api.redis.keys("{*"):
        assert re.match(r"\{(us|people)\}:", key)
        assert key.count("{") == key.count("}") == 1


@pytest.mark.parametrize(
    "module",
    [
        name
        for name in modules()
        if name.startswith(("relay.store.", "workers.", "relay.workflows"))
    ],
)
def test_no_other_module_writes_a_key_out(module):
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value).endswith(("client", "pipe", "redis"))
            and node.func.attr not in NO_KEY
            and node.args
        ):
            assert not isinstance(node.args[0], ast.Constant | ast.JoinedStr), ast.unparse(node)
