"""What a caller waits while an outsider floods the web server: one gevent worker on real Redis.

Every call comes on a connection of its own; the flood has a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from relay.store.store import Store
from tests.bench.board import empty, fill, make_board, stock
from tests.bench.served import ROOT, Request, environment_of, free_port, gunicorn
from tests.bench.table import Row
from tests.bench.webhook_figures import FORM, PATH, SIGNATURE_HEADER, signed_calls
from tests.key_ring import SIGNER

SESSIONS = 1_000
#: More than are made; none comes twice.
CALLS = 10_000
#: Between two calls, in seconds.
PACE = 0.05
#: A call that is not connected counts with so many seconds, the carrier's own time-out.
PATIENCE = 15.0
_HEAD = f"POST {PATH} HTTP/1.1\r\nHost: relay\r\nContent-Type: {FORM}\r\n"
_MADE_UP = f"{SIGNATURE_HEADER}: {'A' * 27}=\r\n"
_MANY_FIELDS = "&".join(f"{ordinal:x}=" for ordinal in range(11_000)).ljust(65_000, "x")
_LARGEST_HASHED = "&".join(f"f{ordinal:03d}=" + "%C3%A9" * 26 for ordinal in range(200))


@dataclass(frozen=True)
class Flood:
    what: str
    data: bytes


@dataclass(frozen=True)
class Forms(Flood):
    """Whole ones, each connection's next one after the answer."""

    connections = 70
    seconds = 10
    half = False
    goal = "median under 100"

    def is_met(self, times: list[float]) -> bool:
        return median(times) < 0.1


@dataclass(frozen=True)
class Halves(Flood):
    """Half-sent requests, each sent anew when the server has closed it."""

    connections = 5_000
    seconds = 60
    half = True
    goal = "longest under 200"

    def is_met(self, times: list[float]) -> bool:
        return max(times) < 0.2


def _post(body: str, *, signature: str = "") -> bytes:
    return f"{_HEAD}{signature}Content-Length: {len(body)}\r\n\r\n{body}".encode()


FLOODS = (
    Forms("unsigned forms of 65 KB and 11,000 fields", _post(_MANY_FIELDS)),
    Forms("the same under a made-up signature", _post(_MANY_FIELDS, signature=_MADE_UP)),
    Forms(
        "forms of 32 KB and 200 fields under a made-up signature",
        _post(_LARGEST_HASHED, signature=_MADE_UP),
    ),
    Halves("half-sent heads", _HEAD.encode()),
    Halves("half-sent bodies", _post("CallSid=CA")[:-1]),
    Halves(
        "half-sent bodies under a made-up signature", _post("CallSid=CA", signature=_MADE_UP)[:-1]
    ),
)


def floods(server: EmbeddedRedis, directory: Path) -> list[Row]:
    store = Store(connect(server.url), SIGNER)
    empty(store)
    stock(store, 100)
    opened = fill(store, make_board(100, 1_000), SESSIONS, now=time.time())
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    calls = iter(signed_calls(opened, url, CALLS))
    with gunicorn("relay.app:create_app()", environment_of(server, port, url), directory):
        alone = _call_for(10, port, calls)
        return [
            Row("a call, alone: median / longest, ms", _figure(alone)),
            *(_beside(flood, port, directory, calls) for flood in FLOODS),
        ]


def _beside(flood: Flood, port: int, directory: Path, calls: Iterator[Request]) -> Row:
    file = directory / "flood"
    file.write_bytes(flood.data)
    command = [sys.executable, "-m", "tests.bench.attacker", str(port), str(flood.connections)]
    options = ["--half"] if flood.half else []
    attacker = subprocess.Popen([*command, str(file), *options], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        times = _call_for(flood.seconds, port, calls)
    finally:
        attacker.terminate()
        sent, _ = attacker.communicate(timeout=60)
    what = f"… beside {flood.connections:,} connections of {flood.what}, {int(sent):,} in all"
    return Row(what, _figure(times), flood.goal, flood.is_met(times))


def _figure(times: list[float]) -> str:
    return f"{median(times) * 1e3:.1f} / {max(times) * 1e3:.1f}"


def _call_for(seconds: float, port: int, calls: Iterator[Request]) -> list[float]:
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        times.append(_call(port, next(calls)))
        time.sleep(PACE)
    return times


def _call(port: int, call: Request) -> float:
    """Seconds until the caller is connected; PATIENCE when nobody is."""
    start = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", PATH, call.body, call.headers)
        connected = b"<Dial" in connection.getresponse().read()
    except OSError:
        connected = False
    finally:
        connection.close()
    return time.perf_counter() - start if connected else PATIENCE
