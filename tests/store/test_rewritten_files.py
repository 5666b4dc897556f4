"""What was erased is in no file of Redis: its files are opened here with the environment's keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from relay.carrier.webhooks import InboundText
from relay.domain.erasure import ErasureStatus, Progress
from relay.domain.errors import NotFound
from relay.domain.participant import Role
from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from relay.store.keys import DeploymentKeys
from relay.store.servers import servers
from relay.vault import Unreadable
from relay.workflows.check_files import check_files
from relay.workflows.check_readiness import Verdict
from relay.workflows.erase_participant import erase_participant, find_erasure
from relay.workflows.put_board import BoardTerms, put_board
from relay.workflows.relay_text import relay_text
from relay.workflows.rewrite_files import BETWEEN, rewrite_files
from tests.cluster.servers import running_cluster
from tests.e2e.stage import eventually
from tests.fake_redis import real_redis
from tests.replicas import make_replica
from tests.world import CARL, NOW, NUMBER, RITA, World, make_world

pytestmark = pytest.mark.real_redis

OWNERS = [(role, ref) for role in Role for ref in ("rita", "carl", "dan")]
#: The files are through with the person; the records at the carrier are another story.
REWRITTEN = ErasureStatus.PENDING_CARRIER


def files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in {".aof", ".rdb"})


def seals_in(folder: Path) -> Iterator[str]:
    """Whatever looks like a seal in the files."""
    for path in files_in(folder):
        for key_id, sealed in re.findall(rb"(\w+)(:[\w-]{30,}={0,2})", path.read_bytes()):
            # What tells its length stands before and behind it, and may look like a part of it.
            for start in range(len(key_id)):
                for end in (len(sealed), -1):
                    yield (key_id[start:] + sealed[:end]).decode()


def phones_in(folder: Path, world: World) -> set[str]:
    """Every number that can be recovered from files."""
    return {phone for seal in seals_in(folder) for phone in opened(world, seal)}


def words_in(folder: Path, world: World, sent: dict[str, tuple[Role, str]]) -> set[str]:
    """The words of texts that can be recovered from files. ``sent``: reader and session by the
    text's id."""
    words = set()
    for seal in seals_in(folder):
        for message, (reader, session) in sent.items():
            with suppress(Unreadable, ValueError):
                words.add(
                    world.services.vault.unseal_text(
                        seal, board="main", message_id=message, session=session, reader=reader
                    )
                )
    return words


def opened(world: World, text: str) -> set[str]:
    phones = set()
    for role, ref in OWNERS:
        with suppress(Unreadable, ValueError):
            vault = world.services.vault
            phones.add(vault.unseal_phone(text, board="main", role=role, ref=ref).reveal())
    return phones


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """It keeps both kinds of files."""
    with EmbeddedRedis(tmp_path / "master") as server:
        client = real_redis(server.url)
        client.config_set("save", "3600 1")
        client.config_set("rdbcompression", "no")  # or we would not recognise a seal
        yield server


@pytest.fixture
def replica(tmp_path: Path, server: EmbeddedRedis) -> Iterator[redis.Redis]:
    with EmbeddedRedis(tmp_path / "replica") as other:
        client = real_redis(other.url)
        client.config_set("rdbcompression", "no")
        make_replica(client, real_redis(server.url))
        yield client


@pytest.fixture
def world(server: EmbeddedRedis) -> World:
    return make_world(connect(server.url))


def erase(world: World, ref: str = "carl", *, now: float = NOW) -> ErasureStatus:
    return erase_participant(world.services, Role.CANDIDATE, ref, now=now).status


def status(world: World, ref: str = "carl") -> ErasureStatus:
    return find_erasure(world.services, Role.CANDIDATE, ref).status


def rewrite_until_over(world: World, *, now: float = NOW) -> None:
    """As the periodic job does."""

    def is_over() -> bool:
        rewrite_files(world.deployment, now=now)
        latest = world.deployment.rewritings.latest()
        return latest is not None and latest.is_over

    eventually(is_over)


