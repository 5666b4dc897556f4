"""The whole service as real processes: its store on a cluster, RQ on a Redis of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from relay.embedded_redis import EmbeddedRedis
from relay.sandbox.service import ServiceDidNotStart
from relay.store.keys import DeploymentKeys
from tests.cluster.servers import Cluster
from tests.e2e.stage import Stage, eventually, set_stage

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def stage(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The usual board, ``main``."""
    # MERGER: add a second board, OTHER_BOARD = "b1" (its slot is on the first master; those of
    # `main` and of what all boards share are on the third), with a pool and two numbers of its own.
    directory = tmp_path_factory.mktemp("service")
    cluster.connect().flushall()
    with (
        EmbeddedRedis(directory / "queues") as queues,
        set_stage(directory, REDIS_URL=cluster.url, QUEUE_REDIS_URL=queues.url) as stage,
    ):
        yield stage


def test_a_release_finds_nothing_to_refuse(stage: Stage) -> None:
    assert "a lost master takes only its own slots" in stage.service.run("doctor", "--release")


def test_a_start_with_rq_on_the_cluster_is_refused(stage: Stage, cluster: Cluster) -> None:
    environment = stage.service.environment
    kept = environment["QUEUE_REDIS_URL"]
    node = f"redis://127.0.0.1:{cluster.masters[0].port}/0"
    try:
        for queues, why in (("", "RQ needs one Redis"), (cluster.url, "RQ cannot use a cluster")):
            environment["QUEUE_REDIS_URL"] = queues
            with pytest.raises(ServiceDidNotStart, match=why):
                stage.service.run("doctor", "--release")
        environment["QUEUE_REDIS_URL"] = node  # only the server knows
        with pytest.raises(ServiceDidNotStart):
            stage.service.run("doctor", "--release")
    finally:
        environment["QUEUE_REDIS_URL"] = kept


def test_a_lost_master_takes_its_own_boards_only(stage: Stage, cluster: Cluster) -> None:
    """Another board's master is lost: nobody here hears of it."""
    # MERGER: let nora and dan be on OTHER_BOARD, and while its master is lost, let nora hear the
    # sentence, her API request be a 503 and her text come later (as `main`'s do below).
    lost = next(m for m in cluster.masters if m is not cluster.master_of("{main}"))
    assert cluster.master_of(DeploymentKeys.PREFIX) is not lost
    ours = stage.open("rita", "carl")
    assert stage.phone("rita").call(ours["virtual_number"]).wait(20).bridged
    lost.kill()
    try:
        assert stage.phone("rita").call(ours["virtual_number"]).wait(20).bridged
        assert stage.session(ours["id"])["status"] == "open"
        stage.phone("rita").text(ours["virtual_number"], "one")
        stage.phone("carl").wait_for_text()
    finally:
        lost.start()
        eventually(cluster.is_whole)
    assert [text.body for text in stage.phone("carl").texts] == ["one"]


def test_calls_of_a_lost_board_are_refused_in_time_and_its_texts_come_later(
    stage: Stage, cluster: Cluster
) -> None:
    """Calls get a sentence within two seconds; texts come once."""
    session = stage.open("nora", "dan")
    assert stage.phone("nora").call(session["virtual_number"]).wait(20).bridged
    stage.phone("nora").text(session["virtual_number"], "one")
    stage.phone("dan").wait_for_text()
    lost = cluster.master_of("{main}")
    lost.kill()
    try:
        began = time.monotonic()
        story = stage.phone("nora").call(session["virtual_number"]).wait(20)
        seconds_refused = time.monotonic() - began
        assert not story.bridged
        assert story.errors == []
        assert "try again" in " ".join(story.heard_by_caller)
        assert stage.api.send("GET", f"/v1/sessions/{session['id']}").status_code == 503
        stage.phone("nora").text(session["virtual_number"], "two")
    finally:
        lost.start()
        eventually(cluster.is_whole)

    eventually(lambda: stage.api.send("GET", f"/v1/sessions/{session['id']}").status_code == 200)
    assert stage.phone("nora").call(session["virtual_number"]).wait(20).bridged
    stage.phone("dan").wait_for_text(2, timeout=90)
    time.sleep(3)
    assert [text.body for text in stage.phone("dan").texts] == ["one", "two"]
    assert seconds_refused < 2
