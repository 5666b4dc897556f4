"""People's records: who has which phone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.domain.errors import RateLimited
from relay.domain.guesses import (
    CONTEXTS,
    MOST_NEW_COUNTERPARTS,
    MOST_REGISTERED,
    PHONES,
    WINDOW,
)
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.store import phone_changes
from relay.store.claims import SamePhone
from relay.store.keys import BoardKeys
from relay.store.people import PutOutcome
from tests.board import ASKER, NOW, Board, person

CANDIDATE, RECRUITER = Role.CANDIDATE, Role.RECRUITER
KEYS = BoardKeys("main")


def holder(board: Board, index: str) -> str | None:
    return board.client.get(BoardKeys("main").holder(index))


def get(board: Board, role: Role, ref: str) -> Participant:
    found = board.store.people.get(role, ref)
    assert found is not None
    return found


# --- put and get ----------------------------------------------------------------------


def test_somebody_put_on_record_reads_back_as_they_were(board: Board) -> None:
    rita = replace(
        person(RECRUITER, "rita", "r"),
        name="Rita",
        organization="Acme",
        time_zone="Asia/Shanghai",
        locale="zh-CN",
        stamped_guard="stamp keys discreet",
    )
    assert board.store.people.put(rita, client=ASKER, now=5.7) is PutOutcome.CREATED
    assert get(board, RECRUITER, "rita") == replace(rita, created_at=5, updated_at=5)
    assert board.store.people.get(CANDIDATE, "rita") is None


def test_an_update_keeps_the_day_of_creation(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    board.now += 10
    assert board.register(RECRUITER, "rita", "r", seal="2") is PutOutcome.UPDATED

    rita = get(board, RECRUITER, "rita")
    assert rita.updated_at - rita.created_at == 10


def test_a_put_seals_a_phone_anew_when_it_knows_its_seal(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    rita = get(board, RECRUITER, "rita")
    anew = replace(rita, sealed_phone=rita.sealed_phone.replace("k1:", "k2:"))
    board.store.people.put(anew, client=ASKER, now=1)
    assert get(board, RECRUITER, "rita").sealed_phone == anew.sealed_phone


def test_a_put_never_replaces_a_phone(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    assert board.register(RECRUITER, "rita", "q") is PutOutcome.OTHER_PHONE
    assert get(board, RECRUITER, "rita").phone_indexes == ("r",)


def test_recruiters_may_share_a_phone_and_candidates_may_not(board: Board) -> None:
    board.register(RECRUITER, "rita", "p")
    assert board.register(RECRUITER, "quinn", "p") is PutOutcome.CREATED
    assert board.register(CANDIDATE, "carl", "p") is PutOutcome.CREATED
    assert board.register(CANDIDATE, "dan", "p") is PutOutcome.HELD
    assert board.store.people.get(CANDIDATE, "dan") is None


def test_a_phone_known_under_any_index_key_is_the_same_phone(board: Board) -> None:
    board.register(CANDIDATE, "carl", "old")
    rotated = replace(
        person(CANDIDATE, "carl", "new"), phone_indexes=("new", "old"), index_key_ids=("k2", "k1")
    )
    assert board.store.people.put(rotated, client=ASKER, now=1) is PutOutcome.UPDATED
    assert get(board, CANDIDATE, "carl").phone_indexes == ("new", "old")
    assert (holder(board, "new"), holder(board, "old")) == ("carl", None)
    dans = replace(rotated, ref="dan")
    assert board.store.people.put(dans, client=ASKER, now=1) is PutOutcome.HELD


def test_somebody_without_a_phone_gets_the_first_one_given(board: Board) -> None:
    board.register(CANDIDATE, "carl", "c")
    board.change(CANDIDATE, "dan", "c", take_over=True)
    assert get(board, CANDIDATE, "carl").status is ParticipantStatus.WITHOUT_PHONE
    assert board.register(CANDIDATE, "carl", "x") is PutOutcome.UPDATED
    assert get(board, CANDIDATE, "carl").status is ParticipantStatus.ACTIVE
    assert get(board, CANDIDATE, "carl").phone_indexes == ("x",)


# --- indexes --------------------------------------------------------------------------


def test_indexes_follow_the_ring_unless_the_phone_has_changed(board: Board) -> None:
    board.register(CANDIDATE, "carl", "old")
    carl = get(board, CANDIDATE, "carl")
    rotated = replace(carl, phone_indexes=("new", "old"), index_key_ids=("k2", "k1"))
    rotated = replace(rotated, sealed_phone=carl.sealed_phone.replace("k1:", "k2:"))
    assert board.store.people.reindex(rotated, known=carl)
    assert get(board, CANDIDATE, "carl") == rotated
    assert (holder(board, "new"), holder(board, "old")) == ("carl", None)

    moved = replace(rotated, sealed_phone="k1:another", phone_indexes=("other",))
    assert not board.store.people.reindex(moved, known=moved)
    assert get(board, CANDIDATE, "carl") == rotated


def test_what_is_known_of_a_phone_follows_its_index_whatever_that_has_in_it(board: Board) -> None:
    board.register(CANDIDATE, "carl", "o-l_d")
    carl = get(board, CANDIDATE, "carl")
    board.client.hset(board.store.keys.reach, "candidate:carl", "landline o-l_d")
    assert board.store.people.reindex(replace(carl, phone_indexes=("n-ew",)), known=carl)
    assert board.client.hget(board.store.keys.reach, "candidate:carl") == "landline n-ew"


def test_a_recruiters_indexes_hold_nothing(board: Board) -> None:
    board.register(RECRUITER, "rita", "r")
    rita = get(board, RECRUITER, "rita")
    rotated = replace(rita, phone_indexes=("new", "r"), index_key_ids=("k2", "k1"))
    assert board.store.people.reindex(rotated, known=rita)
    assert holder(board, "new") is None


# --- guesses --------------------------------------------------------------------------


def put(
    board: Board, ref: str, phone: str, client: str = "k", role: Role = CANDIDATE
) -> PutOutcome:
    return board.store.people.put(person(role, ref, phone), client=client, now=NOW)


def test_p2_a_persons_phone_is_guessed_five_times_a_day(board: Board) -> None:
    """After that the right one is answered as a wrong one, whichever key asks."""
    put(board, "carl", "c")
    for guess in range(PHONES.of):
        assert put(board, "carl", f"g{guess}", f"key{guess}") is PutOutcome.OTHER_PHONE
    for phone in ("c", "g9"):
        with pytest.raises(RateLimited) as refused:
            put(board, "carl", phone, "another")
        assert 86_000 < (refused.value.retry_after or 0) <= 86_400
    assert put(board, "dan", "d") is PutOutcome.CREATED


def test_p2_a_key_has_a_small_number_of_guesses_a_day(board: Board) -> None:
    put(board, "carl", "c", "another")
    for guess in range(PHONES.by):
        assert put(board, f"probe{guess}", "c") is PutOutcome.HELD
    for phone in ("c", "nobodys"):
        with pytest.raises(RateLimited):
            put(board, "probe", phone)
    assert put(board, "eve", "e", "another") is PutOutcome.CREATED
    assert put(board, "rita", "c", role=RECRUITER) is PutOutcome.CREATED, "nothing is compared"


def test_who_puts_many_on_record_has_one_more_guess_for_each_hundred(board: Board) -> None:
    """Phones are counted with an error of a percent."""
    for ref in range(PHONES.registered_a_guess + 5):
        put(board, f"c{ref}", f"p{ref}")
    for guess in range(PHONES.by + 1):
        assert put(board, f"probe{guess}", "p1") is PutOutcome.HELD
    with pytest.raises(RateLimited):
        put(board, "probe", "p1")


def test_p2_guesses_are_not_bought_by_putting_one_phone_on_record_again(board: Board) -> None:
    """Under one ref, erased each time, and under many refs."""
    put(board, "carl", "c", "another")
    for again in range(2 * PHONES.registered_a_guess):
        assert put(board, "rita", "r", role=RECRUITER) is PutOutcome.CREATED
        board.erase(RECRUITER, "rita")
        assert put(board, f"r{again}", "r", role=RECRUITER) is PutOutcome.CREATED
    for guess in range(PHONES.by):
        assert put(board, f"probe{guess}", "c") is PutOutcome.HELD
    with pytest.raises(RateLimited):
        put(board, "probe", "c")


def test_p2_a_key_has_no_more_guesses_after_so_many_phones(board: Board) -> None:
    put(board, "carl", "c", "another")
    for first in range(0, 2 * MOST_REGISTERED, 1000):
        board.client.pfadd(KEYS.registered("k"), *range(first, first + 1000))
    most = PHONES.by + MOST_REGISTERED // PHONES.registered_a_guess
    board.client.set(KEYS.guesses_by("phone", "k"), most - 1, ex=86_400)
    assert put(board, "probe", "c") is PutOutcome.HELD
    with pytest.raises(RateLimited):
        put(board, "probe", "c")


def test_to_repeat_what_one_has_said_is_no_guess(board: Board) -> None:
    put(board, "carl", "c")
    for _ in range(PHONES.of + 2):
        assert put(board, "carl", "c") is PutOutcome.UPDATED
    assert not board.client.exists(KEYS.guesses_by("phone", "k"))


def meet(board: Board, recruiter: str, phone: str) -> None:
    """A recruiter of this phone is put on record, and a session with Carl asked for."""
    put(board, recruiter, phone, role=RECRUITER)
    board.claim(board.enter(recruiter, "carl"))


def test_p2_a_person_is_paired_with_so_many_new_counterparts_a_day(board: Board) -> None:
    """A recruiter's phone may be a guess of the candidate's, since one phone cannot be both: it may
    have been put on record long before. Most of these find no number."""
    put(board, "carl", "c")
    for guess in range(MOST_NEW_COUNTERPARTS[CANDIDATE]):
        meet(board, f"r{guess}", f"g{guess}")
    for ref, phone in (("wrong", "w"), ("right", "c")):
        with pytest.raises(RateLimited):
            meet(board, ref, phone)
    meet(board, "r0", "g0")  # a phone that was counted is no new question

    counted = KEYS.new_counterparts(CANDIDATE, "carl")
    assert 86_400 - 60 < board.client.ttl(counted) <= 86_400
    board.client.delete(counted)
    assert isinstance(board.claim(board.enter("right", "carl")), SamePhone)


def test_p2_a_recruiter_who_comes_again_with_another_phone_is_another_guess(board: Board) -> None:
    """They were erased in between, and the pair's past session is on record."""
    put(board, "carl", "c")
    meet(board, "rita", "r")
    for guess in range(MOST_NEW_COUNTERPARTS[CANDIDATE] - 1):
        board.store.erasures.erase(RECRUITER, "rita", now=board.now)
        meet(board, "rita", f"g{guess}")
    board.store.erasures.erase(RECRUITER, "rita", now=board.now)
    with pytest.raises(RateLimited):
        meet(board, "rita", "c")


