"""What the scripts of a rotation move, and that others' work meanwhile is not undone."""

from __future__ import annotations

import redis

from relay.domain.participant import Role
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason
from relay.domain.texts import NotYet, SendLease
from relay.store.resealing import Cooling, Indexed, KeptText, Kind
from relay.store.store import Store
from tests.board import Board
from tests.invariants import audit_under_keys
from tests.store.test_messages import Texts
from tests.world import CARL, NOW, Pair, index_of


def test_p1_a_phones_bindings_move_to_another_index(board: Board) -> None:
    """Open and cooling ones, in either role, shared numbers and phones it has left."""
    for ref in ("rita", "rob"):
        board.register_recruiter(ref, "a" if ref == "rita" else "b")
    for ref in ("carl", "dan", "eve", "fay"):
        board.register_candidate(ref, ref)
    board.register_candidate("rita-too", "a")
    shared = [board.open("rita", ref) for ref in ("carl", "dan", "eve")]
    board.add_number(3)
    cooling = board.open("rob", "rita-too")
    board.close(cooling)
    board.change(Role.RECRUITER, "rita", "c")
    before = board.audit()

    assert board.store.resealing.move_bindings("a", "a-anew")
    after = board.audit()

    assert set(after) == set(before)
    assert not board.client.exists(board.store.keys.phone("a"))
    for session in shared:
        assert (Role.RECRUITER, "a-anew") in after[session.id].former
        assert after[session.id].recruiter.phone_index == "c"
    assert after[cooling.id].candidate.phone_index == "a-anew"
    assert board.call("c", shared[0].virtual_number).state is RouteState.CONNECT
    assert board.store.resealing.move_bindings("a", "a-anew")
    assert board.audit() == after
    board.wait(200)
    assert not board.client.exists(board.store.keys.phone("a-anew"))


def test_bindings_move_though_a_session_is_not_on_record_any_more(board: Board) -> None:
    board.register_recruiter("rita", "a")
    for ref in ("carl", "dan"):
        board.register_candidate(ref, ref)
    lost, kept = (board.open("rita", ref) for ref in ("carl", "dan"))
    board.client.hdel(board.store.keys.sessions, lost.id)
    assert board.store.resealing.move_bindings("a", "a-anew")
    assert board.call("a-anew", kept.virtual_number).state is RouteState.CONNECT


def test_bindings_under_two_indexes_of_one_phone_stay_apart(board: Board) -> None:
    board.register_recruiter("rita", "a")
    board.register_recruiter("rita-too", "b")
    board.register_candidate("carl", "c")
    board.register_candidate("dan", "d")
    board.open("rita", "carl")
    board.open("rita-too", "dan")
    before = board.audit()

    assert not board.store.resealing.move_bindings("a", "b")
    assert board.audit() == before


def test_p4_what_waits_for_a_phone_moves_with_it(client: redis.Redis, store: Store) -> None:
    """Also while it is being sent: the worker that has its turn keeps it."""
    texts = Texts(Pair(client, store))
    first, second = texts.accepted(), texts.accepted()
    begun = texts.begin(first)
    assert isinstance(begun, SendLease)
    index, anew = index_of(CARL), index_of("+13105550128")

    assert store.resealing.move_bindings(index, anew)

    assert isinstance(texts.outbox.begin(first, token="another", now=NOW), NotYet)
    assert texts.confirm(first, "t1") == second
    turn = texts.begin(second, "t2")
    assert isinstance(turn, SendLease)
    assert turn.index == anew
    assert texts.confirm(second, "t2") == ""
    assert not client.exists(store.keys.lanes)
    assert not client.exists(store.keys.sending)


def test_who_changes_again_and_again_is_left_for_the_next_run(board: Board) -> None:
    board.register_recruiter("rita", "a")
    board.register_candidate("carl", "c")
    board.open("rita", "carl")
    resealing = board.store.resealing
    client = resealing._client

    class Blind:
        """Sees nothing of what is bound, as one who always comes too late."""

        def __getattr__(self, name: str) -> object:
            return getattr(client, name)

        def hgetall(self, _name: str) -> dict[str, str]:
            return {}

    resealing._client = Blind()
    assert not resealing.move_bindings("a", "a-anew")
    resealing._client = client
    assert resealing.move_bindings("a", "a-anew")


