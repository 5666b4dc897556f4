"""Each code that a problem can have is listed, and tells retry from never."""

import ast

import pytest

from relay.domain.errors import BeingChanged, Conflict, RelayError
from relay.web.problem_codes import PROBLEM_CODES
from relay.web.problems import _HTTP_PROBLEMS
from relay.web.schemas.base import Problem
from tests.architecture.source import ROOT, modules, nodes_of

#: Abstract, or for codes that nobody has listed.
UNUSED = {"error", "conflict"}
CODES = [each.code for each in PROBLEM_CODES]


def kinds(of=RelayError):
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


KINDS = {kind.__name__: kind for kind in kinds()}


def raised():
    """(where, kind, its own code, whether it may be retried) of each error that is made."""
    for module, path in modules().items():
        if not module.startswith("relay."):
            continue
        for node in nodes_of(path):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS:
                given = {word.arg: word.value for word in node.keywords}
                code = ast.literal_eval(given["code"]) if "code" in given else ""
                yield f"{module}:{node.lineno}", KINDS[node.func.id], code, "retry_after" in given


RAISED = list(raised())


def test_every_code_is_listed_once():
    known = {kind("").code for kind in KINDS.values()} - UNUSED
    known |= {code for _, _, code, _ in RAISED if code}
    known |= {code for code, _ in _HTTP_PROBLEMS.values()}

    assert known == set(CODES)
    assert len(CODES) == len(set(CODES))


@pytest.mark.parametrize(("where", "kind", "code", "again"), RAISED, ids=[r[0] for r in RAISED])
def test_a_conflict_has_a_code_that_says_whether_to_try_again(where, kind, code, again):
    if not issubclass(kind, Conflict):
        return
    assert code or kind is not Conflict, where
    meant = next(each for each in PROBLEM_CODES if each.code == (code or kind("").code))
    assert (again or kind is BeingChanged) == meant.when.startswith("Retry:"), where


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_in_the_document(code):
    assert f"`{code}`" in (ROOT / "docs" / "api.md").read_text()


def test_the_schema_has_what_some_problems_say_besides():
    assert {"reason", "sessions", "errors"} <= set(Problem.model_fields)
