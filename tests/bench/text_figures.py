"""Texts through one worker dyno to a carrier that takes 150 ms for each, beside the SDK alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

from config.logging import configure_logging
from config.queues import QUEUES
from config.settings import load_settings
from relay.bootstrap import build_deployment
from relay.carrier.webhooks import InboundText
from relay.domain.participant import Role
from relay.embedded_redis import EmbeddedRedis
from relay.store.claims import Claimed
from relay.workflows.relay_text import relay_text
from relay.workflows.services import Services
from tests.bench.board import empty, fictional_phone, fill, make_board, stock
from tests.bench.served import ROOT, environment_of, free_port
from tests.bench.table import Row

TEXTS = 2_000
PAIRS = 500
RECRUITERS = 50
NUMBERS = 20
SECONDS = 0.150
IDLE_TEXTS = 40
MEGABYTE = 1024 * 1024


def texts(server: EmbeddedRedis, directory: Path) -> list[Row]:
    configure_logging("WARNING")
    port = free_port()
    environment = environment_of(server, port, f"http://127.0.0.1:{port}")
    with carrier() as (carrier_port, accepted):
        environment["TWILIO_API_BASE_URL"] = f"http://127.0.0.1:{carrier_port}"
        environment["API_REQUESTS_PER_MINUTE"] = "1000000"
        deployment = build_deployment(load_settings(environment))
        services = deployment.main
        threads = deployment.settings.texts_at_once
        ours, bare, memory = [], [], []
        for _ in range(3):  # by turns, so that a noisy minute hits both
            bare.append(_bare(carrier_port, threads))
            accepted()
            opened = _board(services)
            _write(services, opened, TEXTS)
            with worker(environment, directory) as process:
                ours.append(_drained(services, process, memory))
            _check(accepted())
        with worker(environment, directory):
            _wait_for_worker(services)
            idle = [_one(services, opened, accepted, ordinal) for ordinal in range(IDLE_TEXTS)]
        first = []
        for ordinal in range(3):
            with worker(environment, directory):
                _wait_for_worker(services)
                first.append(_one(services, opened, accepted, IDLE_TEXTS + ordinal))
    ratio = median(o / b for o, b in zip(ours, bare, strict=True))
    return [
        Row("texts/s through one worker dyno", f"{median(ours):.0f}", "at least 150",
            median(ours) >= 150),
        Row(f"the SDK alone with {threads} threads, texts/s", f"{median(bare):.0f}"),
        Row("ratio", f"{ratio:.2f}", "at least 0.7", ratio >= 0.7),
        Row("memory of the dyno half-way, MB (PSS)", f"{max(memory):.0f}", "under 512",
            max(memory) < 512),
        Row("from webhook to carrier when idle, ms (median)", f"{median(idle) * 1e3:.0f}",
            "at most 47", median(idle) <= 0.047),
        Row("the same after more than a minute without any text", f"{median(first) * 1e3:.0f}"),
    ]  # fmt: skip


@contextmanager
def carrier():
    """Yields its port, and a function for the bodies that it has accepted since the last call."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.slow_carrier", str(port), str(SECONDS)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"

    def accepted() -> list[str]:
        process.stdin.write("\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    try:
        yield port, accepted
    finally:
        process.stdin.close()
        process.wait(20)


@contextmanager
def worker(environment: dict[str, str], directory: Path) -> Iterator[psutil.Process]:
    """The Procfile's, with its supervisor."""
    with (directory / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.supervisor"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(40)


def _bare(port: int, threads: int) -> float:
    command = [sys.executable, "-m", "tests.bench.bare_sdk", str(port), str(TEXTS), str(threads)]
    return float(subprocess.check_output(command, cwd=ROOT, text=True))


def _board(services: Services) -> list[Claimed]:
    empty(services.store)
    stock(services.store, NUMBERS)
    return fill(services.store, make_board(RECRUITERS, PAIRS), PAIRS, now=time.time())


def _write(services: Services, opened: list[Claimed], count: int, prefix: str = "t") -> None:
    """Recruiters write to their candidates, one text each, then another one each, and so on."""
    for ordinal in range(count):
        session = opened[ordinal % len(opened)].session
        answer = relay_text(
            services,
            InboundText(
                message_sid=f"SM{prefix}{ordinal:031d}",
                sender=fictional_phone(Role.RECRUITER, int(session.recruiter.ref[2:])).reveal(),
                virtual_number=session.virtual_number,
                body=f"{session.id} {prefix} {ordinal // len(opened)}",
                media=0,
            ),
            now=time.time(),
        )
        assert answer.accepted, answer


def _drained(services: Services, process: psutil.Process, memory: list[float]) -> float:
    """Texts a second, from the first that was handed over to the last."""
    key = services.store.keys.outbox
    first_at, is_weighed = None, False
    while left := services.store.client.zcard(key):
        if left < TEXTS and first_at is None:
            first_at = time.perf_counter() - SECONDS
            noticed = TEXTS - left
        elif left < TEXTS // 2 and not is_weighed:
            memory.append(_pss(process))
            is_weighed = True
        time.sleep(0.02)
    return (TEXTS - noticed) / (time.perf_counter() - first_at - SECONDS)


def _pss(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_full_info().pss for one in family) / MEGABYTE


def _check(bodies: list[str]) -> None:
    """Each once, and in order within its lane."""
    lanes = defaultdict(list)
    for body in bodies:
        session, _, ordinal = body.split()
        lanes[session].append(int(ordinal))
    assert len(lanes) == PAIRS, len(lanes)
    assert all(lane == list(range(TEXTS // PAIRS)) for lane in lanes.values())


def _wait_for_worker(services: Services) -> None:
    """Until the only one there is has begun to wait for hints."""
    while services.store.client.info("clients")["blocked_clients"] < len(QUEUES):
        time.sleep(0.1)
    time.sleep(1)


def _one(services: Services, opened: list[Claimed], accepted, ordinal: int) -> float:
    """Seconds until the carrier has it. Then it is quiet for one."""
    begun = time.perf_counter()
    _write(services, opened[ordinal : ordinal + 1], 1, prefix=f"idle{ordinal:03d}")
    while not accepted():
        time.sleep(0.001)
    took = time.perf_counter() - begun
    time.sleep(1)
    return took
