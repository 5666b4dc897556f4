"""How long the carrier takes, gathered by many threads and processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fakeredis
import pytest

from relay.domain.exchange import Exchange, ExchangeEnd, Resource, Verb
from relay.store.carrier_times import BOUNDS, CarrierTimes
from relay.store.keys import DeploymentKeys
from tests.fake_redis import FakeRedis

KEY = DeploymentKeys().carrier_times


def a_text(seconds: float, end: ExchangeEnd = ExchangeEnd.DONE) -> Exchange:
    return Exchange(Verb.POST, Resource.MESSAGES, end, seconds)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_took_how_long_is_read_as_a_histogram(client: Any) -> None:
    times = CarrierTimes(client)
    for seconds in (0.05, 0.051, 0.15, 4.0, 12.0):
        times.note(a_text(seconds))
    times.note(a_text(10.0, ExchangeEnd.NO_ANSWER))
    times.flush()

    done, unanswered = times.all()

    assert (done.verb, done.resource, done.end) == ("post", "messages", "done")
    at_most = dict(zip(BOUNDS, done.at_most, strict=True))
    assert at_most == {
        0.05: 1, 0.1: 2, 0.2: 3, 0.4: 3, 0.8: 3, 1.5: 3, 3.0: 3, 5.0: 4, 10.0: 4,
    }  # fmt: skip
    assert (done.count, round(done.seconds, 3)) == (5, 16.251)
    assert (unanswered.end, unanswered.count, unanswered.at_most[-1]) == ("no_answer", 1, 1)


def test_it_is_written_once_a_second_at_most_whatever_comes() -> None:
    client, clock = FakeRedis(), Clock()
    times = CarrierTimes(client, timer=clock)
    for _ in range(5):
        times.note(a_text(0.1))
    [first] = times.all()
    assert first.count == 1, "a lone request is seen at once; others wait"

    clock.now += 1
    times.note(a_text(0.1))

    [all_of_them] = times.all()
    assert all_of_them.count == 6


def test_threads_and_processes_lose_no_request() -> None:
    server = fakeredis.FakeServer()
    processes = [CarrierTimes(FakeRedis(server)) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        for process in processes:
            for _ in range(500):
                pool.submit(process.note, a_text(0.1))
    for process in processes:
        process.flush()

    [found] = processes[0].all()

    assert found.count == 1000


def test_what_the_store_does_not_take_is_written_later() -> None:
    server = fakeredis.FakeServer()
    times = CarrierTimes(FakeRedis(server))
    server.connected = False
    times.note(a_text(0.1))
    times.flush()

    server.connected = True
    times.flush()
    times.flush()

    [found] = times.all()
    assert found.count == 1


@pytest.mark.plants_numbers
def test_what_somebody_else_has_written_there_is_not_shown() -> None:
    client = FakeRedis()
    for field in ("+13105550127", "post messages done", "post +13105550127 done 0.1"):
        client.hset(KEY, field, 1)
    client.hset(KEY, "post messages done 0.1", "many")

    assert CarrierTimes(client).all() == []
