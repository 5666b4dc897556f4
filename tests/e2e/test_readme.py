"""A new user follows the README to the letter, in a fresh clone: each of its blocks, in order."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from config.key_rings import parse_key_ring
from relay.sandbox.procfile import ROOT
from relay.sandbox.service import Service, simulated_carrier
from tests.e2e.stage import NUMBER

_BLOCK = re.compile(r"^( *)```(?:bash)?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[str]:
    """The shell blocks of the README; the picture and other languages are none."""
    text = (ROOT / "README.md").read_text()
    found = [
        re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
        for indent, block in _BLOCK.findall(text)
    ]
    return [block for block in found if "┌" not in block]


TRYING, CALLING, SECRETS, POOL, LOOKING, BOARDS = blocks()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the repository, as git has them, and a .venv that `make` made there before."""
    folder = tmp_path_factory.mktemp("clone") / "relay"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # deleted, and not committed yet
            # Its age too: `make` installs again what is younger than its .venv.
            shutil.copy2(ROOT / name, target)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    return folder


def shell(
    clone: Path, commands: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What somebody types there, or pastes; it stops at the first command that fails."""
    return subprocess.run(
        ["bash", "-eu"],
        input=commands,
        cwd=clone,
        env={"PATH": os.environ["PATH"], "HOME": str(clone.parent)} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_demo_tells_its_story_to_the_end(clone: Path) -> None:
    assert TRYING.splitlines()[0].startswith("make demo ")
    told = shell(clone, TRYING.splitlines()[0])

    assert told.returncode == 0, told.stdout + told.stderr
    assert "The end. Nobody saw anybody's real number." in told.stdout


class Sandbox:
    """`make sandbox` in a terminal, in which somebody types."""

    def __init__(self, clone: Path, command: str) -> None:
        self._process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=clone,
            env={"PATH": os.environ["PATH"], "HOME": str(clone.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def read_until(self, beginning: str) -> list[str]:
        """The lines up to one that begins so."""
        seen: list[str] = []
        while not (seen and seen[-1].startswith(beginning)):
            try:
                seen.append(self._lines.get(timeout=60))
            except Empty:
                pytest.fail(f"no {beginning!r} after {seen}")
        return seen

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        if self._process.poll() is None:
            self.type("quit")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture(scope="module")
def sandbox(clone: Path) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox, and what it says to paste into another shell."""
    command = TRYING.splitlines()[1]
    assert command.startswith("make sandbox ")
    running = Sandbox(clone, command)
    try:
        lines = running.read_until("set +a")
        yield running, "".join(lines[lines.index("set -a\n") :])
    finally:
        running.stop()


def test_the_sandbox_says_what_makes_the_lines_of_the_api_work(
    clone: Path, sandbox: tuple[Sandbox, str]
) -> None:
    running, pasted = sandbox
    assert re.search(r"^RELAY=http://127\.0\.0\.1:\d+$", pasted, re.MULTILINE)
    assert re.search(r"^KEY=relay_main_\w+$", pasted, re.MULTILINE)

    said = shell(clone, f"{pasted}\n{CALLING.replace('curl ', 'curl --no-progress-meter --fail ')}")

    assert said.returncode == 0, said.stderr
    decoder, answers, rest = json.JSONDecoder(), [], said.stdout.strip()
    while rest:
        answer, end = decoder.raw_decode(rest)
        answers.append(answer)
        rest = rest[end:].strip()
    assert [answers[0]["name"], answers[1]["phone_number"]] == ["us", NUMBER]
    assert answers[2]["virtual_number"].startswith("+1415555019")
    running.type("call rita")
    heard = "".join(running.read_until("They "))
    assert "carl's phone rings" in heard
    assert heard.endswith("They talk.\n")


def test_the_commands_of_the_documentation_work_beside_the_sandbox(
    clone: Path, sandbox: tuple[Sandbox, str]
) -> None:
    said = shell(clone, f"{sandbox[1]}\n{LOOKING}")

    assert said.returncode == 0, said.stdout + said.stderr
    assert f"number {NUMBER} calls and texts come here" in said.stdout


def test_the_five_steps_lead_to_a_pool_that_serves(clone: Path, tmp_path: Path) -> None:
    """On the processes of the Procfile, with the account's number of step 4."""
    with (
        simulated_carrier() as carrier,
        Service(carrier, tmp_path / "service", root=clone) as service,
    ):
        carrier.add_number(NUMBER)
        made = shell(clone, SECRETS, service.environment)
        assert made.returncode == 0, made.stderr
        rings = dict(line.split("=", 1) for line in made.stdout.splitlines())
        assert {*rings} == {"RELAY_SEALING_KEYS", "RELAY_INDEX_KEYS"}
        assert all(parse_key_ring(ring, purpose=name).keys for name, ring in rings.items())

        for block in (POOL, LOOKING, BOARDS):
            done = shell(clone, block, service.environment)
            assert done.returncode == 0, block + done.stdout + done.stderr
        pool = service.api("numbers").ask("GET", "/v1/pools/us")
        assert pool["allowed_countries"] == ["US", "CA"]
        assert pool["figures"]["numbers"]["available"] == 1


def test_the_commands_name_a_pool_with_its_countries() -> None:
    puts = [line for block in blocks() for line in block.splitlines() if "pools put" in line]

    assert puts
    assert all("--allowed-countries" in line for line in puts)
    assert '"allowed_countries"' in CALLING