def test_a_kept_text_is_sealed_anew_only_while_it_is_the_one_that_was_read(
    client: redis.Redis, store: Store
) -> None:
    texts = Texts(Pair(client, store))
    message, gone = (texts.accepted(text=text) for text in ("one", "two"))
    life = client.pttl(store.keys.body(message))
    assert store.resealing.counts()[Kind.TEXT, "k1"] == 2
    ((kept, lost),) = store.resealing.texts_not_under("k2")
    body = client.get(store.keys.body(message))
    assert kept == KeptText(message, texts.pair.session.id, Role.CANDIDATE, body)
    assert lost.message == gone
    texts.begin(message)
    texts.give_up(message)
    texts.begin(gone)
    assert texts.outbox.split(gone, token="t1", now=NOW, first="k1:t", second="k2:wo")

    assert not store.resealing.replace_text(kept, "k2:one", now=NOW)
    assert not store.resealing.replace_text(lost, "k2:two", now=NOW)
    audit_under_keys(client)
    ((first,),) = store.resealing.texts_not_under("k2")
    assert store.resealing.replace_text(first, "k2:t", now=NOW)

    assert store.resealing.counts()[Kind.TEXT, "k2"] == 2
    assert (Kind.TEXT, "k1") not in store.resealing.counts()
    assert life - 60_000 < client.pttl(store.keys.body(gone)) <= life
    audit_under_keys(client)


def test_a_text_that_has_ended_by_itself_is_counted_off_by_the_next(
    client: redis.Redis, store: Store
) -> None:
    texts = Texts(Pair(client, store))
    ended = texts.accepted(text="one")
    client.delete(store.keys.body(ended))
    assert list(store.resealing.texts_not_under("k2")) == [[]]
    later = client.zscore(store.keys.kept_bodies, f"k1:{ended}") + 1
    assert store.resealing.counts()[Kind.TEXT, "k1"] == 1
    texts.accept(text="two", now=later)

    assert store.resealing.counts()[Kind.TEXT, "k1"] == 1
    audit_under_keys(client)


def test_a_record_that_has_changed_since_is_not_put_back(board: Board) -> None:
    board.register_recruiter("rita")
    board.register_candidate("carl")
    session = board.open("rita", "carl")
    (((found, record),),) = board.store.resealing.sessions()
    assert found == session
    closed = board.close(session, ClosedReason.BLOCKED)

    board.store.resealing.replace_session(session.id, seen=record, record=record)
    assert board.read(session) == closed


def test_people_are_walked_through_with_their_keys(board: Board) -> None:
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    board.open("rita", "carl")
    people = [person for batch in board.store.resealing.people() for person in batch]
    assert sorted(people) == [
        Indexed(Role.CANDIDATE, "carl", f"k1:{'1' * 16}c", ("c",), ("k1",)),
        Indexed(Role.RECRUITER, "rita", f"k1:{'1' * 16}r", ("r",), ("k1",)),
    ]
    known = people[0]._replace(indexes=("anew", "r"))
    assert board.store.resealing.bound_elsewhere([known, known]) == [("r", "anew")]
    assert board.store.resealing.how_much() == 3


def test_what_cools_is_told_with_who_has_it(board: Board) -> None:
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    assert list(board.store.resealing.cooling("us")) == [[]]
    session = board.open("rita", "carl")
    board.change(Role.RECRUITER, "rita", "anew")
    assert list(board.store.resealing.cooling("us")) == [[Cooling("r", board.now + 50, ("anew",))]]
    board.client.hdel(board.store.keys.sessions, session.id)
    assert list(board.store.resealing.cooling("us")) == [[Cooling("r", board.now + 50, ())]]
