"""When the files of Redis are rewritten, and what an erasure waits for. What is in the files
afterwards is seen on real servers (``tests/store/test_rewritten_files.py``)."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from relay.domain.erasure import ErasureStatus, Progress
from relay.domain.errors import Unavailable
from relay.domain.participant import Role
from relay.workflows.erase_participant import erase_participant, find_erasure
from relay.workflows.put_board import BoardTerms, put_board
from relay.workflows.rewrite_files import BETWEEN, rewrite_files
from tests.fake_redis import FakeRedis
from tests.world import NOW, US, World, make_world

#: The files are through with the person; the records at the carrier are another story.
REWRITTEN = ErasureStatus.PENDING_CARRIER


class Server(FakeRedis):
    """Says of its files what a test tells it to, and notes what it is asked for. It has done it by
    the time of the next question."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.refuses = False
        self.told: dict[str, Any] = {
            "run_id": "first",
            "aof_enabled": 1,
            "aof_rewrite_in_progress": 0,
            "aof_rewrite_scheduled": 0,
            "rdb_bgsave_in_progress": 0,
            "aof_last_bgrewrite_status": "ok",
            "rdb_last_bgsave_status": "ok",
        }

    def info(self, section: str | None = None, *_: Any, **__: Any) -> dict[str, Any]:
        return {} if section == "replication" else dict(self.told)

    def bgrewriteaof(self, **_: Any) -> Any:
        return self._take("rewrite")

    def bgsave(self, schedule: bool = True, **_: Any) -> Any:
        assert not schedule, "it would begin behind somebody else's"
        return self._take("snapshot")

    def _take(self, asked: str) -> bool:
        if self.refuses:
            raise Unavailable("It may not.") from ResponseError("NOPERM")
        self.asked.append(asked)
        return True


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def world(server: Server) -> World:
    world = make_world(server)
    world.open()
    return world


def erase(world: World, ref: str = "carl", *, now: float = NOW) -> None:
    erase_participant(world.services, Role.CANDIDATE, ref, now=now)


def status(world: World, ref: str = "carl") -> ErasureStatus:
    return find_erasure(world.services, Role.CANDIDATE, ref).status


def rewrite(world: World, *, now: float = NOW, times: int = 1) -> None:
    for _ in range(times):
        rewrite_files(world.deployment, now=now)


def progress(world: World) -> set[Progress]:
    latest = world.deployment.rewritings.latest()
    return set(latest.servers.values()) if latest else set()


def test_where_nobody_was_erased_no_file_is_rewritten(world: World, server: Server) -> None:
    rewrite(world, times=3)
    assert server.asked == []
    assert world.deployment.rewritings.latest() is None


def test_the_append_only_file_is_rewritten_then_a_snapshot_saved(
    world: World, server: Server
) -> None:
    erase(world)
    for asked, state in (
        (["rewrite"], ErasureStatus.PENDING),
        (["rewrite", "snapshot"], ErasureStatus.PENDING),
        (["rewrite", "snapshot"], REWRITTEN),
    ):
        rewrite(world)
        assert (server.asked, status(world)) == (asked, state)
    rewrite(world, now=NOW + BETWEEN, times=3)
    assert server.asked == ["rewrite", "snapshot"]


def test_a_server_without_an_append_only_file_saves_a_snapshot(
    world: World, server: Server
) -> None:
    server.told["aof_enabled"] = 0
    erase(world)
    rewrite(world, times=2)
    assert server.asked == ["snapshot"]
    assert status(world) is REWRITTEN


@pytest.mark.parametrize(
    "busy", ["aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress"]
)
def test_what_a_server_is_at_is_waited_for(world: World, server: Server, busy: str) -> None:
    """It may have begun that before the erasure."""
    erase(world)
    for asked in ([], ["rewrite"], ["rewrite", "snapshot"]):
        server.told[busy] = 1
        rewrite(world, times=2)
        assert server.asked == asked
        assert status(world) is ErasureStatus.PENDING
        server.told[busy] = 0
        rewrite(world)
    assert status(world) is REWRITTEN


