"""``make sandbox``: the whole service, left running, with six phones to play with."""

from __future__ import annotations

import cmd
import re
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.markup import escape

from relay.sandbox.behaviour import Answer, Behaviour, Busy, NoAnswer, Screening, Voicemail
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.phone import Phone
from relay.sandbox.service import Api, Service, simulated_carrier

VIRTUAL_NUMBERS = ("+14155550192", "+14155550193")


@dataclass(frozen=True)
class Person:
    ref: str
    phone: str
    name: str = ""
    #: What a session with them is about.
    context: str = ""


#: Rita and Carl are those of the README's curl lines.
RECRUITERS = {
    "rita": Person("r-1001", "+12125550101", "Rita Reyes"),
    "nora": Person("r-1002", "+16175550123", "Nora Novak"),
}
CANDIDATES = {
    "carl": Person("c-77", "+13105550127", context="Backend engineer"),
    "dan": Person("c-78", "+19175550138", context="Nurse, night shift"),
    "eve": Person("c-79", "+15105550116", context="Frontend engineer"),
    "finn": Person("c-80", "+17185550105", context="Data engineer"),
}
NAMES = {person.ref: name for name, person in (RECRUITERS | CANDIDATES).items()}
BEHAVIOURS: dict[str, Behaviour] = {
    "busy": Busy(),
    "nothing": NoAnswer(),
    "voicemail": Voicemail(),
    "screening": Screening(),
}
_DIGITS = re.compile(r"[0-9]+")


