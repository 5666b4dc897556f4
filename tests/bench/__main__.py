"""``python -m tests.bench [name …]``: measures, prints the tables, and writes its part of
docs/benchmarks.md.

Names: webhook, floods, claims, api, memory, remembered, flat, phone, recycling, texts,
day. Without one,
all of them, and the file.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from relay.embedded_redis import EmbeddedRedis
from tests.bench.api_figures import api_rate
from tests.bench.day_figures import honest_day
from tests.bench.document import measured_on, put_part
from tests.bench.flood_figures import floods
from tests.bench.store_figures import (
    claim_rate,
    flatness,
    memory,
    phone_change,
    recycling,
    remembered,
)
from tests.bench.table import Row, as_markdown
from tests.bench.text_figures import texts
from tests.bench.webhook_figures import webhook

SIZES = (10_000, 100_000, 1_000_000)

Section = tuple[str, Callable[[EmbeddedRedis, Path], list[Row]]]
SECTIONS: dict[str, Section] = {
    "webhook": ("A call comes in: one web worker, 100,000 open sessions", webhook),
    "floods": ("A call comes in during a flood: one web worker", floods),
    "claims": ("Allocations in the store", lambda server, _: claim_rate(server)),
    "api": ("Allocations through the HTTP API", api_rate),
    "memory": ("Memory", lambda server, _: memory(server)),
    "remembered": ("Calls and texts that were decided on", lambda server, _: remembered(server)),
    "flat": ("Cost against size", lambda server, _: flatness(server, SIZES)),
    "phone": ("A phone change", lambda server, _: phone_change(server)),
    "recycling": ("Recycling", lambda server, _: recycling(server)),
    "texts": ("Texts to a carrier that takes 150 ms: one worker dyno", texts),
    "day": ("A board's honest day", lambda server, _: honest_day(server)),
}

_CONDITIONS = """{measured} (AOF, everysec). Client, server and load generator share the cores.

"""


def main(names: list[str]) -> None:
    console = Console()
    tables = []
    with (
        tempfile.TemporaryDirectory(prefix="relay-bench-") as directory,
        EmbeddedRedis(Path(directory) / "redis") as server,
    ):
        version = _redis_version(server)
        for name in names or SECTIONS:
            title, measure = SECTIONS[name]
            console.print(f"[bold]{title}[/] …")
            table = as_markdown(title, measure(server, Path(directory)))
            console.print(table, markup=False, highlight=False, soft_wrap=True)
            tables.append(table)
    if not names:
        conditions = _CONDITIONS.format(measured=measured_on(version).removesuffix("."))
        put_part("service", conditions + "\n".join(tables))


def _redis_version(server: EmbeddedRedis) -> str:
    import redis

    return str(redis.Redis.from_url(server.url).info("server")["redis_version"])


if __name__ == "__main__":
    main(sys.argv[1:])