def count(client: redis.Redis) -> tuple[int, int]:
    """The rewritings and the snapshots of a server since its start."""
    told: dict[str, Any] = client.info("persistence")
    return told["aof_rewrites"], told["rdb_saves"]


def test_p2_an_erased_number_can_be_recovered_from_no_file_of_redis(
    world: World, replica: redis.Redis, tmp_path: Path
) -> None:
    world.open()
    for server in servers(world.deployment.client):  # an older snapshot, too
        server.client.save()
    assert erase(world) is ErasureStatus.PENDING
    for folder in ("master", "replica"):
        eventually(lambda folder=folder: phones_in(tmp_path / folder, world) == {RITA, CARL})
        assert [path.name for path in files_in(tmp_path / folder) if path.suffix == ".rdb"]

    before = count(replica)
    rewrite_until_over(world)

    assert status(world) is REWRITTEN
    assert erase(world) is REWRITTEN
    for folder in ("master", "replica"):
        eventually(lambda folder=folder: phones_in(tmp_path / folder, world) == {RITA})
    assert count(replica) == (before[0] + 1, before[1] + 1)


def test_p2_the_words_of_an_erased_persons_texts_are_in_no_file_of_redis(
    world: World, replica: redis.Redis, tmp_path: Path
) -> None:
    """Texts that waited for their turn, to them and from them."""
    session = world.open()
    texts = [(Role.RECRUITER, CARL, "5 Elm Street"), (Role.CANDIDATE, RITA, "you are hired")]
    sent = {}
    for place, (reader, sender, words) in enumerate(texts):
        inbound = InboundText(
            message_sid=f"SM{place:032d}", sender=sender, virtual_number=NUMBER, body=words
        )
        sent[relay_text(world.services, inbound, now=NOW).message] = (reader, session.id)
    for server in servers(world.deployment.client):  # an older snapshot, too
        server.client.save()
    written = {words for _, _, words in texts}
    for folder in ("master", "replica"):
        eventually(lambda folder=folder: words_in(tmp_path / folder, world, sent) == written)

    assert erase(world) is ErasureStatus.PENDING
    rewrite_until_over(world)

    assert status(world) is REWRITTEN
    for folder in ("master", "replica"):
        eventually(lambda folder=folder: words_in(tmp_path / folder, world, sent) == set())


def test_several_erasures_share_one_rewriting_and_the_next_waits_a_minute(world: World) -> None:
    world.open()
    world.open("rita", "dan")
    before = count(world.deployment.client)
    erase(world)
    erase(world, "dan")
    rewrite_until_over(world)
    assert (status(world), status(world, "dan")) == (REWRITTEN, REWRITTEN)

    world.open("rita", "eve")
    erase(world, "eve", now=NOW + 1)
    rewrite_files(world.deployment, now=NOW + BETWEEN - 1)
    assert status(world, "eve") is ErasureStatus.PENDING
    assert count(world.deployment.client) == (before[0] + 1, before[1] + 1)

    rewrite_files(world.deployment, now=NOW + BETWEEN)
    rewrite_until_over(world, now=NOW + BETWEEN)
    assert status(world, "eve") is REWRITTEN
    assert count(world.deployment.client) == (before[0] + 2, before[1] + 2)


def test_who_is_erased_during_a_rewriting_waits_for_the_next(world: World) -> None:
    world.open()
    world.open("rita", "dan")
    erase(world)
    rewrite_files(world.deployment, now=NOW)
    erase(world, "dan")
    rewrite_until_over(world)

    assert status(world) is REWRITTEN
    assert status(world, "dan") is ErasureStatus.PENDING


def test_a_server_that_begins_anew_is_asked_anew(world: World, server: EmbeddedRedis) -> None:
    """It may have died in the midst of rewriting."""
    world.open()
    erase(world)
    rewrite_files(world.deployment, now=NOW)
    server.kill()
    world.deployment.client.close()
    anew = make_world(connect(server.start()))
    rewrite_until_over(anew)

    assert status(anew) is REWRITTEN
    assert count(anew.deployment.client) == (1, 1)


