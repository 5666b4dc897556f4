"""Hints taken out of a queue of RQ's, many at once, and what is in it beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import fakeredis
import pytest

from config.queues import TEXTS
from relay.queues import JobQueues, open_queue
from relay.store.connection import READ_TIMEOUT
from tests.wording import is_phrase
from tests.workers.test_planted_jobs import plant
from workers import jobs
from workers.hints import HintQueue
from workers.lane_plan import Hint


class Impatient(fakeredis.FakeRedis):
    """Who waits for something in a list is told at once that nothing came; for how long they would
    have waited is noted."""

    def __init__(self) -> None:
        super().__init__(server=fakeredis.FakeServer())
        self.waits: list[float] = []

    def blpop(self, keys: Any, timeout: Any = 0) -> Any:
        self.waits.append(timeout)
        (key,) = keys
        found = self.lpop(key)
        return (key.encode(), found) if found else None


@dataclass
class Scene:
    client: Impatient = field(default_factory=Impatient)
    refused: dict[str, str] = field(default_factory=dict)

    def give(self, *ids: str) -> None:
        for one in ids:
            JobQueues(self.client).send_message("main", one)

    def queue(self) -> HintQueue:
        return HintQueue(
            open_queue(TEXTS, self.client), {"send_texts", "end_calls"}, self.refused.__setitem__
        )

    def waiting(self) -> int:
        return int(self.client.llen(f"rq:queue:{TEXTS}"))


def texts(*ids: str) -> list[Hint]:
    return [Hint("send_texts", "main", one) for one in ids]


@pytest.fixture
def scene() -> Scene:
    assert {"send_texts", "end_calls"} == set(jobs._WORKS)
    return Scene()


def test_those_are_taken_that_have_waited_longest(scene: Scene) -> None:
    scene.give("us.1", "us.2", "us.3")
    hints = scene.queue()

    assert hints.take(2) == texts("us.1", "us.2")
    assert len(scene.client.keys("rq:job:*")) == scene.waiting() == 1
    assert hints.take(2) == texts("us.3")
    assert hints.take(2) == []
    assert scene.client.keys("rq:job:*") == []


def test_a_hint_says_what_is_to_be_done_for_which_board(scene: Scene) -> None:
    JobQueues(scene.client).end_calls("second", "recruiter.rita")
    assert scene.queue().take(5) == [Hint("end_calls", "second", "recruiter.rita")]


def test_who_waits_has_the_next_one_or_none_before_the_client_gives_up(scene: Scene) -> None:
    hints = scene.queue()
    assert hints.wait() == []
    scene.give("us.1", "us.2")
    assert hints.wait() == texts("us.1")
    assert scene.waiting() == 1
    assert all(0 < wait < READ_TIMEOUT for wait in scene.client.waits)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("os.system", ["touch x"]),
        ("workers.jobs.recycle", []),  # one of ours, for another queue
        ("workers.jobs.send_texts", ["main", {"$": "x"}]),
        ("workers.jobs.send_texts", ["main"]),
    ],
)
def test_p9_what_is_no_hint_is_refused_and_those_beside_it_are_taken(
    scene: Scene, function: str, arguments: list[Any]
) -> None:
    scene.give("us.1")
    plant(scene.client, "planted", function, arguments, TEXTS)
    scene.give("us.2")

    assert scene.queue().take(5) == texts("us.1", "us.2")
    assert set(scene.refused) == {"planted"}
    assert all(map(is_phrase, scene.refused.values()))
    assert scene.client.keys("rq:job:*") == []


def test_p9_what_is_no_job_at_all_is_refused_and_those_beside_it_are_taken(scene: Scene) -> None:
    scene.client.hset("rq:job:rubbish", mapping={"data": b"\x00"})
    scene.client.set("rq:job:kind", "no hash")
    scene.client.rpush("rq:queue:texts", "rubbish", "kind", b"\xff")
    scene.client.hset("rq:job:\N{REPLACEMENT CHARACTER}", mapping={"data": b"\x00"})
    scene.give("us.1")

    assert scene.queue().take(5) == texts("us.1")
    assert set(scene.refused) == {"rubbish", "kind", "\N{REPLACEMENT CHARACTER}"}
    assert all(map(is_phrase, scene.refused.values()))
    assert scene.client.keys("rq:job:*") == []


def test_one_whose_time_was_over_is_nobodys_fault(scene: Scene) -> None:
    scene.client.rpush("rq:queue:texts", "gone")
    scene.give("us.1")
    assert scene.queue().take(5) == texts("us.1")
    assert scene.refused == {}
