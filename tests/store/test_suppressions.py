from __future__ import annotations

import pytest
import redis

from relay.domain.registration import Registered
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.store import Store
from relay.store.suppressions import START_ALONE_FOR, Suppressions
from tests.key_ring import SIGNER
from tests.world import NOW, NUMBER, OTHER_NUMBER, US

CARL = ["carl-new-key", "carl-old-key"]
SERVICE, OTHER_SERVICE = "MG" + "1" * 32, "MG" + "2" * 32
THIRD, FOREIGN = "+14155550194", "+14155550195"


@pytest.fixture
def suppressions(store: Store) -> Suppressions:
    return store.suppressions


@pytest.fixture
def in_service(client: redis.Redis) -> Suppressions:
    """Those of the same board when its numbers are in a messaging service."""
    return Store(client, SIGNER, messaging_services=(SERVICE,)).suppressions


def test_a_stop_holds_for_its_number_only(suppressions: Suppressions) -> None:
    assert suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert suppressions.is_stopped(CARL, NUMBER)
    assert not suppressions.is_stopped(CARL, OTHER_NUMBER)
    assert not suppressions.is_stopped(["rita"], NUMBER)


def test_a_stop_to_a_service_holds_for_every_number_of_it(in_service: Suppressions) -> None:
    assert in_service.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert in_service.is_stopped(CARL, NUMBER)
    assert in_service.is_stopped(CARL[1:], OTHER_NUMBER)
    assert not in_service.is_stopped(["rita"], NUMBER)
    assert not in_service.is_stopped([], NUMBER)


@pytest.mark.parametrize(
    ("service", "other_service", "is_shared"),
    [(SERVICE, SERVICE, True), (SERVICE, OTHER_SERVICE, False), ("", "", False)],
)
def test_a_stop_to_a_service_holds_for_every_board_that_uses_it(
    client: redis.Redis, service: str, other_service: str, is_shared: bool
) -> None:
    one = Store(
        client, SIGNER, "main", messaging_services=(service,) if service else ()
    ).suppressions
    other = Store(
        client, SIGNER, "second", messaging_services=(other_service,) if other_service else ()
    ).suppressions
    assert one.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert one.is_stopped(CARL, NUMBER)
    assert other.is_stopped(CARL, NUMBER) is is_shared
    assert other.resume(CARL, OTHER_NUMBER, since=NOW + 1, cause="ca.SM2") is is_shared
    assert one.is_stopped(CARL, NUMBER) is not is_shared


def test_a_stop_to_a_number_stays_when_the_number_joins_a_service(
    suppressions: Suppressions, in_service: Suppressions
) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert in_service.is_stopped(CARL, NUMBER)
    assert not in_service.is_stopped(CARL, OTHER_NUMBER)


@pytest.fixture
def in_several(client: redis.Redis) -> Suppressions:
    """Of a board with two services: NUMBER is in the second, OTHER_NUMBER in the first, and THIRD,
    FOREIGN in none and in one that is not the board's."""
    store = Store(client, SIGNER, messaging_services=(SERVICE, OTHER_SERVICE))
    store.pools.put(US)
    for number, service in {
        NUMBER: OTHER_SERVICE,
        OTHER_NUMBER: SERVICE,
        THIRD: "",
        FOREIGN: "MG" + "9" * 32,
    }.items():
        registered = Registered(service=service)
        store.numbers.add(
            number, US.name, carrier_sid="PN", capabilities="s", now=NOW, registered=registered
        )
    return store.suppressions


def test_a_stop_holds_for_the_service_of_its_number(in_several: Suppressions) -> None:
    places = {NUMBER: OTHER_SERVICE, OTHER_NUMBER: SERVICE, THIRD: "", FOREIGN: "MG" + "9" * 32}
    assert in_several.services_of([*places]) == places

    for said_to in places:
        assert in_several.stop(CARL, said_to, since=NOW, cause=f"us.SM{said_to}")
        assert [number for number in places if in_several.is_stopped(CARL, number)] == [said_to]
        in_several.resume(CARL, said_to, since=NOW + 1, cause=f"us.SM{said_to}b")
        assert not any(in_several.is_stopped(CARL, number) for number in places)


def test_a_stop_to_a_service_is_lifted_by_its_sid_and_by_its_number(
    in_several: Suppressions,
) -> None:
    for place, said_at in ((OTHER_SERVICE, NOW), (NUMBER, NOW + 5)):
        in_several.stop(CARL, NUMBER, since=said_at, cause=f"us.SM{place}")
        assert not in_several.lift(CARL, SERVICE, said_until=said_at + 1)
        assert in_several.lift(CARL, place, said_until=said_at + 1)
        assert not in_several.is_stopped(CARL, NUMBER)


