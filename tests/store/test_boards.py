"""The registry of boards, and the map that says which of them a virtual number belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.board import Board, NumberPlace
from relay.domain.errors import Unavailable
from relay.store.boards import BoardRegistry
from relay.store.keys import DeploymentKeys
from relay.store.number_map import NumberMap
from tests.fake_redis import FakeRedis

SECOND = Board(
    name="second",
    spoken_name="Second Jobs",
    default_locale="zh-CN",
    requests_per_minute=7,
    account_sid="AC" + "2" * 32,
    sealed_tokens=("k1:x", "k1:y"),
    messaging_service_sid="MG" + "2" * 32,
)
NUMBER, OTHER_NUMBER = "+14155550151", "+14155550152"


class Timer:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def registry(client: Any, timer: Timer) -> BoardRegistry:
    return BoardRegistry(client, timer)


def stop_answering(client: Any) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable("away")

    client.hgetall = client.hget = away


def test_a_board_reads_back_as_it_was_put(client: Any, registry: BoardRegistry) -> None:
    assert registry.put(SECOND)
    assert not registry.put(SECOND)
    assert registry.find("second") == SECOND
    assert BoardRegistry(client).find("second") == SECOND
    assert registry.find("third") is None


def test_boards_are_listed_by_name(registry: BoardRegistry) -> None:
    first = Board(name="a", spoken_name="A")
    registry.put(SECOND)
    registry.put(first)
    assert registry.all() == [first, SECOND]


def test_another_process_follows_a_change_within_seconds(
    client: Any, registry: BoardRegistry, timer: Timer
) -> None:
    registry.put(SECOND)
    assert registry.find("second") == SECOND
    changed = Board(name="second", spoken_name="Other Jobs")
    BoardRegistry(client).put(changed)
    assert registry.find("second") == SECOND
    timer.now += 5
    assert registry.find("second") == changed


def test_a_board_that_was_not_there_is_found_within_a_second(
    client: Any, registry: BoardRegistry, timer: Timer
) -> None:
    assert registry.find("second") is None
    BoardRegistry(client).put(SECOND)
    assert registry.find("second") is None
    timer.now += 1
    assert registry.find("second") == SECOND


def test_while_the_store_is_away_what_was_read_last_is_good(timer: Timer) -> None:
    client = FakeRedis()
    registry = BoardRegistry(client, timer)
    registry.put(SECOND)
    assert registry.find("second") == SECOND
    stop_answering(client)
    timer.now += 60
    assert registry.find("second") == SECOND


def test_without_ever_having_read_it_nobody_knows(timer: Timer) -> None:
    client = FakeRedis()
    stop_answering(client)
    with pytest.raises(Unavailable):
        BoardRegistry(client, timer).find("second")


# --- the map of numbers -----------------------------------------------------------------


def test_a_number_is_in_one_place_only(client: Any) -> None:
    numbers = NumberMap(client)
    ours, theirs = NumberPlace("main", "us"), NumberPlace("second", "us")
    assert numbers.enter(NUMBER, ours) == ours
    assert numbers.enter(NUMBER, theirs) == ours
    assert NumberMap(client).find(NUMBER) == ours


def test_only_its_own_place_strikes_a_number_off(client: Any) -> None:
    numbers = NumberMap(client)
    ours, theirs = NumberPlace("main", "us"), NumberPlace("second", "us")
    numbers.enter(NUMBER, ours)
    numbers.strike_off(NUMBER, theirs)
    assert numbers.find(NUMBER) == ours
    numbers.strike_off(NUMBER, ours)
    assert NumberMap(client).find(NUMBER) is None


def test_a_number_that_has_moved_is_found_when_it_is_looked_for_again(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.store.number_map._UNKNOWN_FOR", 0.0)
    numbers = NumberMap(client)
    numbers.enter(NUMBER, NumberPlace("main", "us"))
    assert numbers.find(NUMBER) == NumberPlace("main", "us")
    client.hset(DeploymentKeys().numbers, NUMBER, "second/us")
    assert numbers.find(NUMBER) == NumberPlace("main", "us")
    numbers.look_again(NUMBER)
    assert numbers.find(NUMBER) == NumberPlace("second", "us")
    client.hdel(DeploymentKeys().numbers, NUMBER)
    numbers.look_again(NUMBER)
    assert numbers.find(NUMBER) is None


def test_nobody_can_make_us_look_again_all_the_time(client: Any) -> None:
    numbers = NumberMap(client)
    numbers.enter(NUMBER, NumberPlace("main", "us"))
    numbers.enter(OTHER_NUMBER, NumberPlace("main", "us"))
    numbers.find(NUMBER), numbers.find(OTHER_NUMBER)
    numbers.look_again(NUMBER)
    for number in (NUMBER, OTHER_NUMBER):
        client.hset(DeploymentKeys().numbers, number, "second/us")
        numbers.look_again(number)
    assert numbers.find(NUMBER) == NumberPlace("main", "us")
    assert numbers.find(OTHER_NUMBER) == NumberPlace("second", "us"), "each number has its own pace"


def test_a_number_that_has_left_is_forgotten_with_the_next_reading(client: Any) -> None:
    numbers, others = NumberMap(client), NumberMap(client)
    others.enter(NUMBER, NumberPlace("main", "us"))
    numbers.learn()
    others.strike_off(NUMBER, NumberPlace("main", "us"))
    numbers.learn()
    assert numbers.find(NUMBER) is None


def test_while_the_store_is_away_a_known_number_stays_known() -> None:
    client = FakeRedis()
    numbers = NumberMap(client)
    numbers.enter(NUMBER, NumberPlace("main", "us"))
    assert numbers.find(NUMBER)
    stop_answering(client)
    numbers.look_again(NUMBER)
    assert numbers.find(NUMBER) == NumberPlace("main", "us")
    with pytest.raises(Unavailable):
        numbers.find("+14155550152")
