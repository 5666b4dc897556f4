"""P4 across a fail-over by sentinels: the whole service as real processes, on the store and RQ that
three sentinels watch, with STORE_REPLICAS=1. ``make failover`` does it at a board's pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.killing import FETCHED_WITHIN, LIMIT
from tests.e2e.stage import eventually
from tests.e2e.traffic import Rates, Traffic
from tests.sentinel.runs import GOAL, fail_over, staged
from tests.sentinel.servers import Group

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(300)]

_RATES = Rates(calls=10, texts=4, requests=4)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Group, Traffic]]:
    with staged(tmp_path_factory.mktemp("sentinel"), pairs=50) as scene:
        yield scene


def cut_off(group: Group) -> Callable[[], None]:
    """From its replicas and the sentinels, and not from us, whom it goes on serving."""
    return group.cut_off_the_first


def kill(group: Group) -> Callable[[], None]:
    return group.master.kill


@pytest.mark.parametrize("fault", [cut_off, kill])
def test_p4_nothing_that_was_acknowledged_is_lost_with_the_master(
    scene: tuple[Group, Traffic], fault: Callable[[Group], Callable[[], None]]
) -> None:
    group, traffic = scene

    outcome = fail_over(group, traffic, _RATES, fault(group))

    assert outcome.back < GOAL
    eventually(lambda: not traffic.missing_texts(accepted_only=True), seconds=LIMIT)
    assert traffic.lost_calls() == []
    assert traffic.lost_requests() == []
    assert traffic.doubled_texts() == []


def test_p4_what_was_not_accepted_meanwhile_is_fetched(scene: tuple[Group, Traffic]) -> None:
    """From the carrier's list, once a minute; and nothing comes a second time."""
    _, traffic = scene

    eventually(lambda: not traffic.missing_texts(accepted_only=False), seconds=FETCHED_WITHIN)

    assert traffic.doubled_texts() == []
