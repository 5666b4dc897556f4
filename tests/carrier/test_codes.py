"""What Twilio's codes mean for us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from relay.carrier.codes import RULES, label_of, meaning_of, table, trouble_of
from relay.carrier.errors import refusal
from relay.domain.trouble import Scope, Trouble
from tests.carrier.contract import TABLE as CONTRACT

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "code", [20003, 20005, 20006, 20429, 63038, 30001, 30002, 30022, 30023, 20500, 21611, 14107]
)
def test_what_is_about_the_account_or_the_moment_waits(code: int) -> None:
    trouble = trouble_of(code)
    assert trouble.passes
    assert trouble.scope in {Scope.ACCOUNT, Scope.MOMENT}


@pytest.mark.parametrize(
    ("code", "trouble", "scope"),
    [
        (20003, Trouble.ACCOUNT, Scope.ACCOUNT),
        (21408, Trouble.COUNTRY_CLOSED, Scope.ACCOUNT),
        (21606, Trouble.NOT_OURS, Scope.NUMBER),
        (21660, Trouble.NOT_OURS, Scope.NUMBER),
        (30024, Trouble.UNREGISTERED, Scope.NUMBER),
        (30032, Trouble.UNFIT, Scope.NUMBER),
        (30034, Trouble.UNREGISTERED, Scope.NUMBER),
        (30007, Trouble.FILTERED, Scope.REQUEST),
        (21211, Trouble.NO_HANDSET, Scope.RECEIVER),
        (21610, Trouble.OPTED_OUT, Scope.RECEIVER),
        (21614, Trouble.LANDLINE, Scope.RECEIVER),
        (30003, Trouble.UNREACHABLE, Scope.RECEIVER),
        (30005, Trouble.NO_HANDSET, Scope.RECEIVER),
        (30006, Trouble.LANDLINE, Scope.RECEIVER),
        (30008, Trouble.UNCLEAR, Scope.MOMENT),
        (21422, Trouble.SOLD, Scope.NUMBER),
        (21602, Trouble.NEVER, Scope.REQUEST),
        (31999, Trouble.NEVER, Scope.REQUEST),
    ],
)
def test_each_kind_is_about_one_thing(code: int, trouble: Trouble, scope: Scope) -> None:
    assert (trouble_of(code), trouble_of(code).scope) == (trouble, scope)


@pytest.mark.parametrize(
    ("status", "text", "trouble", "code", "is_ambiguous"),
    [
        (429, '{"code": 63038}', Trouble.ACCOUNT, 63038, False),
        (429, '{"code": 20429}', Trouble.LATER, 20429, False),
        (429, '{"code": 99999}', Trouble.LATER, 99999, False),
        (429, "", Trouble.LATER, 20429, False),
        (403, "<html>", Trouble.ACCOUNT, 403, False),
        (401, "", Trouble.ACCOUNT, 401, False),
        (403, '{"code": 20005}', Trouble.ACCOUNT, 20005, False),
        (400, '{"code": 99999}', Trouble.NEVER, 99999, False),
        (404, '{"code": 20404}', Trouble.NEVER, 20404, False),
        (408, "", Trouble.LATER, 408, True),
        (499, '{"code": 99999}', Trouble.NEVER, 99999, False),
        (500, '{"code": 20500}', Trouble.LATER, 20500, True),
        (503, "<html>", Trouble.LATER, 503, True),
    ],
)
def test_a_code_that_nobody_knows_counts_by_its_status(
    status: int, text: str, trouble: Trouble, code: int, is_ambiguous: bool
) -> None:
    error = refusal(status, text, {"Retry-After": "7"}, creates=True)
    assert (error.trouble, error.code, error.ambiguous) == (trouble, code, is_ambiguous)
    assert error.retry_after == (7 if status == 429 else None)
    assert not refusal(status, text, {}, creates=False).ambiguous


@pytest.mark.parametrize("status", [301, 302, 304, 400, 402, 404, 405, 407, 409, 410, 451, 499])
@pytest.mark.parametrize("text", ["", "<html>", "[1]", '{"code": null}', '{"code": "20404"}'])
def test_an_answer_without_a_code_says_nothing_of_the_request(status: int, text: str) -> None:
    error = refusal(status, text, {}, creates=True)
    assert (error.trouble, error.code, error.ambiguous) == (Trouble.LATER, status, True)


@pytest.mark.parametrize("code", ["true", "-1", "404", "999999", "1.5"])
def test_what_is_no_code_of_the_carrier_s_is_none(code: str) -> None:
    error = refusal(400, f'{{"code": {code}}}', {}, creates=False)
    assert (error.trouble, error.code) == (Trouble.LATER, 400)


def test_a_label_has_few_values() -> None:
    assert [label_of(code) for code in (30007, 403, 503, 31999, 99, 2)] == [
        "30007",
        "4xx",
        "5xx",
        "unknown",
        "unknown",
        "unknown",
    ]


def test_each_code_is_once_in_the_table_and_in_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert meaning_of(30034) == "10DLC: the number is in no approved campaign"
    assert meaning_of(31999) == ""


def test_the_document_has_the_table() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "relay.carrier.codes"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout
    assert printed.strip() == table()
    assert table() in (ROOT / "docs" / "outcomes.md").read_text()


def test_every_code_that_the_carriers_answers_may_have_is_in_the_table() -> None:
    assert set(CONTRACT["codes"]["named"]) <= {rule.code for rule in RULES}
