"""The call webhook of whichever tree is the working directory: a turn for each line on stdin.

``python -P turns.py`` with that tree on ``PYTHONPATH``; ``tests.bench.beside`` runs it. It uses
nothing but what the benchmarks of an earlier tree have, too.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from relay.store.store import Store
from tests.bench import webhook_figures as figures
from tests.bench.served import SECONDS, environment_of, free_port, full_load, gunicorn
from tests.bench.served import write_requests as write_calls
from tests.key_ring import SIGNER

_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="relay-turns-") as directory,
        EmbeddedRedis(Path(directory) / "redis") as server,
    ):
        take_turns(server, Path(directory))


def take_turns(server: EmbeddedRedis, directory: Path) -> None:
    store = Store(connect(server.url), SIGNER)
    figures.empty(store)
    board = figures.make_board(2_000, 20_000)
    figures.stock(store, 1_000)
    opened = figures.fill(store, board, figures.SESSIONS, now=time.time())
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    calls = directory / "calls.tsv"
    write_calls(figures.signed_calls(opened, url, figures.CALLS), calls)
    environment = environment_of(server, port, url)
    say({"ready": True})
    for _ in sys.stdin:
        with gunicorn("relay.app:create_app()", environment, directory):
            before = processor_seconds(), script_seconds(store)
            load = full_load(url, figures.PATH, calls)
            count = load["rate"] * SECONDS
            worker = (processor_seconds() - before[0]) / count
            script = (script_seconds(store) - before[1]) / count
        figures._forget_calls(store)
        say({"rate": load["rate"], "worker": worker * 1e6, "script": script * 1e6})


def say(what: dict[str, object]) -> None:
    print(json.dumps(what), flush=True)


def processor_seconds() -> float:
    """Of the gunicorn that we have started, and its worker."""
    served = {str(os.getpid())}
    total = 0
    for stat in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if fields[1] in served and b"gunicorn" in command:
            served.add(stat.parent.name)
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def script_seconds(store: Store) -> float:
    stats = store.client.info("commandstats")
    return sum(of["usec"] for name, of in stats.items() if "eval" in name or "fcall" in name) / 1e6


if __name__ == "__main__":
    main()
