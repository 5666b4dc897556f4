"""Buying numbers: on record before, in the pool after, never past a limit, never an orphan."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from relay.domain.board import NumberPlace
from relay.domain.errors import CarrierError, Conflict, Invalid, Unavailable
from relay.domain.number_comparison import Discrepancy
from relay.domain.pool import Pool
from relay.domain.purchase import (
    CERTAIN_AFTER,
    PATIENCE,
    REQUEST_WITHIN,
    FailureCode,
    JobStatus,
    Purchase,
    label_of,
    place_of_label,
)
from relay.domain.trouble import Trouble
from relay.sandbox import SimulatedCarrier
from relay.store.keys import PoolKeys
from relay.store.purchases import LEASE, REMEMBERED
from relay.workflows.buy_numbers import Later, buy_numbers
from relay.workflows.reconcile_numbers import reconcile_numbers
from relay.workflows.resume_purchases import resume_purchases
from relay.workflows.take_number_in import take_number_in
from tests.workflows.buying import RENT, SID, TOKEN, Killed, Market
from tests.world import NUMBER

SERVICE = "MG" + "5" * 32


@pytest.fixture
def simulated() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(SID, TOKEN) as carrier:
        yield carrier


@pytest.fixture
def market(simulated: SimulatedCarrier) -> Market:
    return Market(simulated)


def codes(job: Purchase) -> list[FailureCode]:
    return [failure.code for failure in job.failures]


def test_numbers_are_bought_with_their_webhooks_and_join_the_pool(market: Market) -> None:
    job = market.order(2, area_code="212")
    assert market.world.jobs.purchases == [job.id]
    assert job.status is JobStatus.QUEUED

    done = market.finish(job)

    assert done.status is JobStatus.DONE
    assert len(done.bought) == 2
    assert all(number.startswith("+1212") for number in done.bought)
    assert market.pool() == {NUMBER, *done.bought} == market.owned()
    for number in done.bought:
        owned = market.simulated.account.number(number)
        assert owned is not None
        assert owned.friendly_name == label_of("main", "us")
        assert owned.voice_url.startswith("https://relay.example.com/twilio/voice")
        assert owned.sms_url.startswith("https://relay.example.com/twilio/messages")
    assert market.is_settled()


def test_a_job_that_is_over_is_not_worked_on_again(market: Market) -> None:
    done = market.buy()
    asked = len(market.carrier.asked)

    assert market.work(done) == done
    assert buy_numbers(market.services, "us.nothing", clock=market.clock) is None
    assert len(market.carrier.asked) == asked


def test_who_watches_sees_each_number_come(market: Market) -> None:
    seen: list[int] = []
    job = market.order(2)

    buy_numbers(
        market.services, job.id, clock=market.clock, watch=lambda job: seen.append(len(job.bought))
    )

    assert seen == [0, 1, 2, 2]


def test_a_repeated_order_is_one_job(market: Market) -> None:
    first = market.order(request="hash")
    again = market.order(request="hash")

    assert again.id == first.id
    assert len(market.store.purchases.unfinished("us")) == 1


def test_two_who_send_one_order_at_once_get_one_job(market: Market) -> None:
    first = market.order(request="hash")
    market.store.purchases.ordered = lambda *_: None  # who looked before that
    assert market.order(request="hash").id == first.id


def test_a_key_orders_again_when_it_is_forgotten(market: Market) -> None:
    first = market.order(request="hash")
    assert REMEMBERED - 60 < market.redis.ttl("{main}/us:ordered:hash") <= REMEMBERED
    market.redis.delete("{main}/us:ordered:hash")
    assert market.order(request="hash").id != first.id


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"pool": "nowhere"}, "/pool"),
        ({"country": "CA"}, "/buy/country"),
        ({"pool": "de", "country": "DE", "area_code": "301"}, "/buy/area_code"),
        ({"area_code": "abc"}, "/buy/area_code"),
        ({"area_code": "415 "}, "/buy/area_code"),
    ],
)
def test_what_cannot_be_ordered_is_refused(
    market: Market, changes: dict[str, str], pointer: str
) -> None:
    market.store.pools.put(Pool(name="de", country="DE"))
    with pytest.raises(Invalid) as refusal:
        market.order(**changes)
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"max_numbers": 3}, "max_numbers"),
        ({"monthly_budget": 4 * RENT - 1}, "monthly_budget"),
    ],
)
def test_an_order_past_a_limit_is_refused_at_once(
    market: Market, policy: dict[str, int], reason: str
) -> None:
    market.policy(**policy)
    with pytest.raises(Conflict) as refusal:
        market.order(3)
    assert refusal.value.reason == reason
    assert market.order(2).wanted == 2


def test_a_rent_of_nothing_has_no_budget(market: Market) -> None:
    market.policy(monthly_budget=0, number_rent=0)
    assert market.buy().status is JobStatus.DONE


@pytest.mark.parametrize("limit", [{"max_numbers": 3}, {"monthly_budget": 3 * RENT}])
def test_two_orders_that_each_fit_do_not_pass_a_limit_together(
    market: Market, limit: dict[str, int]
) -> None:
    market.policy(**limit)
    first, second = market.order(2), market.order(2)

    assert market.finish(first).status is JobStatus.DONE
    done = market.finish(second)

    assert done.status is JobStatus.FAILED
    assert codes(done) == [FailureCode(next(iter(limit)))]
    assert len(market.owned()) == 3


def test_a_number_that_somebody_else_took_is_left_to_them(market: Market) -> None:
    def take(name: str) -> None:
        if name == "buy":
            market.carrier.before = lambda _: None
            market.simulated.add_number("+14155550150")

    market.carrier.before = take
    done = market.buy(area_code="415")

    assert done.bought == ("+14155550151",)
    assert market.is_settled()


def test_numbers_that_our_pools_have_are_not_offers(market: Market) -> None:
    market.store.pools.put(Pool(name="ca", country="CA"))
    market.store.numbers.add(
        "+14155550150", "ca", carrier_sid="PN", capabilities="vsm", now=market.now
    )
    assert market.buy(area_code="415").bought == ("+14155550151",)


def test_where_nothing_is_on_offer_the_job_says_so(market: Market) -> None:
    find = market.carrier._numbers.find_available
    market.carrier._numbers.find_available = lambda **_: []
    assert codes(market.buy()) == [FailureCode.NOTHING_ON_OFFER]

    asked: list[bool] = []

    def only_voice(**wishes: object) -> list[str]:
        asked.append(bool(wishes["sms"]))
        return [] if wishes["sms"] else find(**wishes)

    market.carrier._numbers.find_available = only_voice
    assert market.buy().status is JobStatus.DONE
    assert asked == [True, False]


def test_a_number_that_another_job_is_after_is_not_bought_twice(market: Market) -> None:
    other = market.order()
    market.store.purchases.begin(other.id, token="t", now=market.now)
    market.store.purchases.reserve(other.id, "+14155550150", token="t", now=market.now)
    market.store.purchases.postpone(other.id, token="t", until=market.now, has_failed=False)

    assert market.buy(area_code="415").bought == ("+14155550151",)


def test_a_purchase_whose_answer_is_lost_is_found_in_the_accounts_list(market: Market) -> None:
    def lose(name: str) -> None:
        if name == "buy":
            market.simulated.faults.rest.next(lost_reply=True)

    market.carrier.before = lose
    done = market.buy(2)

    assert len(done.bought) == 2
    assert market.pool() == market.owned()


def test_a_purchase_that_may_have_happened_holds_up_the_next_one(market: Market) -> None:
    """500 before anything was done: only time tells."""

    def fail(name: str) -> None:
        if name == "buy":
            market.carrier.before = lambda _: None
            market.simulated.faults.rest.next(status=500)

    market.carrier.before = fail
    job, begun = market.order(), market.now
    first = market.work(job)
    assert isinstance(first, Later)
    assert len(market.store.purchases.intents("us")) == 1

    done = market.finish(job)

    assert market.now >= begun + CERTAIN_AFTER
    assert len(done.bought) == 1
    assert market.pool() == market.owned()


@pytest.mark.parametrize("call", ["find_available", "buy"])
def test_too_many_requests_are_waited_for(market: Market, call: str) -> None:
    def refuse(name: str) -> None:
        if name == call:
            market.carrier.before = lambda _: None
            market.simulated.faults.rest.next(status=429, retry_after=77)

    market.carrier.before = refuse
    job = market.order()

    later = market.work(job)

    assert later == Later(market.now + 77)
    assert market.is_settled()
    assert market.finish(job).status is JobStatus.DONE


def test_a_carrier_that_is_away_for_an_hour_ends_the_job(market: Market) -> None:
    market.simulated.faults.rest.next(status=429, times=1000)
    begun = market.now

    done = market.buy()

    assert codes(done) == [FailureCode.CARRIER_UNAVAILABLE]
    assert PATIENCE <= market.now - begun < PATIENCE + 400


def test_a_refusal_for_good_ends_the_job_with_its_code(market: Market) -> None:
    def refuse(**_: object) -> None:
        raise CarrierError(Trouble.NEVER, 21631)

    buy, find = market.carrier._numbers.buy, market.carrier._numbers.find_available
    market.carrier._numbers.buy = lambda *_, **__: refuse()
    done = market.buy()
    assert codes(done) == [FailureCode.CARRIER_REFUSED]
    assert "21631" in done.failures[0].detail

    market.carrier._numbers.buy = buy
    market.carrier._numbers.find_available = refuse
    assert codes(market.buy()) == [FailureCode.CARRIER_REFUSED]
    market.carrier._numbers.find_available = find
    assert market.is_settled()


def test_a_mistake_of_ours_holds_up_no_other_purchase(market: Market) -> None:
    """And is given up after an hour."""
    broken, other = market.order(), market.order()

    def be_mistaken(name: str) -> None:
        if name == "find_available":
            raise ValueError("abc")

    market.carrier.before = be_mistaken
    with pytest.raises(ValueError, match="abc"):
        market.work(broken)
    market.carrier.before = lambda _: None
    assert market.finish(other).status is JobStatus.DONE
    assert market.store.purchases.get(broken.id).pauses == 1

    market.carrier.before = be_mistaken
    market.now += 600
    with pytest.raises(ValueError, match="abc"):
        market.work(broken)
    assert market.store.purchases.get(broken.id).ended_at is None

    market.now += PATIENCE
    with pytest.raises(ValueError, match="abc"):
        market.work(broken)
    assert codes(market.store.purchases.get(broken.id)) == [FailureCode.INTERNAL_ERROR]
    assert market.store.purchases.unfinished("us") == []


def test_a_mistake_of_ours_ends_no_order_that_only_waited_behind_others(market: Market) -> None:
    job = market.order()
    market.now += PATIENCE + 1

    def be_mistaken(_: str) -> None:
        raise ValueError("abc")

    market.carrier.before = be_mistaken
    with pytest.raises(ValueError, match="abc"):
        market.work(job)
    market.carrier.before = lambda _: None
    assert len(market.finish(job).bought) == 1


def test_a_mistake_of_ours_gives_up_no_number_that_may_have_been_bought(market: Market) -> None:
    job = market.order()

    def be_mistaken(name: str) -> None:
        if name in {"buy", "find_owned"}:
            raise ValueError("abc")

    market.carrier.before = be_mistaken
    for _ in range(2):
        with pytest.raises(ValueError, match="abc"):
            market.work(job)
        market.now += PATIENCE
    assert market.store.purchases.get(job.id).ended_at is None

    market.carrier.before = lambda _: None
    assert len(market.finish(job).bought) == 1
    assert market.owned() == market.pool()


def test_a_store_that_is_away_for_a_moment_ends_no_order(market: Market) -> None:
    """However long it waited behind others."""
    job = market.order(2)
    market.now += PATIENCE + 1
    reserve = market.store.purchases.reserve

    def blink(*_: object, **__: object) -> None:
        market.store.purchases.reserve = reserve
        raise Unavailable("away")

    market.store.purchases.reserve = blink
    with pytest.raises(Unavailable):
        market.work(job)
    assert len(market.finish(job).bought) == 2


def test_a_pool_that_is_gone_ends_the_job(market: Market) -> None:
    job = market.order()
    market.redis.delete("{main}/us:policy")
    assert codes(market.finish(job)) == [FailureCode.POOL_GONE]


def test_one_buyer_at_a_time_works_for_a_pool(market: Market) -> None:
    first, second = market.order(), market.order()
    market.store.purchases.begin(first.id, token="t", now=market.now)

    assert market.work(second) == Later(market.now + LEASE)
    market.now += LEASE + 1
    assert market.finish(second).status is JobStatus.DONE


def test_a_job_that_is_worked_on_is_left_to_its_buyer(market: Market) -> None:
    job = market.order()
    others: list[object] = []

    buy_numbers(
        market.services, job.id, clock=market.clock, watch=lambda _: others.append(market.work(job))
    )

    assert others[:2] == [Later(market.now + LEASE)] * 2
    assert len(market.owned()) == 2


def test_who_lost_the_lease_buys_nothing_more(market: Market) -> None:
    job = market.order(2)

    def stall(name: str) -> None:
        if name == "find_available":
            market.carrier.before = lambda _: None
            market.now += LEASE + 1
            market.store.purchases.begin(job.id, token="another", now=market.now)

    market.carrier.before = stall
    assert market.work(job) == Later(market.now)
    assert market.owned() == {NUMBER}


@pytest.mark.parametrize(
    ("held_up_for", "is_made"), [(REQUEST_WITHIN, True), (REQUEST_WITHIN + 1, False)]
)
def test_a_request_is_made_soon_after_its_reservation_or_not_at_all(
    market: Market, held_up_for: float, *, is_made: bool
) -> None:
    """Later, somebody else may have settled it, and bought another one in its place."""
    reserve = market.store.purchases.reserve

    def held_up(*args: Any, **options: Any) -> Any:
        market.store.purchases.reserve = reserve
        reservation = reserve(*args, **options)
        market.now += held_up_for
        return reservation

    market.store.purchases.reserve = held_up
    job = market.order()
    assert isinstance(market.work(job), Later) is not is_made
    assert (market.owned() == {NUMBER}) is not is_made

    market.now += CERTAIN_AFTER + LEASE
    assert len(market.finish(job).bought) == 1
    assert market.owned() == market.pool()


def test_a_long_job_lets_others_have_the_worker(market: Market) -> None:
    def take_time(name: str) -> None:
        market.now += 25 if name == "buy" else 0

    market.carrier.before = take_time
    job = market.order(5)

    assert isinstance(market.work(job), Later)

    assert market.world.jobs.purchases == [job.id, job.id]
    assert 0 < len(market.store.purchases.get(job.id).bought) < 5
    assert len(market.finish(job).bought) == 5


def test_a_number_that_went_into_another_pool_meanwhile_is_theirs(market: Market) -> None:
    market.store.pools.put(Pool(name="ca", country="CA"))

    def import_elsewhere(name: str) -> None:
        if name == "buy":
            market.carrier.before = lambda _: None
            market.store.numbers.add(
                "+14155550150", "ca", carrier_sid="PN", capabilities="vsm", now=market.now
            )

    market.carrier.before = import_elsewhere
    assert market.buy(area_code="415").bought == ("+14155550151",)
    assert "+14155550150" not in market.pool()
    assert market.is_settled()


def test_a_bought_number_joins_the_messaging_service(simulated: SimulatedCarrier) -> None:
    service = simulated.add_service(use_inbound_webhook_on_number=True)
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=service.sid)

    (number,) = market.buy().bought

    owned = simulated.account.number(number)
    assert owned is not None
    assert owned.service_sid == service.sid


def test_a_service_that_takes_no_number_is_no_reason_to_lose_it(
    simulated: SimulatedCarrier,
) -> None:
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=SERVICE)
    assert len(market.buy().bought) == 1

    def busy(name: str) -> None:
        if name == "senders" and market.carrier.asked[-1] == "buy":
            market.carrier.before = lambda _: None
            simulated.faults.rest.next(status=429)

    market.carrier.before = busy
    job = market.order()
    assert isinstance(market.work(job), Later)
    assert len(market.finish(job).bought) == 1
    assert market.pool() == market.owned()


def test_the_sweeper_enqueues_what_nobody_works_on(market: Market) -> None:
    job = market.order()
    market.world.jobs.purchases.clear()

    assert resume_purchases(market.services, now=market.now) == 0
    market.now += 60
    assert resume_purchases(market.services, now=market.now) == 1
    assert resume_purchases(market.services, now=market.now) == 0
    assert market.world.jobs.purchases == [job.id]


def test_one_pool_that_is_away_does_not_keep_the_others_from_being_swept(market: Market) -> None:
    market.store.pools.put(Pool(name="aa", country="US"))
    job = market.order()
    sweep = market.store.purchases.sweep

    def away(pool: str, *, now: float) -> list[str]:
        return raise_unavailable() if pool == "aa" else sweep(pool, now=now)

    market.store.purchases.sweep = away
    market.now += 60
    assert resume_purchases(market.services, now=market.now) == 1
    assert market.world.jobs.purchases[-1] == job.id


def raise_unavailable() -> list[str]:
    raise Unavailable("away")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(1, 9))
def test_a_buyer_killed_at_any_step_leaves_no_orphan_and_passes_no_budget(
    simulated: SimulatedCarrier, step: int, *, after: bool
) -> None:
    """P4: two numbers, each found, bought and joined; killed at one of the requests."""
    service = simulated.add_service(use_inbound_webhook_on_number=True)
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=service.sid)
    market.policy(monthly_budget=3 * RENT)
    job = market.order(2)
    market.carrier.dies_at, market.carrier.after = step, after
    market.carrier.before = lambda _: check_budget(market, 3)

    try:
        market.finish(job)
    except Killed:
        market.now += LEASE + 1
    done = market.finish(job)

    assert len(done.bought) == 2
    assert market.owned() == market.pool()
    assert len(market.owned()) == 3
    assert market.is_settled()
    comparison = reconcile_numbers([market.services], clock=market.clock)
    assert comparison is not None
    assert {finding.number for finding in comparison.findings} <= {NUMBER}


def check_budget(market: Market, most: int) -> None:
    assert len(market.owned()) <= most


def test_reconciling_ends_a_purchase_whose_buyer_was_killed(market: Market) -> None:
    job = market.order()
    market.carrier.dies_at, market.carrier.after = 2, True
    with pytest.raises(Killed):
        market.work(job)
    assert market.owned() != market.pool()

    market.now += LEASE + 1
    (bought,) = market.owned() - market.pool()
    found = reconcile_numbers([market.services], clock=market.clock)

    assert market.owned() == market.pool()
    assert found is not None
    assert (Discrepancy.PURCHASE_UNFINISHED, bought, True) in [
        (one.kind, one.number, one.is_repaired) for one in found.findings
    ]
    assert market.store.purchases.get(job.id).status is JobStatus.DONE


def test_two_workers_at_once_never_pass_the_budget(simulated: SimulatedCarrier) -> None:
    market = Market(simulated)
    market.policy(monthly_budget=4 * RENT)
    jobs = [market.order(3), market.order(3)]
    threads = [threading.Thread(target=work_until_over, args=(job, market)) for job in jobs * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(market.owned()) == 4
    assert market.owned() == market.pool()
    assert market.is_settled()


def work_until_over(job: Purchase, market: Market) -> None:
    while not isinstance(market.work(job), Purchase):
        check_budget(market, 4)


def test_a_number_is_taken_in_once_however_many_try(market: Market) -> None:
    (number,) = market.buy().bought
    owned = market.carrier.find_owned(number)
    take_number_in(market.services, "us.another", owned, now=market.now)
    assert number in market.pool()


def test_where_all_offers_are_ours_nothing_is_on_offer(market: Market) -> None:
    market.carrier._numbers.find_available = lambda **_: [NUMBER]
    assert codes(market.buy()) == [FailureCode.NOTHING_ON_OFFER]


@pytest.mark.parametrize(
    "label", ["relay:main:us", "relay:us", "relay:", "relay:main:US!", "relay:Main:us", "Support"]
)
def test_a_label_tells_a_board_and_a_pool_or_nothing(label: str) -> None:
    place = NumberPlace("main", "us") if label == "relay:main:us" else None
    assert place_of_label(label) == place


@pytest.mark.parametrize("step", ["reserve", "settle", "end"])
@pytest.mark.parametrize("after", [False, True])
def test_a_buyer_killed_beside_its_own_records_leaves_no_orphan_either(
    market: Market, step: str, *, after: bool
) -> None:
    market.policy(max_numbers=3)
    job = market.order(2)
    write = getattr(market.store.purchases, step)

    def die(*args: Any, **options: Any) -> None:
        setattr(market.store.purchases, step, write)
        if after:
            write(*args, **options)
        raise Killed

    setattr(market.store.purchases, step, die)
    with pytest.raises(Killed):
        market.work(job)
    market.now += CERTAIN_AFTER + LEASE

    assert len(market.finish(job).bought) == 2
    assert market.owned() == market.pool()
    assert len(market.owned()) == 3
    assert market.is_settled()


def test_who_lost_the_lease_ends_nothing(market: Market) -> None:
    job = market.order()
    watched: list[int] = []

    def stall(seen: Purchase) -> None:
        watched.append(len(seen.bought))
        if seen.bought:
            market.now += LEASE + 1
            market.store.purchases.begin(job.id, token="another", now=market.now)

    outcome = buy_numbers(market.services, job.id, clock=market.clock, watch=stall)

    assert outcome == Later(market.now)
    assert market.store.purchases.get(job.id).status is JobStatus.RUNNING


def test_p9_a_planted_order_under_a_lifted_limit_buys_nothing(market: Market) -> None:
    market.policy(max_numbers=4, monthly_budget=500)
    job = market.order(3)
    before = market.owned()
    client, keys = market.store.client, PoolKeys("main", "us")
    client.hset(keys.purchase(job.id), "wanted", 40)
    client.hdel(keys.policy, "max_numbers", "monthly_budget")
    done = market.finish(job)
    assert [failure.code for failure in done.failures] == [FailureCode.POOL_GONE]
    assert market.owned() == before


# --- outside the US -----------------------------------------------------------------------


def test_a_refusal_names_the_piece_that_is_missing(market: Market) -> None:
    german = {"country": "DE"}
    market.policy("de", **german)
    assert codes(market.buy(pool="de", **german)) == [
        FailureCode.NOTHING_ON_OFFER
    ]  # without an address

    market.policy("de", **german, address_sid="AD" + "1" * 32)
    failed = market.buy(pool="de", **german)
    assert codes(failed) == [FailureCode.BUNDLE_NEEDED]
    assert "set the pool's bundle_sid (error 21649)" in failed.failures[0].detail

    bundle = market.simulated.account.add_bundle("DE")
    market.policy("de", **german, bundle_sid=bundle.sid)
    failed = market.buy(pool="de", **german)
    assert codes(failed) == [FailureCode.ADDRESS_NEEDED]
    assert "set the pool's address_sid (error 21615)" in failed.failures[0].detail

    market.policy("de", **german, bundle_sid=bundle.sid, address_sid="AD" + "1" * 32)
    (number,) = market.buy(pool="de", **german).bought
    owned = market.simulated.account.number(number)
    assert (owned.bundle_sid, owned.address_sid) == (bundle.sid, "AD" + "1" * 32)
