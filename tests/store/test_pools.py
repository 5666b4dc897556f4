"""Pools: their policy, and what they hold."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from relay.domain.allocation import ExhaustedReason
from relay.domain.errors import BeingChanged, Conflict, NotFound
from relay.domain.forecast import Sample
from relay.domain.limits import DailyLimits
from relay.domain.policy import Term, terms_of
from relay.domain.pool import NumberStatus, Pool
from relay.domain.reputation import ReputationPolicy
from relay.domain.session import Channel
from relay.store.claims import Claimed, Exhausted
from relay.store.key_declarations import Key
from relay.store.keys import PoolKeys
from relay.store.pools import unpack_pool
from relay.store.store import Store
from tests.board import NOW, Board, number, take_out
from tests.world import signer

CHINA = Pool(
    name="cn",
    country="CN",
    default_ttl=1,
    max_ttl=2,
    candidate_cooldown=3,
    recruiter_cooldown=4,
    access_codes=False,
    allowed_countries=("CN", "HK"),
)


def without_limits(policy: type[Any]) -> Any:
    return policy(**{one.name: None for one in terms_of(policy) if one.is_optional})


def unusual(policy: type[Any], **given: Any) -> Any:
    """A policy of which each field has a value that is not its default."""
    values = {one.name: unusual_value(one) for one in terms_of(policy)}
    return policy(**{**values, **given})


def unusual_value(one: Term) -> Any:
    if one.is_nested:
        return unusual(one.kind)
    if one.is_list:
        return ("GB", "FR")
    if one.kind is bool:
        return not one.default
    if issubclass(one.kind, StrEnum):
        return next(word for word in one.kind if word is not one.default)
    if one.kind is str:
        return "XX"
    return 0.5 if one.kind is float else 7_654


SAMPLE = Sample(
    at=NOW, bound=1, candidate_bound=1, allocatable=1, open_sessions=0, cooling_bindings=0
)
UNUSUAL = unusual(Pool, name="xx")


def test_a_change_is_made_of_the_policy_on_record_whoever_else_changes_it(store: Store) -> None:
    store.pools.put(CHINA)
    others = iter((10, 11))

    def change(before: Pool) -> Pool:
        if (max_ttl := next(others, None)) is not None:
            store.pools.put(replace(before, max_ttl=max_ttl))
        return replace(before, default_ttl=7)

    assert store.pools.amend("cn", change) == replace(CHINA, max_ttl=11, default_ttl=7)
    assert store.pools.get("cn") == replace(CHINA, max_ttl=11, default_ttl=7)
    assert store.pools.amend("none", change) is None


def test_a_policy_that_others_change_again_and_again_is_a_conflict_to_try_again(
    store: Store,
) -> None:
    store.pools.put(CHINA)
    lifetimes = iter(range(10, 100))

    def change(before: Pool) -> Pool:
        store.pools.put(replace(before, max_ttl=next(lifetimes)))
        return before

    with pytest.raises(BeingChanged):
        store.pools.amend("cn", change)


def test_a_pool_moves_to_another_country_only_while_it_is_not_in_use(board: Board) -> None:
    for moved in (lambda: board.put(country="GB"), lambda: board.store.pools.delete("us")):
        with pytest.raises(Conflict) as refused:
            moved()
        assert refused.value.code == "pool_in_use"
    board.pool = replace(board.pool, country="US")

    for place in range(board.numbers):
        take_out(board.store, number(place))
    board.put(country="GB")

    assert board.store.pools.get("us") == board.pool


@pytest.mark.parametrize("use", ["open", "cooling", "purchase", "release"])
def test_a_pool_is_in_use_by_more_than_its_numbers(board: Board, use: str) -> None:
    """Even where its number is gone, as after a loss."""
    keys = board.store.keys.in_pool("empty")
    board.store.pools.put(Pool(name="empty", country="US"))
    match use:
        case "open":
            board.client.zadd(keys.due, {"empty.x": 1})
        case "cooling":
            board.client.zadd(keys.cooling, {"0:candidate:c:empty.x": 1})
        case "purchase":
            board.client.zadd(keys.purchases, {"empty.1": 1})
        case "release":
            board.client.hset(keys.releasing, number(0), "")

    with pytest.raises(Conflict):
        board.store.pools.delete("empty")


def test_a_deleted_pool_leaves_nothing_and_gets_no_number(store: Store) -> None:
    store.pools.put(CHINA)
    store.history.note("cn", SAMPLE)
    assert store.pools.delete("cn")
    assert not store.pools.delete("cn")

    assert store.pools.names() == []
    with pytest.raises(NotFound):
        store.numbers.add(number(0), "cn", carrier_sid="PN1", capabilities="v", now=NOW)
    assert store.number_map.look_again(number(0)) is None


#: What a pool has while it is in use; a pool without it can be deleted.
WHILE_IN_USE = {"numbers", "due", "cooling", "purchases", "buying", "releasing"}


def test_all_that_is_kept_of_a_pool_alone_goes_with_it(store: Store, client: Any) -> None:
    store.pools.put(CHINA)
    keys = PoolKeys("main", "cn")
    names = {key.attribute for key in PoolKeys.own() if type(key) is Key} - WHILE_IN_USE
    kept = [getattr(keys, name) for name in names]
    for key in kept:
        if key != keys.policy:
            client.set(key, "")
    assert store.pools.delete("cn")
    assert [key for key in kept if client.exists(key)] == [keys.scratch]


def test_a_policy_reads_back_as_it_was_put(store: Store) -> None:
    assert store.pools.put(CHINA)
    assert store.pools.get("cn") == CHINA
    assert not store.pools.put(Pool(name="cn", country="CN"))
    assert store.pools.get("cn") == Pool(name="cn", country="CN")
    assert store.pools.get("us") is None


def test_a_policy_that_was_put_without_a_list_of_countries_admits_its_own_alone() -> None:
    """Version 0.2 kept an empty list, and read it as every country."""
    policy = {"country": "US", "allowed_countries": ""}
    signed = ("policy", "main", "us", "country", "US", "allowed_countries", "")
    kept = {**policy, "signature": signer().sign(*signed)}

    pool = unpack_pool(signer(), "main", "us", kept)

    assert pool is not None
    assert pool.allowed_countries == ("US",)


@pytest.mark.parametrize(
    ("field", "value"), [("max_numbers", "9999"), ("monthly_budget", None), ("country", "KP")]
)
def test_p9_a_policy_that_somebody_else_has_changed_is_none(
    store: Store, field: str, value: str | None
) -> None:
    store.pools.put(replace(CHINA, max_numbers=3, monthly_budget=500))
    policy = store.keys.in_pool("cn").policy
    if value is None:
        store.client.hdel(policy, field)
    else:
        store.client.hset(policy, field, value)
    assert store.pools.get("cn") is None
    assert store.pools.all() == []
    assert store.pools.count_unsigned() == 1
    store.pools.put(CHINA)
    assert store.pools.get("cn") == CHINA


def test_p9_a_policy_is_of_its_pool_alone(store: Store) -> None:
    store.pools.put(CHINA)
    policy = store.client.hgetall(store.keys.in_pool("cn").policy)
    store.client.hset(store.keys.in_pool("other").policy, mapping=policy)
    store.client.sadd(store.keys.pools, "other")
    assert store.pools.get("other") is None


def test_p9_a_change_while_policies_are_signed_anew_stays(store: Store) -> None:
    """Nor is a policy signed that was not."""
    store.pools.put(CHINA)
    policy = store.keys.in_pool("cn").policy
    store.client.hset(policy, "max_numbers", "9999")
    store.pools.sign_anew()
    assert store.pools.get("cn") is None


def test_every_field_of_a_policy_is_kept(store: Store) -> None:
    """Each has another value than its default, and limits that can be off are off once."""
    store.pools.put(UNUSUAL)
    assert store.pools.get("xx") == UNUSUAL
    unlimited = replace(
        UNUSUAL, reputation=without_limits(ReputationPolicy), limits=without_limits(DailyLimits)
    )
    store.pools.put(unlimited)
    assert store.pools.get("xx") == unlimited


def test_all_pools_are_listed_by_name(store: Store) -> None:
    store.pools.put(Pool(name="us", country="US"))
    store.pools.put(CHINA)
    assert store.pools.names() == ["cn", "us"]
    assert [pool.name for pool in store.pools.all()] == ["cn", "us"]


def test_a_changed_policy_keeps_what_the_pool_holds(board: Board) -> None:
    board.store.pools.put(Pool(name="us", country="US"))
    board.add_number(7)
    assert len(board.store.numbers.of_pool("us")) == 4
    board.audit()


def test_an_empty_pool_has_figures(store: Store) -> None:
    store.pools.put(CHINA)
    figures = store.pools.figures("cn")
    assert (figures.open_sessions, figures.cooling_bindings, figures.bound) == (0, 0, 0)
    assert figures.headroom == 0


def test_figures_tell_what_the_pool_holds(board: Board) -> None:
    board.register_recruiter("rita", "r")
    for ref in ("carl", "dan"):
        board.register_candidate(ref, ref[0])
        session = board.open("rita", ref)
    board.close(session)
    board.store.numbers.set_status(number(2), "us", NumberStatus.DRAINING)

    figures = board.store.pools.figures("us")

    assert figures.numbers[NumberStatus.AVAILABLE] == 2
    assert figures.numbers[NumberStatus.DRAINING] == 1
    assert (figures.open_sessions, figures.cooling_bindings) == (1, 2)
    assert (figures.bound, figures.candidate_bound) == (2, 1)
    assert (figures.recruiters, figures.on_codes) == (1, 0)
    assert (figures.allocatable, figures.headroom) == (2, 1)
    board.put(access_codes=False)
    assert board.store.pools.figures("us").headroom == 0


def test_figures_tell_how_many_recruiters_share_a_number_with_themselves(board: Board) -> None:
    board.register_recruiter("rita", "r")
    board.register_recruiter("nora", "n")
    for place in range(4):
        board.register_candidate(f"c{place}")
        board.open("rita", f"c{place}")
    board.open("nora", "c0")

    figures = board.store.pools.figures("us")

    assert (figures.bound, figures.candidate_bound) == (4, 2)
    assert (figures.recruiters, figures.on_codes) == (2, 1)


def test_full_numbers_and_such_as_cannot_text_are_not_usable(board: Board) -> None:
    board.put(max_sessions_per_number=1)
    board.add_number(3, capabilities="v")
    board.register_recruiter("rita", "r")
    board.register_candidate("carl", "c")
    board.open("rita", "carl")
    figures = board.store.pools.figures("us")
    assert (figures.allocatable, figures.usable) == (4, 2)
    assert (figures.candidate_bound, figures.headroom) == (1, 2)


def test_what_new_pairs_get_is_what_the_figures_and_a_refusal_say(board: Board) -> None:
    """The one candidate is on each number, and everybody else is served."""
    for place in range(board.numbers):
        board.register_recruiter(f"r{place}")
        board.register_candidate(f"c{place}")
    for place in range(board.numbers):
        board.open(f"r{place}", "c0")
    board.register_recruiter("nora")

    refused = board.claim(board.enter("nora", "c0"))

    figures = board.store.pools.figures("us")
    assert (figures.headroom, figures.free_for_new_pairs) == (0, 3)
    assert refused == Exhausted(ExhaustedReason.CANDIDATE_ON_EVERY_NUMBER, 3)
    assert isinstance(board.claim(board.enter("nora", "c1")), Claimed)

    board.put(max_sessions_per_number=1)
    board.register_candidate("carl")
    for _ in range(2):
        refused = board.claim(board.enter("nora", "c2"))
    assert refused == Exhausted(ExhaustedReason.EVERY_NUMBER_FULL, 0)
    assert board.store.pools.figures("us").free_for_new_pairs == 0


def test_a_number_whose_texts_do_not_pass_is_free_for_nobody_who_texts(board: Board) -> None:
    for place in range(board.numbers):
        board.client.setbit(board.store.keys.in_pool("us").sms_unready, place, 1)
    board.register_recruiter("rita")
    board.register_candidate("carl")

    figures = board.store.pools.figures("us")

    assert (figures.usable, figures.free_for_new_pairs) == (3, 0)
    refused = board.claim(board.enter("rita", "carl"))
    assert refused == Exhausted(ExhaustedReason.NO_SMS_NUMBER, 0)
    only_calls = frozenset({Channel.VOICE})
    assert isinstance(board.claim(board.enter("rita", "carl"), channels=only_calls), Claimed)


def test_headroom_is_that_of_the_person_with_the_fewest_free_numbers(board: Board) -> None:
    """``count_free`` counts one person after the other: the busiest one's bindings may be on
    numbers that nobody gets any more."""
    for place in range(3, 40):
        board.add_number(place)
    board.register_candidate("carl", "c")
    board.register_candidate("dan", "d")
    for place in range(30):
        board.register_recruiter(f"r{place}")
        board.open(f"r{place}", "carl")
        board.store.numbers.set_status(number(place), "us", NumberStatus.DRAINING)
    for place in range(30, 34):
        board.register_recruiter(f"r{place}")
        board.open(f"r{place}", "dan")
    figures = board.store.pools.figures("us")
    assert (figures.candidate_bound, figures.usable, figures.headroom) == (30, 10, 6)
    board.put(access_codes=False)
    assert board.store.pools.figures("us").headroom == 6


def test_whom_to_count_ends_where_nobody_can_have_fewer(board: Board) -> None:
    for place in range(20):
        board.register_recruiter(f"r{place}")
        board.register_candidate(f"c{place}")
        board.open(f"r{place}", f"c{place}")
    assert board.store.pools.figures("us").headroom == 2
    board.put(access_codes=False)
    assert board.store.pools.figures("us").headroom == 2


def test_headroom_is_right_for_however_many_are_alike(board: Board) -> None:
    """Three hundred candidates whose numbers nobody gets any more: none of them has fewer free."""
    for place in range(300):
        board.register_candidate(f"c{place}")
    for recruiter in ("rita", "nora"):
        board.register_recruiter(recruiter)
        for place in range(300):
            board.open(recruiter, f"c{place}")
    for place in range(3):
        board.store.numbers.set_status(number(place), "us", NumberStatus.DRAINING)
    for place in range(3, 5):
        board.add_number(place)
    figures = board.store.pools.figures("us")
    assert (figures.candidate_bound, figures.usable, figures.headroom) == (2, 2, 2)


def test_whoever_is_in_both_roles_counts_once_for_the_bound(board: Board) -> None:
    board.register_recruiter("rita", "x")
    board.register_candidate("rita", "x")
    board.register_recruiter("nora", "n")
    board.register_candidate("carl", "c")
    board.open("rita", "carl")
    board.open("nora", "rita")

    figures = board.store.pools.figures("us")

    assert (figures.bound, figures.candidate_bound) == (2, 1)
    board.audit()


def test_a_limit_that_comes_later_finds_the_full_numbers(board: Board) -> None:
    board.register_recruiter("rita", "r")
    board.register_recruiter("nora", "n")
    for ref in ("carl", "dan"):
        board.register_candidate(ref, ref[0])
    board.open("rita", "carl")
    board.put(max_sessions_per_number=1)
    board.audit()
    assert board.open("nora", "dan").virtual_number == number(1)
    board.put(max_sessions_per_number=None)
    assert board.open("nora", "carl").virtual_number == number(2)
    board.audit()
