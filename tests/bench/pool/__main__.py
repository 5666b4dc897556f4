"""``python -m tests.bench.pool [--quick]``: measures, prints the tables, and writes its part
of docs/benchmarks.md with its plots. Quick, it takes a tenth of the people and pairs of two of
the traces, and writes nothing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import redis
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from relay.store.store import Store
from tests.bench.document import DOCS, measured_on, put_part
from tests.bench.pool import report
from tests.bench.pool.cost import claim_cost
from tests.bench.pool.runs import Measured, measure
from tests.bench.table import Row, as_markdown
from tests.key_ring import SIGNER

CURVES, RULES = "images/pool-codes.svg", "images/pool-numbers.svg"

_CONDITIONS = """Traces of a job board: 60 days, 2,000 recruiters and 20,000 candidates drawn by
Zipf's law (named by its exponents, recruiters'/candidates'), 3,000 new pairs a day, open for 7 days
in the mean. Cooldowns are in days, candidate's/recruiter's; 0 stands for the least there is, a
second. Every trace is replayed through the store with a simulated clock, and the pool is recycled
every ten simulated minutes.

{measured}

"""

_ON_RULES = f"""### Numbers needed, rule by rule

A pool begins empty and gets a number whenever none will do. One per pair: a number serves one pair
until the longer cooldown is over. Plivo's: pairs share a number, but once one of them has ended,
the whole number takes no new pair until the longer cooldown is over. Twilio Proxy's: as many as its
busiest participant has sessions at once, open or within their own side's cooldown. Random: pairs
share numbers and cool alone, as in Relay, but a pair that comes back gets any number.

![Numbers needed by each rule]({RULES})

"""

_ON_CURVES = f"""### Recruiters' dials that need an access code

For each pool size, from 1.05 times the busiest candidate's bound up to the König bound: the share
of dials, in the second half of the trace, for which the store says that a code is needed. A dial is
a call by the recruiter of any open session.

![Share of dials that need a code, by pool size]({CURVES})

"""


def main(*, quick: bool) -> None:
    console = Console()
    with _progress(console) as progress:
        measured = measure(progress, quick=quick)
        cost, version = _claim_cost(progress, quick=quick)
    text = "\n".join(_sections(measured, cost))
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    if quick:
        return
    put_part("pool", _CONDITIONS.format(measured=measured_on(version)) + text)
    (DOCS / CURVES).parent.mkdir(exist_ok=True)
    (DOCS / CURVES).write_text(report.curve_plot(measured))
    (DOCS / RULES).write_text(report.rules_plot(measured))


def _sections(measured: Measured, cost: list[Row]) -> Iterator[str]:
    yield as_markdown(
        "Access codes off: the fewest numbers there can be", report.codes_off_rows(measured)
    )
    yield as_markdown(
        "Access codes on: as few as the busiest candidate needs", report.codes_on_rows(measured)
    )
    yield _ON_RULES + report.rules_table(measured)
    yield _ON_CURVES + report.curve_table(measured)
    yield as_markdown("The store's answer against books kept beside it", report.code_rows(measured))
    yield as_markdown(
        "A claim at 100 / 1,000 / 5,000 numbers, ten sessions on each: median µs (ratio)", cost
    )


def _claim_cost(progress: Progress, *, quick: bool) -> tuple[list[Row], str]:
    """By itself, when the replays are done; and the version of the server."""
    with (
        tempfile.TemporaryDirectory(prefix="relay-bench-") as directory,
        EmbeddedRedis(Path(directory)) as server,
    ):
        version = str(redis.Redis.from_url(server.url).info("server")["redis_version"])
        store = Store(connect(server.url), SIGNER)
        if quick:
            return claim_cost(store, progress, (100, 1_000), 100), version
        return claim_cost(store, progress), version


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
