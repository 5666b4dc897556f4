"""What docs/deploy.md says to write into a sentinel's configuration is taken by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.servers import server_binary
from tests.e2e.stage import eventually
from tests.sentinel.servers import Process, sentinel_binary

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"
LINE = re.compile(r"^(sentinel [a-z-]+(?: relay)?) (.+)$", re.MULTILINE)


@pytest.fixture
def master(tmp_path: Path) -> Iterator[Process]:
    users = {"user default": "off", "user user": "on >password ~* &* +@all"}
    server = Process(server_binary(), tmp_path / "master", {"save": '""'} | users)
    server.client.connection_pool.connection_kwargs |= {"username": "user", "password": "password"}
    server.start()
    yield server
    server.kill()


def test_a_sentinel_takes_the_lines_of_the_page_and_sees_a_master_with_a_name_and_a_password(
    master: Process, tmp_path: Path
) -> None:
    lines = dict(LINE.findall(PAGE.read_text()))
    assert lines["sentinel monitor relay"] == "one 6379 2"
    lines["sentinel monitor relay"] = f"localhost {master.port} 2"
    binary = sentinel_binary()
    assert binary
    sentinel = Process(binary, tmp_path / "sentinel", lines)
    sentinel.start()
    try:
        eventually(lambda: _sees(sentinel) == ("master", master.port))
    finally:
        sentinel.kill()


def _sees(sentinel: Process) -> tuple[str, int]:
    """How the master is, and where."""
    told = sentinel.client.sentinel_master("relay", return_responses=True)
    return told["flags"], told["port"]
