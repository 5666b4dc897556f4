from __future__ import annotations

import pytest

from relay.store.store import Store
from relay.store.suppressions import SERVICE, Suppressions
from tests.pair import NOW, NUMBER, OTHER_NUMBER

CARL = ["carl-new-key", "carl-old-key"]


@pytest.fixture
def suppressions(store: Store) -> Suppressions:
    return store.suppressions


def test_a_stop_holds_for_its_number_only(suppressions: Suppressions) -> None:
    assert suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert suppressions.is_stopped(CARL, NUMBER)
    assert not suppressions.is_stopped(CARL, OTHER_NUMBER)
    assert not suppressions.is_stopped(["rita"], NUMBER)


def test_a_stop_of_the_service_holds_for_every_number(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, SERVICE, since=NOW, cause="us.SM1")
    assert suppressions.is_stopped(CARL, OTHER_NUMBER)


def test_a_person_is_found_while_index_keys_rotate(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    assert suppressions.is_stopped(["carl-newest-key", CARL[0]], NUMBER)


def test_start_undoes_a_stop_of_the_number_and_of_the_service(suppressions: Suppressions) -> None:
    suppressions.stop(CARL, NUMBER, since=NOW, cause="us.SM1")
    suppressions.stop(CARL, SERVICE, since=NOW, cause="us.SM2")
    assert suppressions.resume(CARL, NUMBER, since=NOW + 1, cause="us.SM3")
    assert not suppressions.is_stopped(CARL, NUMBER)


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