def test_p2_a_phone_change_beside_a_session_is_a_guess_at_the_other_side(board: Board) -> None:
    """The new phone is compared with that of each other side, of whom none is asked about then."""
    put(board, "carl", "c")
    put(board, "dan", "d")
    put(board, "rita", "r", role=RECRUITER)
    board.open("rita", "carl")
    for guess in range(MOST_NEW_COUNTERPARTS[CANDIDATE] - 1):
        board.change_phone(RECRUITER, "rita", f"g{guess}")
    board.open("rita", "dan")
    for phone in ("wrong", "c"):
        with pytest.raises(RateLimited) as refused:
            board.change(RECRUITER, "rita", phone)
        assert 86_000 < (refused.value.retry_after or 0) <= 86_400
    board.change_phone(RECRUITER, "rita", "g0")  # a phone that was counted is no new question
    assert board.client.strlen(KEYS.new_counterparts(CANDIDATE, "dan")) == 2 * len("a-phone: ")

    board.client.delete(KEYS.new_counterparts(CANDIDATE, "carl"))
    assert isinstance(board.change(RECRUITER, "rita", "c"), phone_changes.SamePhone)
    board.audit()


def test_who_may_not_meet_more_uses_up_nobody_elses_day(board: Board) -> None:
    put(board, "carl", "c")
    put(board, "rita", "r", role=RECRUITER)
    met = KEYS.new_counterparts(RECRUITER, "rita")
    board.client.set(met, "a-phone: " * MOST_NEW_COUNTERPARTS[RECRUITER], ex=86_400)
    with pytest.raises(RateLimited):
        board.claim(board.enter("rita", "carl"))
    assert not board.client.exists(KEYS.new_counterparts(CANDIDATE, "carl"))