def test_a_rewriting_that_has_to_wait_for_somebody_s_snapshot_is_asked_for_again(
    world: World, server: Server
) -> None:
    erase(world)
    bgrewriteaof = server.bgrewriteaof

    def wait(**_: Any) -> Any:
        server.told["aof_rewrite_scheduled"] = 1
        return bgrewriteaof()

    server.bgrewriteaof = wait  # type: ignore[method-assign]
    rewrite(world, times=2)
    assert server.asked == ["rewrite"]
    server.bgrewriteaof = bgrewriteaof  # type: ignore[method-assign]
    server.told["aof_rewrite_scheduled"] = 0
    rewrite(world)
    assert server.asked == ["rewrite", "rewrite"]


def test_who_is_erased_during_a_rewriting_waits_for_the_next_a_minute_later(
    world: World, server: Server
) -> None:
    world.open("rita", "dan")
    erase(world)
    rewrite(world)
    erase(world, "dan", now=NOW + 1)
    rewrite(world, now=NOW + 2, times=2)
    assert (status(world), status(world, "dan")) == (REWRITTEN, ErasureStatus.PENDING)

    rewrite(world, now=NOW + BETWEEN - 1)
    assert server.asked == ["rewrite", "snapshot"]
    rewrite(world, now=NOW + BETWEEN, times=3)
    assert server.asked == ["rewrite", "snapshot"] * 2
    assert status(world, "dan") is REWRITTEN


@pytest.mark.parametrize("what", ["aof_last_bgrewrite_status", "rdb_last_bgsave_status"])
def test_a_rewriting_that_fails_is_logged_and_begun_again_a_minute_later(
    world: World, server: Server, what: str
) -> None:
    erase(world)
    server.told[what] = "err"
    with capture_logs() as lines:
        rewrite(world, times=3)
    assert [line["log_level"] for line in lines] == ["warning"]
    assert Progress.FAILED in lines[0]["servers"].values()
    assert progress(world) == {Progress.FAILED}
    assert status(world) is ErasureStatus.PENDING

    server.told[what] = "ok"
    server.asked.clear()
    rewrite(world, now=NOW + BETWEEN - 1)
    assert server.asked == []
    with capture_logs() as lines:
        rewrite(world, now=NOW + BETWEEN, times=3)
    assert status(world) is REWRITTEN
    assert [(line["log_level"], line["servers"]) for line in lines] == [("info", 1)]


def test_a_server_that_refuses_is_logged_once_and_asked_again_each_minute(
    world: World, server: Server
) -> None:
    world.open("rita", "dan")
    erase(world, "dan", now=NOW - BETWEEN)
    rewrite(world, now=NOW - BETWEEN, times=3)
    erase(world)
    server.refuses = True
    with capture_logs() as lines:
        rewrite(world)
        rewrite(world, now=NOW + BETWEEN)
        rewrite(world, now=NOW + 2 * BETWEEN)
    [line] = lines
    assert line["log_level"] == "warning"
    assert len(line["servers"]) == 1
    assert status(world) is ErasureStatus.PENDING_PROVIDER

    server.refuses = False
    rewrite(world, now=NOW + 3 * BETWEEN, times=3)
    assert status(world) is REWRITTEN


def test_a_server_that_begins_anew_is_asked_anew(world: World, server: Server) -> None:
    """It may have died in the midst of rewriting."""
    erase(world)
    rewrite(world, times=2)
    server.told["run_id"] = "second"
    rewrite(world)
    assert server.asked == ["rewrite", "snapshot", "rewrite"]
    assert status(world) is ErasureStatus.PENDING
    rewrite(world, times=2)
    assert status(world) is REWRITTEN


def test_one_rewriting_serves_all_boards_whose_people_were_erased_before(
    world: World, server: Server
) -> None:
    put_board(world.deployment, BoardTerms(name="second", spoken_name="Second Jobs"))
    put_board(world.deployment, BoardTerms(name="third", spoken_name="Third Jobs"))
    second = World(world.deployment.of_board("second"), world.jobs, world.deployment)
    second.services.store.pools.put(US)
    second.services.store.numbers.add(
        "+16285550151", "us", carrier_sid="PN1", capabilities="vsm", now=NOW
    )
    second.open("nora", "dan")
    erase(world)
    erase(second, "dan")
    with capture_logs() as lines:
        rewrite(world, times=3)
    assert [line["log_level"] for line in lines] == ["info"]
    assert (status(world), status(second, "dan")) == (REWRITTEN, REWRITTEN)
    assert server.asked == ["rewrite", "snapshot"]
    third = world.deployment.of_board("third").store
    assert not third.client.exists(third.keys.rewritten)
