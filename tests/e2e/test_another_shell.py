"""``make sandbox`` names a file of settings; with it the commands of the documentation work."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest

from relay.sandbox.service import ROOT
from tests.e2e.stage import NUMBERS, Stage

pytestmark = pytest.mark.e2e


def test_a_shell_that_reads_the_settings_commands_the_same_service(stage: Stage) -> None:
    file = stage.service.settings_file
    listed = subprocess.run(
        ["sh", "-c", f'set -a; . {file}; set +a; exec "{sys.executable}" -m relay numbers list'],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert all(number in listed for number in NUMBERS)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
