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

#: On another master than `main` and what all boards share.
OTHER_BOARD = "b1"
OTHER_NUMBERS = ("+16285550151", "+16285550152")

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def stage(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The usual board, ``main``."""
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
    """The board on it hears the sentence, and its texts come later; the other hears of nothing."""
    assert cluster.master_of(DeploymentKeys.PREFIX) is cluster.master_of("{main}")
    lost = cluster.master_of(f"{{{OTHER_BOARD}}}")
    assert lost is not cluster.master_of("{main}")
    other = stage.on_board(OTHER_BOARD, "Second Jobs", OTHER_NUMBERS)
    ours, theirs = stage.open("rita", "carl"), other.open("nora", "dan")
    for who, session in (("rita", ours), ("nora", theirs)):
        assert stage.phone(who).call(session["virtual_number"]).wait(20).bridged
    lost.kill()
    try:
        assert stage.phone("rita").call(ours["virtual_number"]).wait(20).bridged
        assert stage.session(ours["id"])["status"] == "open"
        stage.phone("rita").text(ours["virtual_number"], "one")
        stage.phone("carl").wait_for_text()
        refused = stage.phone("nora").call(theirs["virtual_number"]).wait(20)
        assert "try again" in " ".join(refused.heard_by_caller)
        assert other.api.send("GET", f"/v1/sessions/{theirs['id']}").status_code == 503
        stage.phone("nora").text(theirs["virtual_number"], "two")
    finally:
        lost.start()
        eventually(cluster.is_whole)
    assert [text.body for text in stage.phone("carl").texts] == ["one"]
    stage.phone("dan").wait_for_text(1, timeout=90)
    assert [text.body for text in stage.phone("dan").texts] == ["two"]


def test_calls_of_a_lost_board_are_refused_in_time_and_its_texts_come_later(
    stage: Stage, cluster: Cluster
) -> None:
    """Calls get a sentence within two seconds; texts come once."""
    stage.move_people()
    session = stage.open("nora", "dan")
    assert stage.phone("nora").call(session["virtual_number"]).wait(20).bridged
    stage.phone("nora").text(session["virtual_number"], "one")
    stage.phone("dan").wait_for_text()
    lost = cluster.master_of("{main}")
    lost.kill()
    try:
        began = time.monotonic()
        trace = stage.phone("nora").call(session["virtual_number"]).wait(20)
        seconds_refused = time.monotonic() - began
        assert not trace.bridged
        assert trace.errors == []
        assert "try again" in " ".join(trace.heard_by_caller)
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
