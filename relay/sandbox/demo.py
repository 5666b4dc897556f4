"""``make demo``: a short scenario on a few phones, told as it happens.

Every process is the real one; only the carrier is simulated. At its end the real numbers are
searched for in Redis and in the logs: none may be found (P2).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from rich.console import Console

from relay.sandbox.leak_search import everything_in_files, everything_in_redis, holds_number
from relay.sandbox.narrator import Narrator
from relay.sandbox.scenarios.one_pair import OnePair
from relay.sandbox.scenarios.people import BOARD, NAMES
from relay.sandbox.scenarios.shared_number import SharedNumber
from relay.sandbox.service import Service, simulated_carrier


def run(console: Console | None = None) -> None:
    """Plays the scenario. Raises ScenarioFailed, or ServiceDidNotStart, when it goes wrong."""
    console = console or Console(highlight=False, soft_wrap=True)
    directory = Path(tempfile.mkdtemp(prefix="relay-demo-"))
    try:
        console.print("[dim]Starting Redis, web, worker and scheduler, and a simulated carrier …")
        with (
            simulated_carrier(seed=7) as carrier,
            Service(carrier, directory, board_name=BOARD) as service,
        ):
            narrator, api = Narrator(console, carrier, NAMES), service.api()
            OnePair(narrator, carrier, api).tell()
            SharedNumber(narrator, carrier, api).tell()
            _search_for_real_numbers(narrator, service)
            narrator.end("The end. Nobody saw anybody's real number.")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _search_for_real_numbers(narrator: Narrator, service: Service) -> None:
    narrator.title("Is a real number anywhere?")
    places = {
        "Redis": everything_in_redis(service.redis.url),
        "Redis' files": everything_in_files(service.directory / "redis", "**/*"),
        "the logs": everything_in_files(service.directory, "*.log"),
    }
    for place, found in places.items():
        leaks = [number for number in NAMES if holds_number(found, number)]
        narrator.expect(not leaks, f"no real number is in {place}")
        narrator.say(f"Searched {place}: no real number.")