def test_the_service_of_a_number_is_asked_in_the_same_round_trip(
    in_several: Suppressions, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips = []
    pipeline = client.pipeline

    def counted(**options: bool) -> object:
        trips.append(options)
        return pipeline(**options)

    monkeypatch.setattr(client, "pipeline", counted)
    monkeypatch.setattr(client, "hget", None)
    assert in_several.find_block(CARL, NUMBER).stopped_at is None
    assert len(trips) == 1


def test_a_person_is_found_while_index_keys_rotate(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert suppressions.is_stopped(["carl-newest-key", CARL[0]], NUMBER)


def test_start_undoes_a_stop_to_the_number_and_to_the_service(
    suppressions: Suppressions, in_service: Suppressions
) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    in_service.stop(CARL, NUMBER, since=NOW, cause="us.SM2")
    for _ in range(2):
        assert in_service.resume(CARL, NUMBER, since=NOW + 1, cause="us.SM3")
    assert not in_service.is_stopped(CARL, NUMBER)


def test_a_start_that_undoes_nothing_says_so(suppressions: Suppressions) -> None:
    assert not suppressions.resume(CARL, NUMBER, since=NOW, cause="us.SM1")


def test_the_same_word_again_gets_the_same_answer(suppressions: Suppressions) -> None:
    for _ in range(2):
        assert suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    for _ in range(2):
        assert suppressions.resume(CARL, NUMBER, since=NOW + 1, cause="us.SM2")


def test_a_word_that_comes_again_late_does_not_undo_a_later_one(
    suppressions: Suppressions,
) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    suppressions.resume(CARL, NUMBER, since=NOW + 1, cause="us.SM2")
    assert suppressions.stop(CARL, NUMBER, since=NOW + 2, cause="us.SM1")
    assert not suppressions.is_stopped(CARL, NUMBER)
    for count in range(3, 20):
        suppressions.stop(CARL, NUMBER, since=NOW + count, cause=f"us.SM{count}")
        suppressions.resume(CARL, NUMBER, since=NOW + count, cause=f"us.SM{count}b")
    assert not suppressions.is_stopped(CARL, NUMBER)


def test_a_second_stop_changes_nothing(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert not suppressions.stop(CARL, NUMBER, since=NOW + 1, cause="us.SM2")


def test_an_older_word_that_comes_later_changes_nothing(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    suppressions.resume(CARL, NUMBER, since=NOW + 10, cause="us.SM2")
    assert not suppressions.stop(CARL, NUMBER, since=NOW + 5, cause="us.SM0")
    assert not suppressions.is_stopped(CARL, NUMBER)


def test_a_stop_that_comes_after_a_later_start_does_not_stop(suppressions: Suppressions) -> None:
    """The START undid nothing that we knew of; it was the last word all the same."""
    assert not suppressions.resume(CARL, NUMBER, since=NOW + 10, cause="us.SM2")
    assert not suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert not suppressions.is_stopped(CARL, NUMBER)


def test_a_start_from_between_two_stops_does_not_undo_the_second(
    suppressions: Suppressions,
) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    suppressions.stop(CARL, NUMBER, since=NOW + 20, cause="us.SM3")
    assert not suppressions.resume(CARL, NUMBER, since=NOW + 10, cause="us.SM2")
    assert suppressions.is_stopped(CARL, NUMBER)


def test_a_word_that_changed_nothing_changes_nothing_when_it_comes_again(
    suppressions: Suppressions,
) -> None:
    """By webhook it comes with the time of its coming, not with the one when it was written."""
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    suppressions.stop(CARL, NUMBER, since=NOW + 1, cause="us.SM2")
    suppressions.resume(CARL, NUMBER, since=NOW + 2, cause="us.SM3")
    suppressions.stop(CARL, NUMBER, since=NOW - 1, cause="us.SM0")
    for cause in ("us.SM2", "us.SM0"):
        assert not suppressions.stop(CARL, NUMBER, since=NOW + 3, cause=cause)
    assert not suppressions.is_stopped(CARL, NUMBER)


def test_a_start_that_undid_nothing_is_forgotten_in_time_and_a_stop_never(
    suppressions: Suppressions, client: redis.Redis
) -> None:
    suppressions.resume(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert START_ALONE_FOR - 60 < client.ttl(BoardKeys("main").stopped(CARL[0])) <= START_ALONE_FOR
    suppressions.stop(CARL, NUMBER, since=NOW + 1, cause="us.SM2")
    assert client.ttl(BoardKeys("main").stopped(CARL[0])) == -1
    suppressions.resume(CARL, NUMBER, since=NOW + 2, cause="us.SM3")
    assert client.ttl(BoardKeys("main").stopped(CARL[0])) == -1


def test_a_stop_to_a_service_is_never_forgotten(
    in_service: Suppressions, client: redis.Redis
) -> None:
    in_service.resume(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert START_ALONE_FOR - 60 < client.ttl(DeploymentKeys().stopped(CARL[0])) <= START_ALONE_FOR
    in_service.stop(CARL, NUMBER, since=NOW + 1, cause="us.SM2")
    assert client.ttl(DeploymentKeys().stopped(CARL[0])) == -1


@pytest.mark.parametrize("ring", [["new", "old"], ["old", "new"]])
def test_a_stop_outlives_the_index_key_it_was_written_under(
    suppressions: Suppressions, in_service: Suppressions, ring: list[str]
) -> None:
    for stops in (suppressions, in_service):
        stops.stop(["old"], NUMBER, since=NOW, cause="us.SM1")
    for _ in range(2):
        in_service.carry_over(ring)
    assert suppressions.is_stopped(["new"], NUMBER)
    assert in_service.is_stopped(["new"], OTHER_NUMBER)
    for stops in (suppressions, in_service):
        assert stops.stop(["new"], NUMBER, since=NOW, cause="us.SM1"), "the cause, too"


def test_only_a_later_word_is_carried_over(suppressions: Suppressions, client: redis.Redis) -> None:
    suppressions.stop(["old"], NUMBER, since=NOW, cause="us.SM1")
    suppressions.resume(["new"], NUMBER, since=NOW + 1, cause="us.SM2")
    suppressions.carry_over(["new", "old"])
    assert not suppressions.is_stopped(["new", "old"], NUMBER)
    assert [client.ttl(BoardKeys("main").stopped(index)) for index in ("new", "old")] == [-1, -1]


def test_the_word_on_each_number_is_carried_over(suppressions: Suppressions) -> None:
    numbers = [f"+1415555016{digit}" for digit in range(5)]
    for number in numbers:
        suppressions.stop(["old"], number, since=NOW, cause="us.SM1")
    suppressions.carry_over(["new", "old"])
    assert all(suppressions.is_stopped(["new"], number) for number in numbers)


def test_a_start_alone_is_forgotten_in_time_wherever_it_is_carried_to(
    suppressions: Suppressions, client: redis.Redis
) -> None:
    suppressions.resume(["old"], NUMBER, since=NOW, cause="us.SM1")
    suppressions.carry_over(["new", "old"])
    assert START_ALONE_FOR - 60 < client.ttl(BoardKeys("main").stopped("new")) <= START_ALONE_FOR
    suppressions.carry_over(["nobody", "no one"])
    assert not client.exists(BoardKeys("main").stopped("nobody"))


WEEK = 7 * 24 * 3600


def test_what_the_carrier_refuses_again_is_known_from_then_on(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert suppressions.find_block(CARL, NUMBER).stopped_at == NOW
    for _ in range(2):
        suppressions.note_refused(CARL[1:], NUMBER, attempted_at=NOW + WEEK, cause="us.SM2")
    suppressions.note_refused(CARL[1:], NUMBER, attempted_at=NOW + 1, cause="us.SM5")
    assert suppressions.find_block(CARL, NUMBER).stopped_at == NOW + WEEK
    assert suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1"), "the STOP stays the STOP"
    suppressions.resume(CARL, NUMBER, since=NOW + WEEK, cause="us.SM3")
    assert suppressions.find_block(CARL, NUMBER).stopped_at is None
    suppressions.stop(CARL, NUMBER, since=NOW + WEEK + 1, cause="us.SM4")
    assert suppressions.find_block(CARL, NUMBER).stopped_at == NOW + WEEK + 1


def test_a_refusal_holds_where_the_stop_is(
    suppressions: Suppressions, in_service: Suppressions
) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    in_service.note_refused(CARL, NUMBER, attempted_at=NOW + 5, cause="us.SM2")
    assert suppressions.find_block(CARL, NUMBER).stopped_at == NOW + 5
    assert not in_service.is_stopped(CARL, OTHER_NUMBER)
    in_service.note_refused(CARL, OTHER_NUMBER, attempted_at=NOW + 6, cause="us.SM3")
    assert in_service.find_block(CARL, OTHER_NUMBER).stopped_at == NOW + 6


def test_a_lifted_stop_is_lifted_in_every_scope(
    suppressions: Suppressions, in_service: Suppressions
) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    in_service.stop(CARL, NUMBER, since=NOW + 1, cause="us.SM2")
    assert in_service.lift(CARL, NUMBER, said_until=NOW + 2)
    assert not in_service.is_stopped(CARL, NUMBER)
    assert not in_service.lift(CARL, NUMBER, said_until=NOW + 2)


def test_a_lift_undoes_only_what_was_said_between_its_moments(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert not suppressions.lift(CARL, NUMBER, said_until=NOW - 1)
    assert not suppressions.lift(CARL, NUMBER, said_since=NOW + 1, said_until=NOW + 2)
    assert suppressions.is_stopped(CARL, NUMBER)
    assert suppressions.lift(CARL, NUMBER, said_since=NOW, said_until=NOW + 9)
    assert not suppressions.stop(CARL, NUMBER, since=NOW + 8, cause="us.SM2"), "fetched late"
    assert suppressions.stop(CARL, NUMBER, since=NOW + 10, cause="us.SM3")


def test_a_lift_undoes_what_was_said_at_its_last_moment(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert suppressions.lift(CARL, NUMBER, said_until=NOW)


def test_after_a_lift_the_carrier_may_keep_its_block_until_it_takes_a_text(
    suppressions: Suppressions,
) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    suppressions.lift(CARL, NUMBER, said_until=NOW + 1)
    assert suppressions.find_block(CARL, NUMBER) == (None, True)
    assert not suppressions.note_taken(CARL, NUMBER, said_until=NOW)
    assert suppressions.note_taken(CARL, NUMBER, said_until=NOW + 2)
    assert suppressions.find_block(CARL, NUMBER) == (None, False)
    assert not suppressions.note_taken(CARL, NUMBER, said_until=NOW + 3)
    assert not suppressions.resume(CARL, NUMBER, since=NOW + 4, cause="us.SM2")


def test_a_start_after_a_lift_ends_the_carrier_s_block(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    suppressions.lift(CARL, NUMBER, said_until=NOW + 1)
    for _ in range(2):
        assert suppressions.resume(CARL, NUMBER, since=NOW + 2, cause="us.SM2")
    assert suppressions.find_block(CARL, NUMBER) == (None, False)


def test_to_lift_nothing_leaves_nothing(suppressions: Suppressions, client: redis.Redis) -> None:
    assert not suppressions.lift(CARL, NUMBER, said_until=NOW)
    assert not client.exists(BoardKeys("main").stopped(CARL[0]))


def test_a_word_from_before_refusals_were_kept_is_read(
    suppressions: Suppressions, client: redis.Redis
) -> None:
    client.hset(BoardKeys("main").stopped(CARL[0]), NUMBER, "stopped 100.000 us.SM1,~us.SM0")
    assert suppressions.find_block(CARL, NUMBER).stopped_at == 100
    suppressions.note_refused(CARL, NUMBER, attempted_at=200, cause="us.SM2")
    assert suppressions.find_block(CARL, NUMBER).stopped_at == 200
    assert suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")


@pytest.mark.parametrize("damaged", ["stopped", "stopped x y z", "stopped  "])
def test_a_damaged_stop_holds_and_the_next_word_mends_it(
    suppressions: Suppressions, client: redis.Redis, damaged: str
) -> None:
    client.hset(BoardKeys("main").stopped(CARL[0]), NUMBER, damaged)
    assert suppressions.is_stopped(CARL, NUMBER)
    suppressions.note_refused(CARL, NUMBER, attempted_at=NOW, cause="us.SM1")
    assert suppressions.find_block(CARL, NUMBER).stopped_at == NOW
    assert suppressions.resume(CARL, NUMBER, since=NOW + 1, cause="us.SM2")


def test_what_each_phone_has_stopped_is_known_at_once(
    suppressions: Suppressions, in_service: Suppressions
) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    suppressions.stop(CARL[1:], OTHER_NUMBER, since=NOW, cause="us.SM2")
    in_service.stop(["dan"], NUMBER, since=NOW, cause="us.SM3")

    assert suppressions.stopped_by_each([CARL, ["dan"], [], ["rita"], CARL[:1]]) == [
        {NUMBER, OTHER_NUMBER},
        set(),
        set(),
        set(),
        {NUMBER},
    ]
    assert suppressions.stopped_by_each([]) == []
