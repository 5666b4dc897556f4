"""What somebody who types at ``make sandbox`` is told; the carrier is the real simulated one."""

import json
from io import StringIO
from pathlib import Path

import pytest
import requests
from rich.console import Console

from relay.sandbox.behaviour import Answer, Busy
from relay.sandbox.shell import Shell

README = Path(__file__).parents[2] / "README.md"
NUMBER = "+14155550192"
SHARED = {
    "virtual_number": NUMBER,
    "code_needed": True,
    "access_code": "482913",
    "dial": f"tel:{NUMBER},,482913",
    "recruiter": "r-1001",
    "candidate": "c-80",
}
ASKS = '<Gather numDigits="6" action="/code"><Say>Your code?</Say></Gather><Say>Goodbye.</Say>'


class RecordingApi:
    def __init__(self):
        self.asked = []
        self.problem = None
        self.answer = {"virtual_number": NUMBER, "code_needed": False}

    def ask(self, method, path, body=None):
        self.asked.append((method, path, body))
        if self.problem is not None:
            response = requests.Response()
            response.status_code = 409
            response._content = self.problem
            raise requests.HTTPError(f"{method} {path}: everything", response=response)
        return self.answer


@pytest.fixture
def api():
    return RecordingApi()


@pytest.fixture
def shell(carrier, api):
    console = Console(file=StringIO(), width=200, highlight=False, soft_wrap=True)
    shell = Shell(console, carrier, api)
    shell.furnish()
    return shell


def said(shell, line):
    start = len(shell._console.file.getvalue())
    shell.onecmd(line)
    return shell._console.file.getvalue()[start:]


def test_the_sandboxs_pool_dials_its_own_country_only(shell, api):
    method, path, policy = api.asked[0]
    assert (method, path, policy["allowed_countries"]) == ("PUT", "/v1/pools/us", ["US"])


def test_rita_and_carl_are_those_of_the_readme(shell, api):
    assert "+14155550192" in said(shell, "open rita carl")

    *_, (method, path, body) = api.asked
    line = next(line for line in README.read_text().splitlines() if "$RELAY/v1/sessions" in line)
    theirs = json.loads(line.partition("-d '")[2].rstrip("'"))
    assert (method, path) == ("POST", "/v1/sessions")
    assert body["recruiter"] == theirs["recruiter"] | {"organization": "Acme"}
    assert body["candidate"] == theirs["candidate"]


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (b'{"title": "No", "detail": "No number is left."}', "No number is left.\n"),
        (b"<html>", "POST /v1/sessions: everything\n"),
    ],
)
def test_of_a_problem_only_its_detail_is_told(shell, api, problem, told):
    api.problem = problem

    assert said(shell, "open rita carl") == told


def test_help_says_what_each_command_does_in_one_line(shell):
    lines = said(shell, "help").splitlines()

    assert [line.split()[0].rstrip(":") for line in lines] == [
        "answer",
        "call",
        "help",
        "open",
        "quit",
        "sessions",
        "text",
        "texts",
    ]
    assert all(": " in line for line in lines)


def test_an_unknown_word_leads_to_help(shell):
    assert said(shell, "dial rita") == "Type help.\n"


def test_an_answer_is_digits_or_a_known_way(shell):
    assert "busy, nothing, voicemail" in said(shell, "answer carl vociemail")
    assert shell._phone("carl").on_ring == Answer(keys="1")

    said(shell, "answer carl 21")
    assert shell._phone("carl").on_ring == Answer(keys="21")
    said(shell, "answer carl busy")
    assert shell._phone("carl").on_ring == Busy()
    assert "rita, nora" in said(shell, "answer nobody 1")


def test_a_session_that_needs_its_code_says_so(shell, api):
    api.answer = SHARED

    told = said(shell, "open rita finn")

    assert "an access code tells them apart: 482913" in told
    assert told.endswith("One tap dials tel:+14155550192,,482913\n")


def test_sessions_are_listed_with_their_codes(shell, api):
    api.answer = {"data": [SHARED, SHARED | {"candidate": "c-77", "code_needed": False}]}

    assert said(shell, "sessions").splitlines() == [
        "rita and finn: code 482913 (needed), tel:+14155550192,,482913",
        "rita and carl: code 482913 (not needed), tel:+14155550192,,482913",
    ]
    api.answer = {"data": []}
    assert "open rita carl" in said(shell, "sessions")


@pytest.mark.parametrize(
    "line",
    [
        "call rita 482913",
        "call rita +14155550192 482913",
        "call rita tel:+14155550192,,482913",
        "call rita +14155550192,,482913",
    ],
)
def test_a_code_can_be_typed_or_dialled(shell, carrier, relay, line):
    relay.answers["/voice"] = ASKS
    relay.answers["/code"] = "<Say>Thank you.</Say>"
    carrier.account.number(NUMBER).voice_url = relay.url("/voice")

    assert "rita hears “Thank you.”" in said(shell, line)
    assert [asked.form["Digits"] for asked in relay.to("/code")] == ["482913"]


def test_a_link_that_no_phone_dials_is_told(shell):
    assert said(shell, "call rita tel:+14155550192,,482913#") == (
        "rita's phone dials nothing: no iPhone dials a link with * or #.\n"
    )


def test_a_text_has_words(shell):
    assert "text carl Hello" in said(shell, "text carl")
    assert "rita, nora" in said(shell, "text nobody hello")