def test_a_pair_that_has_a_session_is_no_guess(board: Board) -> None:
    put(board, "carl", "c")
    meet(board, "rita", "r")
    board.client.delete(KEYS.new_counterparts(CANDIDATE, "carl"))
    board.close(board.open("rita", "carl"))
    board.open("rita", "carl")
    assert not board.client.exists(KEYS.new_counterparts(CANDIDATE, "carl"))


def test_who_has_had_a_days_contexts_compared_waits_for_the_day_to_end(board: Board) -> None:
    """Whichever keys have asked."""

    def compare(place: int) -> None:
        board.store.people.count_compared(CANDIDATE, "carl", f"f{place}", client=f"key-{place}")

    for place in range(CONTEXTS[CANDIDATE].of):
        compare(place)
    with pytest.raises(RateLimited) as refused:
        compare(1000)
    assert WINDOW - 60 < refused.value.retry_after <= WINDOW
    compare(0)


def test_people_are_listed_by_ref_page_by_page(board: Board) -> None:
    for ref in ("c", "a", "d", "b"):
        board.register_candidate(ref)
    board.register_recruiter("rita")
    board.erase(Role.CANDIDATE, "d")

    def refs(role: Role = Role.CANDIDATE, *, after: str = "", limit: int = 10) -> list[str]:
        people, _ = board.store.people.list(role, after=after, limit=limit)
        return [person.ref for person in people]

    assert refs() == ["a", "b", "c"]
    assert refs(limit=2) == ["a", "b"]
    assert refs(after="b") == ["c"]
    assert board.store.people.list(CANDIDATE, after="a", limit=2)[1] is None
    assert refs(Role.RECRUITER) == ["rita"]


