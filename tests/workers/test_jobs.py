from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.schedule import PERIODIC_JOBS
from relay.domain.errors import Unavailable
from relay.embedded_redis import EmbeddedRedis
from workers import jobs


@pytest.fixture(autouse=True)
def _environment(work_under: Callable[..., None]) -> None:
    work_under()


def test_the_deployment_is_built_once_and_connect_to_nothing() -> None:
    assert jobs.deployment() is jobs.deployment()


def test_without_redis_every_job_says_so_and_is_tried_again() -> None:
    """Nobody listens at the address of the tests' settings."""
    for run in (
        lambda: jobs.send_texts("main", "us.SM1"),
        jobs.recycle,
        jobs.reconcile_inbound,
        lambda: jobs.buy_numbers("main", "us.1"),
        jobs.resume_purchases,
        jobs.keep_headroom,
        jobs.release_numbers,
        jobs.reconcile_numbers,
        jobs.delete_old_records,
        jobs.erase_at_carrier,
        jobs.rest_numbers,
        jobs.sample_pools,
    ):
        with pytest.raises(Unavailable):
            run()


@pytest.mark.real_redis
@pytest.mark.in_process
def test_periodic_work_that_ended_well_is_noted_under_its_name_in_the_schedule(
    work_under: Callable[..., None], tmp_path: Path
) -> None:
    with EmbeddedRedis(tmp_path) as server:
        work_under(REDIS_URL=server.url)
        every = {job.name: getattr(jobs, job.function.rpartition(".")[2]) for job in PERIODIC_JOBS}
        for name in ("recycle", "rest-numbers", "resume-purchases"):
            every[name]()
        noted = jobs.deployment().successes.of(every, until=time.time() + 1)
    assert {name for name, at in noted.items() if at} == {
        "recycle",
        "rest-numbers",
        "resume-purchases",
    }
