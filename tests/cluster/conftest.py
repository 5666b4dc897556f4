from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.servers import Cluster, running_cluster
from tests.cluster.traffic import Town


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three masters, for tests that stop some and move slots; each leaves all of them at work."""
    with running_cluster(tmp_path_factory.mktemp("cluster") / "masters") as masters:
        yield masters


@pytest.fixture
def town(cluster: Cluster) -> Iterator[Town]:
    """Ten boards spread over the cluster, and forty people."""
    client = cluster.connect()
    client.flushall()
    yield Town(client)
    client.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/cluster" in str(item.path):
            item.add_marker(pytest.mark.real_redis)
            item.add_marker(pytest.mark.xdist_group("cluster"))
