"""What is damaged for one board keeps no other from any of its periodic work (P9)."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from structlog.testing import capture_logs

from relay.bootstrap import build_deployment
from relay.domain.board import Board
from relay.domain.pool import Pool
from relay.embedded_redis import EmbeddedRedis
from relay.sandbox import SimulatedCarrier
from relay.store.key_declarations import Family
from relay.store.keys import BoardKeys, PoolKeys
from relay.workflows.import_number import import_number
from relay.workflows.reconcile_numbers import reconcile_numbers
from tests.world import ENVIRONMENT, NOW, RITA, make_settings
from workers.known_job import KnownJob

pytestmark = pytest.mark.real_redis
NUMBERS = {"main": "+14155550191", "second": "+14155550192", "third": "+14155550193"}
DAMAGED, OTHERS = "second", ("main", "third")
#: Without arguments: for all boards.
OF_ALL_BOARDS = [
    job for job in KnownJob.FUNCTIONS.values() if not inspect.signature(job).parameters
]


@pytest.fixture
def attacker(tmp_path: Path, work_under: Callable[..., None]) -> Iterator[redis.Redis]:
    """Who writes to the Redis of three boards on one account, each with a pool and a number, and a
    text to it that was missed."""
    sid, token = ENVIRONMENT["TWILIO_ACCOUNT_SID"], ENVIRONMENT["TWILIO_AUTH_TOKEN"]
    with (
        EmbeddedRedis(tmp_path) as server,
        SimulatedCarrier(sid, token) as twilio,
        redis.Redis.from_url(server.url, decode_responses=True) as client,
    ):
        changes = {"REDIS_URL": server.url, "TWILIO_API_BASE_URL": twilio.base_url}
        work_under(**changes)
        deployment = build_deployment(make_settings(**changes))
        for name in (DAMAGED, "third"):
            deployment.registry.put(Board(name=name, spoken_name=name.title()))
        for name, number in NUMBERS.items():
            board = deployment.of_board(name)
            board.store.pools.put(Pool(name="us", country="US", release_idle_after=3600))
            twilio.add_number(number).sms_url = "http://127.0.0.1:9/nobody-listens"
            twilio.phone(RITA).text(number, "hello").wait()
            import_number(board, number, "us", now=NOW)
        # What is done once, such as noting that no registration is needed, is no usual work.
        reconcile_numbers([deployment.of_board(name) for name in NUMBERS], clock=time.time)
        yield client


def touched_by(job: Callable[[], None], client: redis.Redis) -> set[str]:
    """The keys of the other boards that the job reads or writes, in scripts, too."""
    with client.monitor() as monitor:
        job()
        client.echo("the job has ended")
        keys = set()
        for command in monitor.listen():
            if command["command"] == "ECHO the job has ended":
                return keys
            words = command["command"].split()
            keys |= {word for word in words if word.startswith(tuple(f"{{{b}}}" for b in OTHERS))}
    raise AssertionError("the monitor has ended")


def of_another_type(client: redis.Redis) -> None:
    client.delete(*client.scan_iter(f"{{{DAMAGED}}}*"))
    for keys in (BoardKeys(DAMAGED), PoolKeys(DAMAGED, "us")):
        for key in type(keys).own():
            if not isinstance(key, Family):
                name = key.pattern.replace("{b}", f"{{{DAMAGED}}}").replace("<pool>", "us")
                client.set(name, "damaged")


def of_another_form(client: redis.Redis) -> None:
    for key in client.scan_iter(f"{{{DAMAGED}}}*"):
        match client.type(key):
            case "hash":
                client.hset(key, mapping=dict.fromkeys(client.hkeys(key), "zz"))
            case "zset":
                client.zadd(key, {"zz": 1})


@pytest.mark.parametrize("damage", [of_another_type, of_another_form])
@pytest.mark.parametrize("job", OF_ALL_BOARDS, ids=lambda job: job.__name__)
def test_p9_a_damaged_board_keeps_no_other_from_any_periodic_work(
    attacker: redis.Redis, job: Callable[[], None], damage: Callable[[redis.Redis], None]
) -> None:
    usual = touched_by(job, attacker)
    assert {key[1:-1].partition("}")[0] for key in usual} == set(OTHERS)
    damage(attacker)

    with capture_logs() as events:
        assert touched_by(job, attacker) >= usual

    failed = [event for event in events if event["event"] == "passed over what failed"]
    assert {event.get("board", event.get("virtual_number")) for event in failed} <= {
        DAMAGED,
        NUMBERS[DAMAGED],
    }
    # Not every job reads what it finds in every key.
    assert failed or damage is of_another_form
