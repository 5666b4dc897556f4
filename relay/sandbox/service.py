"""The whole service as real processes: Redis, web, worker, scheduler, against a simulated carrier.

The demo, the shell and the end-to-end tests start it alike.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from relay.embedded_redis import EmbeddedRedis
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.procfile import ROOT, read_procfile
from relay.sandbox.standing import ApiKey

ACCOUNT_SID = "AC" + "5a" * 16
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0

#: The processes that stay; before them a deploy runs the Procfile's ``release``.
PROCESSES = ("web", "worker", "scheduler")


class ServiceDidNotStart(Exception):
    """A process of the service ended or stayed silent; the message ends with its last lines."""


@dataclass
class Service:
    """Starts with ``with``; ``directory`` holds Redis' files, a log for each process, and the
    settings, which a shell can read."""

    carrier: SimulatedCarrier
    directory: Path
    board_name: str = "JobBoard"
    extra_environment: Mapping[str, str] = field(default_factory=dict)
    #: Where the code is, and the command line of each process.
    root: Path = ROOT
    commands: Mapping[str, str] = field(default_factory=read_procfile)
    redis: EmbeddedRedis = field(init=False)
    port: int = field(init=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(init=False, default_factory=dict)
    environment: dict[str, str] = field(init=False)
    _key: ApiKey = field(init=False)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.redis = EmbeddedRedis(self.directory / "redis")
        self.port = _free_port()
        self._key = self.carrier.add_api_key()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Service:
        try:
            self.redis.start()
            settings = self._settings()
            self._write_settings(settings)
            self.environment = {**_kept_of_ours(), **settings}
            for name in PROCESSES:
                self.start(name)
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def settings_file(self) -> Path:
        """``NAME=value`` lines for ``set -a; . FILE``: ``python -m relay`` then works on this
        service."""
        return self.directory / "settings.env"

    def start(self, name: str) -> None:
        """Starts a process as a platform does, by a shell; its output goes to its log."""
        with self.log_of(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {self.commands[name]} {self._options_of(name)}"],
                cwd=self.root,
                env=self._environment_of(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment_of(self, name: str) -> dict[str, str]:
        """The auth token is for the process that checks signatures; an API key does for others."""
        hidden = set() if name == "web" else {"TWILIO_AUTH_TOKEN"}
        return {
            setting: value for setting, value in self.environment.items() if setting not in hidden
        }

    def _options_of(self, name: str) -> str:
        """The web server listens to this machine alone, and not to its network."""
        return f"--bind 127.0.0.1:{self.port}" if name == "web" else ""

    def kill(self, name: str) -> None:
        """``kill -9`` of a process and all its children, as when a machine dies."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for name, process in list(self.processes.items()):
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill(name)
        self.processes.clear()
        self.redis.stop()

    def run(self, *arguments: str) -> str:
        """Runs ``python -m relay …`` with the service's settings and returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "relay", *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise ServiceDidNotStart(f"relay {' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def log_of(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def api(self, *scopes: str) -> Api:
        """A client of the REST API with a fresh key of these scopes (``admin`` when none)."""
        options = [part for scope in scopes or ("admin",) for part in ("--scope", scope)]
        return Api(self.base_url, self.run("keys", "create", "sandbox", *options))

    def wait_until(self, path: str, seconds: float = _START_SECONDS) -> None:
        """Waits until a GET of ``path`` answers 200."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                if requests.get(self.base_url + path, timeout=2).ok:
                    return
            self._complain_about_the_dead()
            time.sleep(0.05)
        raise ServiceDidNotStart(f"{path} did not answer: {self._last_lines('web')}")

    def _wait_until_healthy(self) -> None:
        self.wait_until("/healthz")
        self.wait_until("/readyz")

    def _complain_about_the_dead(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise ServiceDidNotStart(f"{name} ended: {self._last_lines(name)}")

    def _last_lines(self, name: str) -> str:
        return self.log_of(name).read_text(errors="replace")[-3000:]

    def _write_settings(self, settings: Mapping[str, str]) -> None:
        self.settings_file.touch()
        self.settings_file.chmod(0o600)
        self.settings_file.write_text(
            "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items())
        )

    def _settings(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(self.root),
            "PYTHONUNBUFFERED": "1",
            "PORT": str(self.port),
            "PUBLIC_BASE_URL": self.base_url,
            "REDIS_URL": self.redis.url,
            "TWILIO_ACCOUNT_SID": self.carrier.account.sid,
            "TWILIO_AUTH_TOKEN": self.carrier.account.auth_token,
            "TWILIO_API_KEY_SID": self._key.sid,
            "TWILIO_API_KEY_SECRET": self._key.secret,
            "TWILIO_API_BASE_URL": self.carrier.base_url,
            "RELAY_SEALING_KEYS": f"k1:{_fresh_key()}",
            "RELAY_INDEX_KEYS": f"k1:{_fresh_key()}",
            "BOARD_NAME": self.board_name,
            **self.extra_environment,
        }


@dataclass(frozen=True)
class Api:
    """The job board's backend: JSON over the REST API, with its key."""

    base_url: str
    key: str = field(repr=False)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        return requests.request(
            method,
            self.base_url + path,
            json=body,
            headers={"Authorization": f"Bearer {self.key}", **(headers or {})},
            timeout=15,
        )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a successful answer. Raises requests.HTTPError for another one."""
        response = self.send(method, path, body)
        if not response.ok:
            raise requests.HTTPError(f"{method} {path}: {response.text}", response=response)
        return response.json() if response.content else None


def simulated_carrier(**options: Any) -> SimulatedCarrier:
    """A carrier with an account made for this run."""
    return SimulatedCarrier(ACCOUNT_SID, secrets.token_hex(16), **options)


def _kept_of_ours() -> dict[str, str]:
    """What a process needs of our own environment; ``python`` is the one that we run on."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR"} or name.startswith("COVERAGE")
    }
    programs = Path(sys.executable).parent
    return kept | {"PATH": f"{programs}{os.pathsep}{kept.get('PATH', os.defpath)}"}


def _fresh_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
