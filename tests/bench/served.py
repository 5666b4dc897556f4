"""One gunicorn worker on real Redis, and the load that wrk puts on it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from relay.embedded_redis import EmbeddedRedis

ROOT = Path(__file__).parents[2]
TOKEN = "5" * 32
ACCOUNT = "AC" + "5" * 32
_KEY = "k1:" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # bytes 0..31, as the bench's board
SECONDS = 12


@dataclass(frozen=True)
class Request:
    """A POST: the one header that it is known by, and its body."""

    header: tuple[str, str]
    content_type: str
    body: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": self.content_type, **dict([self.header])}


def environment_of(server: EmbeddedRedis, port: int, url: str) -> dict[str, str]:
    return {
        **os.environ,
        "PORT": str(port),
        "PUBLIC_BASE_URL": url,
        "REDIS_URL": server.url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "RELAY_SEALING_KEYS": _KEY,
        "RELAY_INDEX_KEYS": _KEY,
        "BOARD_NAME": "JobBoard",
        "WEB_CONCURRENCY": "1",
        "LOG_LEVEL": "INFO",
        "API_REQUESTS_PER_MINUTE": "1000000",
    }


@contextmanager
def gunicorn(
    app: str, environment: dict[str, str], directory: Path, *, run_by: Sequence[str] = ()
) -> Iterator[None]:
    with (directory / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [*run_by, sys.executable, "-m", "gunicorn", "--config", "config/server.py", app],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for_answer(environment["PUBLIC_BASE_URL"])
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_for_answer(url: str) -> None:
    """gunicorn listens before its worker has loaded the application."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{url}/healthz", timeout=20)
            return
        time.sleep(0.1)
    raise TimeoutError("the server did not start")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def write_requests(these: Iterable[Request], file: Path) -> None:
    """For ``full_load``."""
    lines = ("\t".join((*each.header, each.content_type, each.body)) for each in these)
    file.write_text("".join(f"{line}\n" for line in lines))


def full_load(url: str, path: str, file: Path) -> dict[str, float]:
    """Requests a second and milliseconds under full load from 16 connections."""
    environment = {**os.environ, "RELAY_BENCH_REQUESTS": str(file), "RELAY_BENCH_PATH": path}
    script = str(Path(__file__).parent / "requests.lua")
    command = ["wrk", "-t1", "-c16", "-s", script, "--latency"]
    output = subprocess.run(
        [*command, f"-d{SECONDS}s", url],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "Non-2xx" not in output, output
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]),
        "p50": _milliseconds(re.search(r"^\s+50%\s+(\S+)", output, re.MULTILINE)[1]),
        "p99": _milliseconds(re.search(r"^\s+99%\s+(\S+)", output, re.MULTILINE)[1]),
    }


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]
