"""``python -m tests.sentinel``: fails over under a board's traffic, prints the figures, and writes
its part of docs/benchmarks.md. Five minutes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.bench.document import measured_on, put_part
from tests.bench.table import Row, as_markdown
from tests.e2e.killing import FETCHED_WITHIN
from tests.e2e.stage import eventually
from tests.e2e.traffic import Kind, Rates, Traffic
from tests.sentinel.runs import GOAL, fail_over, staged
from tests.sentinel.servers import Group

_RATES = Rates(calls=100, texts=50, requests=5)
_PAIRS = 400
#: Seconds for texts that could not be accepted, and for what has piled up meanwhile.
_IN_THE_END = 2 * FETCHED_WITHIN

_FAULTS: dict[str, Callable[[Group], Callable[[], None]]] = {
    "master killed": lambda group: group.master.kill,
    "master cut off from all but us": lambda group: group.cut_off_the_first,
    "master frozen, and thawed later": lambda group: group.master.freeze,
}


def main() -> None:
    console = Console()
    tables = []
    for name, fault in _FAULTS.items():
        with (
            tempfile.TemporaryDirectory(prefix="relay-failover-") as directory,
            staged(Path(directory), pairs=_PAIRS) as (group, traffic),
        ):
            version = str(group.master.client.info("server")["redis_version"])
            table = as_markdown(name.capitalize(), _figures(group, traffic, fault(group)))
        console.print(table)
        tables.append(table)
    conditions = (
        f"{measured_on(version)} Three servers (AOF, everysec), three sentinels (down after "
        "1.5 s), one web process, one worker dyno, the ticker, the simulated carrier and the load "
        "share the cores. STORE_REPLICAS=1, min-replicas-to-write 1. Between "
        f"{_PAIRS} pairs {_RATES.calls} calls, {_RATES.texts} texts and {_RATES.requests} new "
        "sessions a second, until all is whole again.\n\n"
    )
    put_part("failover", conditions + "\n".join(tables))


def _figures(group: Group, traffic: Traffic, fault: Callable[[], None]) -> list[Row]:
    outcome = fail_over(group, traffic, _RATES, fault)
    late = _lost_in_the_end(traffic)
    lost_requests, lost_calls = len(traffic.lost_requests()), len(traffic.lost_calls())
    doubled = len(traffic.doubled_texts())
    goal = f"within {GOAL:.0f}"
    return [
        Row("calls connected / refused", _counted(traffic.calls)),
        Row(
            "texts accepted, the carrier repeating within seconds / fetched from its list",
            _counted(traffic.texts),
        ),
        Row("requests acknowledged / refused", _counted(traffic.requests)),
        Row("calls back after, s", f"{outcome.calls_back:.1f}", goal, outcome.calls_back < GOAL),
        Row("texts back after, s", f"{outcome.texts_back:.1f}", goal, outcome.texts_back < GOAL),
        Row(
            "requests back after, s",
            f"{outcome.requests_back:.1f}",
            goal,
            outcome.requests_back < GOAL,
        ),
        Row("acknowledged requests lost", f"{lost_requests}", "none", lost_requests == 0),
        Row("connected calls not on record", f"{lost_calls}", "none", lost_calls == 0),
        Row("texts lost / doubled", f"{late} / {doubled}", "none", late + doubled == 0),
    ]


def _counted(kind: Kind) -> str:
    return f"{len(kind.went_well_at):,} / {len(kind.failed_at):,}"


def _lost_in_the_end(traffic: Traffic) -> int:
    try:
        eventually(lambda: not traffic.missing_texts(accepted_only=False), seconds=_IN_THE_END)
    except AssertionError:
        return len(traffic.missing_texts(accepted_only=False))
    return 0


if __name__ == "__main__":
    main()
