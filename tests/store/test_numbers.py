"""Virtual numbers: which pool each is in, and its place there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from relay.domain.pool import NumberStatus
from relay.store.key_declarations import Keys
from relay.store.keys import DeploymentKeys
from relay.store.numbers import Numbers
from relay.store.scripts import Scripts
from relay.store.store import Store
from tests.board import NOW, Board, number, take_out
from tests.key_ring import SIGNER


def test_a_number_reads_back_as_it_was_imported(board: Board) -> None:
    found = board.store.numbers.get(number(1))
    assert found is not None
    assert (found.pool, found.ordinal, found.status) == ("us", 1, NumberStatus.AVAILABLE)
    assert (found.voice, found.sms, found.mms) == (True, True, False)
    assert (found.carrier_sid, found.imported_at) == ("PN", NOW)
    assert [n.number for n in board.store.numbers.of_pool("us")] == [number(i) for i in range(3)]
    assert board.store.numbers.get("+1") is None


def test_importing_twice_is_importing_once(board: Board) -> None:
    def add() -> bool:
        return board.store.numbers.add("+86170", "us", carrier_sid="PN", capabilities="v", now=NOW)

    assert add()
    assert not add()
    board.audit()


def test_a_reserved_number_is_not_given_to_anybody(board: Board) -> None:
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    for place in range(3):
        board.store.numbers.set_status(number(place), "us", NumberStatus.RESERVED)
    board.store.numbers.add(
        "+1500", "us", carrier_sid="PN", capabilities="v", now=1, status=NumberStatus.RESERVED
    )
    board.store.numbers.set_status(number(2), "us", NumberStatus.AVAILABLE)
    assert board.open("rita", "carl").virtual_number == number(2)
    assert not board.store.numbers.set_status("+1", "us", NumberStatus.RESERVED)


def test_a_number_leaves_when_nothing_is_bound_to_it(board: Board) -> None:
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    session = board.open("rita", "carl")
    assert take_out(board.store, number(0)) == "bound"
    board.close(session)
    board.wait(99)
    assert take_out(board.store, number(0)) == "bound"
    board.wait(1)
    assert take_out(board.store, number(0)) == "removed"
    assert take_out(board.store, number(0)) == "unknown"
    assert board.store.numbers.get(number(0)) is None
    board.audit()


def test_a_vacant_place_is_filled_first(board: Board) -> None:
    take_out(board.store, number(1))
    board.add_number(7)
    board.add_number(8)
    places = {n.number: n.ordinal for n in board.store.numbers.of_pool("us")}
    assert (places[number(7)], places[number(8)]) == (1, 3)
    board.audit()


def test_p1_a_number_in_a_vacant_place_has_nobody_of_the_one_before(board: Board) -> None:
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    board.close(board.open("rita", "carl"))
    board.wait(200)
    take_out(board.store, number(0))
    board.add_number(5)
    again = board.open("rita", "carl")
    assert again.virtual_number == number(5)
    board.audit()


def test_the_map_of_numbers_is_remembered_until_it_is_looked_at_again(board: Board) -> None:
    numbers = board.store.numbers
    assert numbers.find_pool(number(0)) == "us"
    take_out(Store(board.client, SIGNER), number(0))
    assert numbers.find_pool(number(0)) == "us"
    assert numbers.look_again(number(0)) is None


def test_a_number_that_has_just_come_is_found_at_once(board: Board) -> None:
    numbers = board.store.numbers
    assert numbers.find_pool(number(9)) is None
    others = Store(board.client, SIGNER).numbers
    others.add(number(9), "us", carrier_sid="PN", capabilities="v", now=NOW)
    assert numbers.find_pool(number(9)) == "us"


class MeanwhileScripts(Scripts):
    """After ``name`` has run, another process does something before this one goes on."""

    def __init__(self, board: Board, name: str, meanwhile: Callable[[], object]) -> None:
        super().__init__(board.client)
        self._name, self._meanwhile = name, meanwhile

    def run(self, name: str, keys: Keys, /, *, durably: bool = True, **args: Any) -> Any:
        answer = super().run(name, keys, durably=durably, **args)
        if name == self._name:
            self._meanwhile()
        return answer


def give_back(board: Board, scripts: Scripts) -> None:
    board.store.numbers.retire(number(1), "us")
    release = board.store.numbers.releasing("us")[number(1)]
    Numbers(board.client, scripts, board.store.keys, board.store.number_map, SIGNER).note_released(
        release, "us", now=NOW
    )


def test_a_number_put_back_while_it_is_released_stays_on_the_map(board: Board) -> None:
    give_back(board, MeanwhileScripts(board, "note_released", lambda: board.add_number(1)))
    assert Store(board.client, SIGNER).numbers.find_pool(number(1)) == "us"
    board.audit()


def test_an_import_refused_while_a_number_is_released_leaves_nothing_on_the_map(
    board: Board,
) -> None:
    def try_to_import() -> None:
        board.client.hsetnx(DeploymentKeys().numbers, number(1), "main/us")

    give_back(board, MeanwhileScripts(board, "note_released", try_to_import))
    assert Store(board.client, SIGNER).numbers.find_pool(number(1)) is None


def test_a_release_strikes_off_its_own_rental_and_no_later_one(board: Board) -> None:
    board.store.numbers.retire(number(1), "us")
    earlier = board.store.numbers.releasing("us")[number(1)]
    later = replace(earlier, carrier_sid="PN2")
    board.store.numbers.note_released(later, "us", now=NOW)
    assert board.store.numbers.releasing("us") == {number(1): earlier}


def test_a_number_rented_anew_is_known_by_its_new_rental(board: Board) -> None:
    numbers = board.store.numbers
    for _ in range(2):
        assert not numbers.add(
            number(1), "us", carrier_sid="PN2", capabilities="vs", now=NOW, rented_since=NOW + 9,
            account="AC2",
        )  # fmt: skip
    found = numbers.get(number(1))
    assert (found.carrier_sid, found.rented_since, found.account) == ("PN2", NOW + 9, "AC2")
    assert found.imported_at == NOW


def test_a_number_removed_while_it_is_put_back_is_on_the_map(board: Board) -> None:
    """The removal takes the entry away when the number is in its pool again already, and dies."""
    take_out(board.store, number(1))
    scripts = MeanwhileScripts(
        board, "import_number", lambda: board.client.hdel(DeploymentKeys().numbers, number(1))
    )
    numbers = Numbers(board.client, scripts, board.store.keys, board.store.number_map, SIGNER)
    assert numbers.add(number(1), "us", carrier_sid="PN", capabilities="v", now=NOW)
    assert numbers.find_pool(number(1)) == "us"


def test_a_number_that_was_used_unseen_is_idle_only_from_then_on(board: Board) -> None:
    board.store.idle_numbers.note("us", [number(0)], now=NOW)
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    session = board.open("rita", "carl")
    assert board.store.idle_numbers.since("us", before=NOW) == []
    board.close(session)
    board.wait(200)
    board.store.idle_numbers.note("us", [number(0)], now=board.now)
    assert board.store.idle_numbers.since("us", before=board.now - 1) == []


def test_a_number_that_was_reserved_is_idle_only_from_then_on(board: Board) -> None:
    board.store.idle_numbers.note("us", [number(0)], now=NOW)
    for status in (NumberStatus.RESERVED, NumberStatus.AVAILABLE):
        board.store.numbers.set_status(number(0), "us", status)
    board.store.idle_numbers.note("us", [number(0)], now=NOW + 100)
    assert board.store.idle_numbers.since("us", before=NOW + 99) == []
    assert board.store.idle_numbers.since("us", before=NOW + 100) == [number(0)]
