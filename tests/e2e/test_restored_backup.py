"""The drill of docs/backup.md: a snapshot under load, everything lost, and the store restored on
another server at another address."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from relay.embedded_redis import EmbeddedRedis, find_server
from relay.sandbox.procfile import ROOT
from tests.e2e.stage import POOL, Stage, eventually, set_stage

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(240)]

#: Long enough for a second copy to show up.
QUIET = 6.0
PROCESSES = ("web", "worker", "scheduler")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with set_stage(tmp_path / "stage") as made:
        made.api.ask("PUT", "/v1/pools/us", {**POOL, **LONG})
        yield made


#: So that what cools at the snapshot cools after the restore.
LONG = {"cooldown": 3600}


@contextmanager
def texts_all_the_time(stage: Stage, number: str, sent: list[str]) -> Iterator[None]:
    """Rita texts Carl as fast as a lane goes; ``sent`` is what the relay has acknowledged."""
    is_over = threading.Event()

    def write() -> None:
        for count in range(10_000):
            if is_over.is_set():
                return
            stage.phone("rita").text(number, f"text {count}").wait(20)
            sent.append(f"text {count}")
            time.sleep(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        is_over.set()
        writer.join()


def take_snapshot(stage: Stage, to: Path) -> datetime:
    """BGSAVE, and a copy of its file. Returns when it began."""
    with redis.Redis.from_url(stage.service.redis.url) as client:
        before, began = client.lastsave(), datetime.now(UTC)
        time.sleep(1.1)  # lastsave counts in seconds
        client.bgsave()
        eventually(client.lastsave, lambda saved: saved != before)
        folder = Path(client.config_get("dir")["dir"])
    shutil.copy(folder / "dump.rdb", to)
    return began


def restore(snapshot: Path, directory: Path) -> EmbeddedRedis:
    """A server that has read the snapshot and writes an append-only file of its own."""
    directory.mkdir()
    shutil.copy(snapshot, directory / "dump.rdb")
    reader = EmbeddedRedis(directory.with_name("reader"))
    port = reader.start().rpartition(":")[2].partition("/")[0]
    reader.stop()
    options = ["--port", port, "--dir", str(directory), "--appendonly", "no", "--save", ""]
    process = subprocess.Popen([find_server(), "--bind", "127.0.0.1", *options])
    with redis.Redis(port=int(port), retry=None) as client:
        eventually(lambda: _answers(client))
        client.config_set("appendonly", "yes")
        eventually(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
        eventually(lambda: not client.info("persistence")["aof_rewrite_scheduled"])
        client.shutdown(nosave=True)
    process.wait(20)
    server = EmbeddedRedis(directory)
    server.start()
    return server


def apply_again(stage: Stage, directory: Path) -> None:
    """By the document's own commands."""
    document = (ROOT / "docs" / "backup.md").read_text()
    (block,) = re.findall(r"```sh\n(\s*while read.*?)```", document, re.DOTALL)
    environment = {
        "PATH": os.environ["PATH"],
        "RELAY": stage.service.base_url,
        "KEY": stage.api.key,
    }
    subprocess.run(["/bin/sh", "-ec", block], cwd=directory, env=environment, check=True)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def test_p4_a_store_that_goes_back_to_a_backup_loses_and_doubles_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    # --- before the snapshot ---
    session = stage.open()
    number = session["virtual_number"]
    stopped = stage.open("rita", "eve")
    stage.phone("eve").text(stopped["virtual_number"], "STOP").wait()
    later = stage.open("nora", "finn")
    cooling = stage.open("nora", "dan")
    stage.api.ask("DELETE", f"/v1/sessions/{cooling['id']}")
    sent: list[str] = []

    # --- under load ---
    with texts_all_the_time(stage, number, sent):
        eventually(lambda: len(sent) > 5)
        began = take_snapshot(stage, tmp_path / "dump.rdb")
        told_before = len(sent)
        eventually(lambda: len(sent) > told_before + 5)
        stage.service.kill("worker")
        eventually(lambda: len(sent) > told_before + 10)

    # --- since the snapshot ---
    stage.phone("finn").text(later["virtual_number"], "STOP").wait()
    stage.api.ask("DELETE", f"/v1/sessions/{later['id']}")
    stage.api.send("DELETE", "/v1/candidates/dan")

    # --- lost ---
    for name in ("web", "scheduler"):
        stage.service.kill(name)
    stage.service.redis.kill()
    stage.phone("rita").text(number, "while you were away")
    stage.service.redis = restore(tmp_path / "dump.rdb", tmp_path / "restored")
    stage.service.environment["REDIS_URL"] = stage.service.redis.url
    report = stage.service.run("restored", "--snapshot-at", f"{began:%Y-%m-%dT%H:%M:%SZ}")
    assert "run this again" not in report, report
    for name in PROCESSES:
        stage.service.start(name)
    stage.service.wait_until("/readyz")

    # both STOPs hold at once; what was closed since is open until the board closes it again
    for told, phone in ((stopped, "eve"), (later, "finn")):
        assert stage.session(told["id"])["sms_suspended"] is True, phone

    # --- applied again: what the board has on record since the snapshot ---
    (tmp_path / "closed.txt").write_text(f"{later['id']}\n{later['id']}\nus.unknown\n")
    (tmp_path / "erased.txt").write_text("candidate dan\nrecruiter nobody\n")
    apply_again(stage, tmp_path)

    # P4: each text that was acknowledged, before and after the snapshot, and none twice
    carl, expected = stage.phone("carl"), sorted([*sent, "while you were away"])
    carl.wait_for_text(len(expected), timeout=60)
    assert carl.stays_silent(QUIET)
    assert sorted(text.body for text in carl.texts) == expected
    # the pair has its number, and its code
    assert stage.session(session["id"])["virtual_number"] == number
    assert stage.session(session["id"])["access_code"] == session["access_code"]
    assert stage.phone("rita").call(number).wait(20).bridged
    # P1, P3: what cooled, and what was closed since, connects nobody
    for ended in (cooling, later):
        trace = stage.phone("nora").call(ended["virtual_number"]).wait(20)
        assert not trace.bridged
    assert stage.api.send("GET", "/v1/candidates/dan").status_code == 404