@pytest.mark.parametrize("file", ["dump.rdb", "appendonlydir/appendonly.aof.2.base.rdb"])
def test_a_rewriting_that_fails_is_begun_again_a_minute_later(
    world: World, tmp_path: Path, file: str
) -> None:
    world.open()
    erase(world)
    world.deployment.client.config_set("save", "")  # or it takes no writes after this
    hindrance = tmp_path / "master" / file
    hindrance.mkdir()
    rewrite_until_over(world)
    latest = world.deployment.rewritings.latest()
    assert latest is not None
    assert set(latest.servers.values()) == {Progress.FAILED}
    assert status(world) is ErasureStatus.PENDING

    hindrance.rmdir()
    rewrite_files(world.deployment, now=NOW + BETWEEN)
    rewrite_until_over(world, now=NOW + BETWEEN)
    assert status(world) is REWRITTEN


def test_a_board_where_nobody_was_erased_has_nothing_to_wait_for(world: World) -> None:
    put_board(world.deployment, BoardTerms(name="second", spoken_name="Second Jobs"))
    world.open()
    erase(world)
    rewrite_until_over(world)

    assert status(world) is REWRITTEN
    second = world.deployment.of_board("second").store
    assert second.erasures.latest_pending() is None
    assert not second.client.exists(second.keys.rewritten)


def test_a_server_without_an_append_only_file_saves_a_snapshot(world: World) -> None:
    client = world.deployment.client
    client.config_set("appendonly", "no")
    rewritten, saved = count(client)
    world.open()
    erase(world)
    rewrite_until_over(world)

    assert status(world) is REWRITTEN
    assert count(client) == (rewritten, saved + 1)


def test_an_erasure_is_pending_provider_where_redis_refuses(
    world: World, server: EmbeddedRedis
) -> None:
    world.open()
    erase(world)
    world.deployment.client.acl_setuser("default", commands=["-bgrewriteaof"])
    (found,) = check_files(world.deployment)
    assert found.verdict is Verdict.WARNING
    assert f"{server.port} refuses" in found.detail

    rewrite_until_over(world)
    assert status(world) is ErasureStatus.PENDING_PROVIDER

    world.deployment.client.acl_setuser("default", commands=["+bgrewriteaof"])
    rewrite_files(world.deployment, now=NOW + BETWEEN)
    rewrite_until_over(world, now=NOW + BETWEEN)
    assert status(world) is REWRITTEN
    (found,) = check_files(world.deployment)
    assert found.verdict is Verdict.OK


def test_a_replica_out_of_reach_is_no_reason_to_call_an_erasure_final(
    world: World, replica: redis.Redis
) -> None:
    world.open()
    erase(world)
    replica.config_set("requirepass", "somebody else's")
    rewrite_until_over(world)

    assert status(world) is ErasureStatus.PENDING_PROVIDER


def test_every_master_of_a_cluster_rewrites_its_files(tmp_path: Path) -> None:
    with running_cluster(tmp_path / "masters") as cluster:
        for master in cluster.masters:
            master.client.config_set("rdbcompression", "no")
        world = make_world(cluster.connect())
        world.open()
        erase(world)
        eventually(lambda: phones_in(tmp_path, world) == {RITA, CARL})

        rewrite_until_over(world)

        assert status(world) is REWRITTEN
        eventually(lambda: phones_in(tmp_path, world) == {RITA})
        assert {count(master.client) for master in cluster.masters} == {(1, 1)}


def test_who_was_never_erased_has_no_erasure(world: World) -> None:
    world.open("rita", "dan")
    with pytest.raises(NotFound):
        find_erasure(world.services, Role.CANDIDATE, "dan")


@pytest.mark.parametrize("planted", ["", "{}", "[]", "null", '{"servers": 1}', "\n"])
def test_p9_a_planted_record_keeps_no_file_from_being_rewritten(world: World, planted: str) -> None:
    world.open()
    world.deployment.client.set(DeploymentKeys().rewriting, planted)
    erase(world)
    rewrite_until_over(world)

    assert status(world) is REWRITTEN