def run() -> None:
    """Runs until ``quit``, the end of the input, or a signal."""
    console = Console(highlight=False, soft_wrap=True)
    directory = Path(tempfile.mkdtemp(prefix="relay-sandbox-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        console.print("[dim]Starting Redis, web, worker and scheduler, and a simulated carrier …")
        with simulated_carrier() as carrier, Service(carrier, directory) as service:
            _play(console, carrier, service)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _play(console: Console, carrier: SimulatedCarrier, service: Service) -> None:
    api = service.api()
    shell = Shell(console, carrier, api)
    shell.furnish()
    console.print(
        f"\nThe service runs; its API is described at [bold]{service.base_url}/docs[/].\n"
        "Paste this into another shell, and the commands of the documentation work there:\n\n"
        f"set -a\nRELAY={service.base_url}\nKEY={api.key}\n"
        f"PATH={Path(sys.executable).parent}:$PATH\n. {service.settings_file}\nset +a\n\n"
        f"Logs: {service.directory}\n"
        f"People: {', '.join([*RECRUITERS, *CANDIDATES])}. Type [bold]help[/] for what they can do."
    )
    if sys.stdin.isatty():
        shell.cmdloop()
    else:
        shell.use_rawinput = False
        shell.prompt = ""
        shell.cmdloop()
        signal.pause()


class Shell(cmd.Cmd):
    """One command a line."""

    prompt = "\nrelay> "

    def __init__(self, console: Console, carrier: SimulatedCarrier, api: Api) -> None:
        super().__init__()
        self._console = console
        self._carrier = carrier
        self._api = api
        self._numbers: dict[str, str] = {}
        self._seen: dict[str, int] = {}

    def furnish(self) -> None:
        """One pool with two numbers, and everybody answers and takes the call."""
        for number in VIRTUAL_NUMBERS:
            self._carrier.add_number(number)
        policy = {"country": "US", "allowed_countries": ["US"], "cooldown": 60}
        self._api.ask("PUT", "/v1/pools/us", policy)
        for number in VIRTUAL_NUMBERS:
            self._api.ask("POST", "/v1/numbers", {"phone_number": number, "pool": "us"})
        for name in (*RECRUITERS, *CANDIDATES):
            self._phone(name).on_ring = Answer(keys="1")

    # --- commands -----------------------------------------------------------------------

    def do_open(self, line: str) -> None:
        """open RECRUITER CANDIDATE: a session for the pair, as in  open rita carl"""
        recruiter, _, candidate = line.partition(" ")
        if recruiter not in RECRUITERS or candidate not in CANDIDATES:
            self._say(f"A recruiter ({', '.join(RECRUITERS)}) and a candidate, please.")
            return
        session = self._ask(
            {
                "recruiter": {
                    "ref": RECRUITERS[recruiter].ref,
                    "phone": RECRUITERS[recruiter].phone,
                    "name": RECRUITERS[recruiter].name,
                    "organization": "Acme",
                },
                "candidate": {
                    "ref": CANDIDATES[candidate].ref,
                    "phone": CANDIDATES[candidate].phone,
                },
                "context": CANDIDATES[candidate].context,
            }
        )
        if session is not None:
            self._numbers[recruiter] = self._numbers[candidate] = session["virtual_number"]
            self._say(f"{recruiter} and {candidate} have {session['virtual_number']}.")
            if session["code_needed"]:
                self._say(
                    f"{recruiter} has several people there, so an access code tells them apart: "
                    f"{session['access_code']}. One tap dials {session['dial']}"
                )

    def do_sessions(self, _: str) -> None:
        """sessions: who is connected, by which number and access code, and what one tap dials"""
        try:
            sessions = self._api.ask("GET", "/v1/sessions?status=open&limit=200")["data"]
        except requests.HTTPError as error:
            self._say(_detail_of(error))
            return
        for session in sessions:
            pair = [NAMES.get(session[role], session[role]) for role in ("recruiter", "candidate")]
            needed = "needed" if session["code_needed"] else "not needed"
            self._say(
                f"{' and '.join(pair)}: code {session['access_code']} ({needed}), {session['dial']}"
            )
        if not sessions:
            self._say("Nobody is connected. As in  open rita carl")

    def do_call(self, line: str) -> None:
        """call WHO [NUMBER OR LINK] [CODE]: somebody dials, and types the code when asked"""
        dialled, code = _cut_code(line)
        who, number = self._who_and_number(dialled)
        if who is None:
            return
        try:
            trace = self._phone(who).call(number, digits=code).wait(60)
        except ValueError as refused:
            self._say(f"{who}'s phone dials nothing: {refused}.")
            return
        for name in (*RECRUITERS, *CANDIDATES):
            if self._phone(name).number == trace.callee_number:
                self._say(f"{name}'s phone rings and shows {trace.callee_saw}.")
        for sentence in trace.heard_by_callee:
            self._say(f"  “{sentence}”")
        for sentence in trace.heard_by_caller:
            self._say(f"{who} hears “{sentence}”")
        self._say("They talk." if trace.bridged else "They are not connected.")

    def do_text(self, line: str) -> None:
        """text WHO MESSAGE: somebody texts the number last opened for them"""
        who, _, body = line.partition(" ")
        found, number = self._who_and_number(who)
        if found is None:
            return
        if not body.strip():
            self._say(f"What does {found} write? As in  text {found} Hello")
            return
        self._phone(found).text(number, body).wait(30)
        self._await_texts()
        self._show_texts()

    def do_answer(self, line: str) -> None:
        """answer WHO HOW: what a ring leads to: 1, 21, 9, busy, nothing, voicemail, screening"""
        who, _, how = line.partition(" ")
        if who not in (*RECRUITERS, *CANDIDATES):
            self._say(f"One of {', '.join([*RECRUITERS, *CANDIDATES])}, please.")
            return
        if how not in BEHAVIOURS and not _DIGITS.fullmatch(how):
            self._say(f"Digits to press, or one of {', '.join(BEHAVIOURS)}, please.")
            return
        self._phone(who).on_ring = BEHAVIOURS.get(how) or Answer(keys=how)
        self._say(f"From now on {who} answers with {how}.")

    def do_texts(self, _: str) -> None:
        """texts: what has come since you last looked"""
        self._show_texts()

    def do_help(self, _: str) -> None:
        """help: this list"""
        commands = [name for name in self.get_names() if name.startswith("do_")]
        for name in commands:
            if name != "do_EOF":
                self._say(getattr(self, name).__doc__)

    def do_quit(self, _: str) -> bool:
        """quit: stop everything"""
        sys.exit(0)

    def do_EOF(self, _: str) -> bool:  # noqa: N802 - the name cmd gives to the end of the input
        """The end of the input: go on when nobody types, else stop."""
        return self.do_quit("") if sys.stdin.isatty() else True

    def default(self, _: str) -> None:
        self._say("Type help.")

    def emptyline(self) -> bool:
        return False

    # --- what they need -----------------------------------------------------------------

    def _ask(self, body: dict[str, Any]) -> dict[str, Any] | None:
        try:
            session: dict[str, Any] = self._api.ask("POST", "/v1/sessions", body)
        except requests.HTTPError as error:
            self._say(_detail_of(error))
            return None
        return session

    def _who_and_number(self, line: str) -> tuple[str | None, str]:
        who, _, number = line.partition(" ")
        number = number or self._numbers.get(who, VIRTUAL_NUMBERS[0])
        if who not in (*RECRUITERS, *CANDIDATES):
            self._say(f"One of {', '.join([*RECRUITERS, *CANDIDATES])}, please.")
            return None, ""
        return who, number

    def _phone(self, name: str) -> Phone:
        return self._carrier.phone({**RECRUITERS, **CANDIDATES}[name].phone)

    def _await_texts(self) -> None:
        """Until something has come, or a worker would long have sent it."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not self._has_news():
            time.sleep(0.1)
        self._carrier.settle(30)

    def _has_news(self) -> bool:
        return any(
            len(self._phone(name).texts) > self._seen.get(name, 0)
            for name in (*RECRUITERS, *CANDIDATES)
        )

    def _show_texts(self) -> None:
        for name in (*RECRUITERS, *CANDIDATES):
            texts = self._phone(name).texts
            for text in texts[self._seen.get(name, 0) :]:
                self._say(f"{name} gets a text from {text.sender}: “{text.body}”")
            self._seen[name] = len(texts)

    def _say(self, sentence: str) -> None:
        self._console.print(escape(sentence))


def _cut_code(line: str) -> tuple[str, str]:
    """A line's last word, where it is a code: nothing else in it is all digits."""
    rest, _, last = line.rpartition(" ")
    return (rest.rstrip(), last) if rest and _DIGITS.fullmatch(last) else (line, "")


def _detail_of(error: requests.HTTPError) -> str:
    """The problem's sentence; without one, all that is known."""
    if error.response is None:
        return str(error)
    try:
        return str(error.response.json()["detail"])
    except (KeyError, ValueError):
        return str(error)
