"""Clients that are generated from our OpenAPI document, as examples/README.md says, and used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.sandbox.procfile import ROOT
from tests.e2e.stage import NUMBERS, Stage

#: Kept from run to run: what npm has once fetched.
KEPT = ROOT / "var" / "npm"
BLOCKS = dict(
    re.findall(
        r"^## (\w+)\n\n```bash\n(.*?)```$",
        (ROOT / "examples" / "README.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    generated = shutil.ignore_patterns("node_modules", "build", "relay*", ".venv", "__pycache__")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=generated)
    return tmp_path


@pytest.fixture
def people(shared_stage: Stage) -> Iterator[None]:
    """The examples' two are nobody else's in the tests."""
    yield
    for path in ("recruiters/r-1001", "candidates/c-77"):
        shared_stage.api.send("DELETE", f"/v1/{path}")


def follow(block: str, clone: Path, stage: Stage) -> str:
    """What the commands of a block say, as typed in the root of the repository."""
    done = subprocess.run(
        ["bash", "-eu"],
        input=block,
        cwd=clone,
        env={
            # As in the shell that has what the sandbox says to paste: our .venv comes first. It has
            # what the example asks for.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(clone),
            "RELAY": stage.service.base_url,
            "KEY": stage.api.key,
            "npm_config_cache": str(KEPT),
            "npm_config_prefer_offline": "true",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
        },
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()
    return done.stdout


def assert_its_story(said: str) -> None:
    recruiter, candidate, until, found = said.splitlines()[-4:]
    assert recruiter.startswith("r-1001 taps tel:+1415555019")
    assert candidate.removeprefix("c-77 dials ") in NUMBERS
    assert re.fullmatch(r"open until 20\d\d-\d\d-\d\d, about: Backend engineer", until)
    assert found == "open sessions of r-1001: 1"


@pytest.mark.usefixtures("people")
def test_a_client_in_python_is_generated_typed_and_works(clone: Path, shared_stage: Stage) -> None:
    assert_its_story(follow(BLOCKS["Python"], clone, shared_stage))

    # It sends nothing that its program does not name.
    [session] = shared_stage.api.ask("GET", "/v1/sessions?recruiter=r-1001&status=open")["data"]
    shared_stage.api.ask("PATCH", f"/v1/sessions/{session['id']}", {"channels": ["voice"]})
    follow("cd examples/python && python first_session.py", clone, shared_stage)
    assert shared_stage.session(session["id"])["channels"] == ["voice"]

    # What comes of our document; the generator's own client.py is not strict about httpx.
    ours = ["relay_client/api", "relay_client/models", "first_session.py"]
    options = ["--strict", "--follow-imports=silent", "--config-file="]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *options, f"--cache-dir={clone / 'cache'}", *ours],
        cwd=clone / "examples" / "python",
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.usefixtures("people")
def test_a_client_in_typescript_is_generated_compiles_and_works(
    clone: Path, shared_stage: Stage
) -> None:
    if shutil.which("npm") is None:
        pytest.skip("no npm here: `make test` installs it on Debian")
    assert "tsc --strict" in (clone / "examples" / "typescript" / "package.json").read_text()
    assert_its_story(follow(BLOCKS["TypeScript"], clone, shared_stage))


def test_what_is_installed_in_the_tests_is_what_the_example_names() -> None:
    named = (ROOT / "examples" / "python" / "requirements.txt").read_text().split()
    pinned = (ROOT / "requirements-dev.txt").read_text()

    assert all(f"\n{one} " in pinned for one in named)
