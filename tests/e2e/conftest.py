from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.stage import Stage, set_stage


@pytest.fixture(scope="package")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One service for all tests that leave it as they found it. It goes when they are through: it
    would take time, and have threads, beside other tests."""
    with set_stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """The shared service without sessions, everybody with a new phone that answers."""
    shared_stage.move_people()
    yield shared_stage
    shared_stage.carrier.faults.clear()
    shared_stage.forget_people()


@pytest.fixture(scope="module")
def service_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory.mktemp("own-stage")) as stage:
        yield stage


@pytest.fixture
def own_stage(service_of_module: Stage) -> Iterator[Stage]:
    """For tests that kill: what they have killed is started again."""
    stage = service_of_module
    stage.move_people()
    yield stage
    stage.carrier.faults.clear()
    for name in ("web", "worker", "scheduler"):
        if name not in stage.service.processes:
            stage.service.start(name)
    stage.service.wait_until("/readyz")
    stage.forget_people()
