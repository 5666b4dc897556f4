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
from tests.key_ring import SIGNER, move_number

SECOND = Board(
    name="second",
    spoken_name="Second Jobs",
    default_locale="zh-CN",
    requests_per_minute=7,
    account_sid="AC" + "2" * 32,
    sealed_tokens=("k1:x", "k1:y"),
    messaging_services=("MG" + "2" * 32,),
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
    return BoardRegistry(client, SIGNER, timer)


def stop_answering(client: Any) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable("away")

    client.hgetall = client.hget = client.get = away


def test_a_board_reads_back_as_it_was_put(client: Any, registry: BoardRegistry) -> None:
    assert registry.put(SECOND)
    assert not registry.put(SECOND)
    assert registry.find("second") == SECOND
    assert BoardRegistry(client, SIGNER).find("second") == SECOND
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
    BoardRegistry(client, SIGNER).put(changed)
    assert registry.find("second") == SECOND
    timer.now += 5
    assert registry.find("second") == changed


def test_a_board_that_was_not_there_is_found_within_a_second(
    client: Any, registry: BoardRegistry, timer: Timer
) -> None:
    assert registry.find("second") is None
    BoardRegistry(client, SIGNER).put(SECOND)
    assert registry.find("second") is None
    timer.now += 1
    assert registry.find("second") == SECOND


def test_while_the_store_is_away_what_was_read_last_is_good(timer: Timer) -> None:
    client = FakeRedis()
    registry = BoardRegistry(client, SIGNER, timer)
    registry.put(SECOND)
    assert registry.find("second") == SECOND
    stop_answering(client)
    timer.now += 60
    assert registry.find("second") == SECOND


def test_without_ever_having_read_it_nobody_knows(timer: Timer) -> None:
    client = FakeRedis()
    stop_answering(client)
    with pytest.raises(Unavailable):
        BoardRegistry(client, SIGNER, timer).find("second")


# --- the map of numbers -----------------------------------------------------------------


def test_a_number_is_in_one_place_only(client: Any) -> None:
    numbers = NumberMap(client, SIGNER)
    ours, theirs = NumberPlace("main", "us"), NumberPlace("second", "us")
    assert numbers.enter(NUMBER, ours) == ours
    assert numbers.enter(NUMBER, theirs) == ours
    assert NumberMap(client, SIGNER).find(NUMBER) == ours


def test_only_its_own_place_strikes_a_number_off(client: Any) -> None:
    numbers = NumberMap(client, SIGNER)
    ours, theirs = NumberPlace("main", "us"), NumberPlace("second", "us")
    numbers.enter(NUMBER, ours)
    numbers.strike_off(NUMBER, theirs)
    assert numbers.find(NUMBER) == ours
    numbers.strike_off(NUMBER, ours)
    assert NumberMap(client, SIGNER).find(NUMBER) is None


def test_a_number_that_has_moved_is_found_when_it_is_looked_for_again(client: Any) -> None:
    numbers = NumberMap(client, SIGNER)
    numbers.enter(NUMBER, NumberPlace("main", "us"))
    assert numbers.find(NUMBER) == NumberPlace("main", "us")
    move_number(client, NUMBER, "second", "us")
    assert numbers.find(NUMBER) == NumberPlace("main", "us")
    assert numbers.look_again(NUMBER) == NumberPlace("second", "us")
    NumberMap(client, SIGNER).strike_off(NUMBER, NumberPlace("second", "us"))
    assert numbers.look_again(NUMBER) is None


def test_a_map_that_has_not_changed_is_not_read_again(client: Any) -> None:
    numbers = NumberMap(client, SIGNER)
    numbers.enter(NUMBER, NumberPlace("main", "us"))
    entry = SIGNER.stamp("main/us", "number", OTHER_NUMBER)
    client.hset(DeploymentKeys().numbers, OTHER_NUMBER, entry)
    assert numbers.find(OTHER_NUMBER) is None


def test_p9_an_entry_that_is_not_signed_is_none_and_gives_way(client: Any) -> None:
    keys, ours = DeploymentKeys(), NumberPlace("main", "us")
    NumberMap(client, SIGNER).enter(OTHER_NUMBER, ours)
    for planted in ("main/us", client.hget(keys.numbers, OTHER_NUMBER)):
        client.hset(keys.numbers, NUMBER, planted)
        numbers = NumberMap(client, SIGNER)
        assert numbers.find(NUMBER) is None
        assert numbers.count_unsigned() == 1
    assert numbers.enter(NUMBER, ours) == ours
    assert NumberMap(client, SIGNER).find(NUMBER) == ours


def test_a_number_that_has_left_is_forgotten_with_the_next_reading(client: Any) -> None:
    numbers, others = NumberMap(client, SIGNER), NumberMap(client, SIGNER)
    others.enter(NUMBER, NumberPlace("main", "us"))
    numbers.learn()
    others.strike_off(NUMBER, NumberPlace("main", "us"))
    numbers.learn()
    assert numbers.find(NUMBER) is None


def test_while_the_store_is_away_a_known_number_stays_known() -> None:
    client = FakeRedis()
    numbers = NumberMap(client, SIGNER)
    numbers.enter(NUMBER, NumberPlace("main", "us"))
    assert numbers.find(NUMBER)
    stop_answering(client)
    numbers.look_again_if_possible(NUMBER)
    assert numbers.find(NUMBER) == NumberPlace("main", "us")
    with pytest.raises(Unavailable):
        numbers.find("+14155550152")
