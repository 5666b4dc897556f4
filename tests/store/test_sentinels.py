"""What is believed of sentinels, and when they are asked."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from redis.exceptions import ConnectionError, ResponseError  # noqa: A004 - redis-py's
from redis.sentinel import MasterNotFoundError

from relay.store.connection import address_of, connect
from relay.store.sentinels import MasterWatch
from tests.e2e.stage import eventually

ONE, OTHER = ("127.0.0.1", 7001), ("127.0.0.1", 7002)


class Sentinel:
    """Says that ``master`` is it since its ``epoch``-th fail-over."""

    def __init__(self, master: tuple[str, int] = ONE, epoch: int = 0) -> None:
        self.master = master
        self.epoch = epoch
        self.error: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.asked = 0

    def sentinel_master(self, service: str, *, return_responses: bool) -> dict[str, Any]:
        assert (service, return_responses) == ("relay", True)
        self.asked += 1
        self.answers.wait(5)
        if self.error is not None:
            raise self.error
        host, port = self.master
        return {"ip": host, "port": port, "config-epoch": str(self.epoch)}


def watch(*sentinels: Any) -> MasterWatch:
    return MasterWatch("relay", sentinels)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_masters_the_later_one_counts(order: int) -> None:
    """A sentinel that was cut off together with the old master knows no better."""
    cut_off, others = Sentinel(ONE, epoch=3), [Sentinel(OTHER, epoch=4) for _ in range(2)]
    watching = watch(*[cut_off, *others][::order])

    assert watching.master() == OTHER
    for other in others:
        other.error = ConnectionError()
    watching.ask()
    assert watching.master() == OTHER


def test_a_silent_sentinel_is_not_waited_for_and_asked_last() -> None:
    silent, other = Sentinel(), Sentinel(OTHER)
    silent.error = ConnectionError("refused")
    watching = watch(silent, other)
    assert watching.master() == OTHER

    silent.answers.clear()
    other.master, other.epoch = ONE, 1
    watching.ask()

    assert watching.master() == ONE
    silent.answers.set()


def test_without_any_answer_what_is_known_stays() -> None:
    sentinel = Sentinel()
    watching = watch(sentinel)
    assert watching.master() == ONE
    sentinel.error = ResponseError("No such master with that name")
    watching.ask()
    assert watching.master() == ONE


def test_a_master_that_nobody_knows_is_a_lost_connection() -> None:
    sentinel = Sentinel()
    sentinel.error = ResponseError("No such master with that name")
    with pytest.raises(MasterNotFoundError):
        watch(sentinel).master()


def test_many_callers_ask_once() -> None:
    sentinel = Sentinel()
    watching = watch(sentinel)
    for _ in range(1000):
        watching.master()
    assert sentinel.asked == 1


def test_a_new_master_is_known_without_a_failure() -> None:
    """Somebody who asks now and then learns of it within seconds."""
    sentinel = Sentinel()
    watching = watch(sentinel)
    assert watching.master() == ONE
    sentinel.master, sentinel.epoch = OTHER, 1
    eventually(watching.master, lambda master: master == OTHER, seconds=10)


def test_an_idle_process_asks_before_it_believes_what_it_knew() -> None:
    sentinel = Sentinel()
    watching = watch(sentinel)
    watching.master()
    sentinel.master, sentinel.epoch = OTHER, 1
    time.sleep(3.1)
    assert watching.master() == OTHER


def test_a_client_whose_sentinels_are_away_says_so() -> None:
    assert address_of(connect("redis+sentinel://127.0.0.1:1/relay")) == "unknown"
