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
from tests.architecture.source import modules, nodes_of
from tests.web.test_no_real_number import all_answers
from tests.world import NORA, NOW

OLGA = "+16465550133"
ROOT = Path(__file__).parents[2]

#: Of commands that take no key.
NO_KEY = {"config_get", "info", "time", "register_script", "eval", "evalsha", "pipeline", "wait"}


def patterns():
    """Every declared key, as a regular expression."""
    for owner in (keys.DeploymentKeys, keys.BoardKeys, keys.PoolKeys):
        for key in owner.own():
            parts = re.split(r"(\{b\}|<[^>]+>)", key.pattern)
            yield "".join(map(pattern_of, parts))


def pattern_of(part):
    if part == "{b}":
        return r"\{[a-z0-9-]+\}"
    return ".+" if part.startswith("<") else re.escape(part)


def is_declared(key, declared):
    return any(re.fullmatch(pattern, key) for pattern in declared)


def leave_everything(api):
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


def test_every_key_is_declared(api):
    declared = list(patterns())

    leave_everything(api)

    unknown = [key for key in api.redis.keys("*") if not is_declared(key, declared)]
    assert not unknown
    assert len(api.redis.keys()) > 25


def test_the_document_has_the_declared_keys():
    document = (ROOT / "docs" / "redis-keys.md").read_text()

    assert keys.tables() in document, "python -m relay.store.keys"


def test_the_keys_of_a_board_are_in_one_slot(api):
    leave_everything(api)

    for key in api.redis.keys("*"):
        assert re.match(r"\{(main|all_boards)\}[:/]", key)
        assert key.count("{") == key.count("}") == 1


def test_p4_nothing_writes_the_key_that_never_exists(api):
    """A slot that is being moved refuses each script whole by it."""
    leave_everything(api)

    assert not list(api.redis.scan_iter("*:never"))


@pytest.mark.parametrize(
    "module",
    [
        name
        for name in modules()
        if name.startswith(("relay.store.", "workers.", "relay.workflows"))
    ],
)
def test_no_other_module_writes_a_key_out(module):
    for node in nodes_of(modules()[module]):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value).endswith(("client", "pipe", "redis"))
            and node.func.attr not in NO_KEY
            and node.args
        ):
            assert not isinstance(node.args[0], ast.Constant | ast.JoinedStr), ast.unparse(node)


def test_a_key_of_all_boards_that_a_page_names_is_one_of_the_table():
    declared = {key.pattern for key in keys.DeploymentKeys.own()}
    named = {
        (page.name, key)
        for page in (ROOT / "docs").glob("*.md")
        for key in re.findall(r"`(\{all_boards\}:\w[^`]*)`", page.read_text())
    }

    assert ("runbook.md", "{all_boards}:ticker-leader") in named
    assert [(page, key) for page, key in named if key not in declared] == []
