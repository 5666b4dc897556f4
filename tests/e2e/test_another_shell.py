"""``make sandbox`` names a file of settings; with it the commands of the documentation work."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys

import pytest

from relay.sandbox.procfile import ROOT
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


def test_the_web_server_listens_at_the_address_that_is_printed_alone(stage: Stage) -> None:
    port = stage.service.port
    assert stage.service.base_url == f"http://127.0.0.1:{port}"
    with pytest.raises(OSError):  # noqa: PT011 - refused, or no such address: each system its own
        socket.create_connection(("127.0.0.2", port), timeout=2).close()
