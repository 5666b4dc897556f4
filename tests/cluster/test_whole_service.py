"""The whole service as real processes: its store on a cluster, RQ on a Redis of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from relay.embedded_redis import EmbeddedRedis
from relay.sandbox.service import ServiceDidNotStart
from tests.cluster.servers import Cluster
from tests.e2e.stage import NUMBERS, Stage, eventually, set_stage

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

OTHER_POOL = "p3"
OTHER_NUMBERS = ("+13105550142", "+13105550143")


@pytest.fixture(scope="module")
def stage(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The usual pool ``us``, and another one that has a master to itself."""
    directory = tmp_path_factory.mktemp("service")
    cluster.connect().flushall()
    with (
        EmbeddedRedis(directory / "queues") as queues,
        set_stage(directory, REDIS_URL=cluster.url, QUEUE_REDIS_URL=queues.url) as stage,
    ):
        for number in OTHER_NUMBERS:
            stage.carrier.add_number(number)
        stage.api.ask("PUT", f"/v1/pools/{OTHER_POOL}", {"country": "US", "cooldown": 2})
        for number in OTHER_NUMBERS:
            body = {"phone_number": number, "pool": OTHER_POOL}
            stage.api.ask("POST", "/v1/numbers", body)
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


def test_a_lost_master_takes_its_own_pools_only(stage: Stage, cluster: Cluster) -> None:
    """Calls of its pools get a sentence within two seconds, its texts come later, and once."""
    lost = cluster.master_of(f"{{{OTHER_POOL}}}")
    assert lost is not cluster.master_of("{us}")
    ours = stage.open("rita", "carl", pool="us")
    theirs = stage.open("nora", "dan", pool=OTHER_POOL)
    assert ours["virtual_number"] in NUMBERS
    for caller, session in (("rita", ours), ("nora", theirs)):
        assert stage.phone(caller).call(session["virtual_number"]).wait(20).bridged
    stage.phone("rita").text(ours["virtual_number"], "one")
    stage.phone("nora").text(theirs["virtual_number"], "one")
    stage.phone("carl").wait_for_text()
    stage.phone("dan").wait_for_text()

    lost.kill()
    try:
        began = time.monotonic()
        story = stage.phone("nora").call(theirs["virtual_number"]).wait(20)
        seconds_refused = time.monotonic() - began
        assert not story.bridged
        assert story.errors == []
        assert "try again" in " ".join(story.heard_by_caller)
        assert stage.api.send("GET", f"/v1/sessions/{theirs['id']}").status_code == 503
        stage.phone("nora").text(theirs["virtual_number"], "two")

        assert stage.phone("rita").call(ours["virtual_number"]).wait(20).bridged
        assert stage.session(ours["id"])["status"] == "open"
        stage.phone("rita").text(ours["virtual_number"], "two")
        stage.phone("carl").wait_for_text(2)
    finally:
        lost.start()
        eventually(cluster.is_whole)

    eventually(lambda: stage.api.send("GET", f"/v1/sessions/{theirs['id']}").status_code == 200)
    assert stage.phone("nora").call(theirs["virtual_number"]).wait(20).bridged
    stage.phone("dan").wait_for_text(2, timeout=90)
    time.sleep(3)
    assert [text.body for text in stage.phone("dan").texts] == ["one", "two"]
    assert [text.body for text in stage.phone("carl").texts] == ["one", "two"]
    assert seconds_refused < 2