def test_no_two_erasures_are_of_one_moment(board: Board) -> None:
    """Each is final once the files are older: those of one millisecond are told apart."""
    moments = []
    for ref in ("rita", "nora", "quinn"):
        board.register_recruiter(ref)
        board.store.erasures.erase(RECRUITER, ref, now=board.now)
        erased = board.client.zrange(board.store.keys.erasures, 0, -1, withscores=True)
        moments.append(dict(erased)[f"recruiter:{ref}"])
    assert moments == sorted(set(moments))


def test_who_is_erased_while_a_page_is_read_ends_no_list(board: Board) -> None:
    for ref in ("a", "b", "c"):
        board.register_candidate(ref)
    board.client.delete(KEYS.person(Role.CANDIDATE, "b"))
    people = board.store.people

    for after, shown, last in (("", ["a"], "a"), ("a", [], "b"), ("b", ["c"], None)):
        found, goes_on = people.list(Role.CANDIDATE, after=after, limit=1)
        assert ([person.ref for person in found], goes_on) == (shown, last)


def test_a_change_without_the_phone_needs_the_person_as_they_were_seen(board: Board) -> None:
    board.register_recruiter("rita", "r")
    people = board.store.people
    known = people.get(Role.RECRUITER, "rita")
    assert known is not None

    assert people.amend(replace(known, name="Rita"), known=known, now=board.now)
    board.change(Role.RECRUITER, "rita", "s")
    assert not people.amend(replace(known, name="Late"), known=known, now=board.now)
    gone = replace(known, ref="gone")
    assert not people.amend(gone, known=gone, now=board.now)

    changed = people.get(Role.RECRUITER, "rita")
    assert changed is not None
    assert (changed.name, changed.phone_indexes) == (known.name, ("s",))
    assert people.get(Role.RECRUITER, "gone") is None
