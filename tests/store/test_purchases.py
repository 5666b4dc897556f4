"""Purchases in the store: limits counted in one step, one buyer at a time, safe to run twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus, Pool
from relay.domain.purchase import (
    Failure,
    FailureCode,
    Intent,
    JobKind,
    JobStatus,
    Purchase,
    Reservation,
)
from relay.domain.rent import Release, Rent
from relay.domain.reputation import Complaint
from relay.store.purchases import LEASE, Begun, Busy, Over, Shortage
from relay.store.store import Store
from tests.world import NOW, NUMBER, OTHER_NUMBER

JOB = Purchase(
    id="us.1", pool="us", kind=JobKind.ORDER, country="US", area_code="415", wanted=2,
    created_at=int(NOW),
)  # fmt: skip
US = Pool(name="us", country="US", number_rent=100)
TWO_AT_ONCE = replace(US, max_numbers=2)
#: Not quite three.
TWO_A_MONTH = replace(US, monthly_budget=299)


@pytest.fixture
def purchases(store: Store):
    store.pools.put(US)
    assert store.purchases.create(JOB, request="q") == "us.1"
    return store.purchases


def reserve(purchases, number=NUMBER, *, job="us.1", token="t", now=NOW):
    return purchases.reserve(job, number, token=token, now=now)


def test_a_job_is_read_as_it_was_written_and_made_once(purchases) -> None:
    assert purchases.get("us.1") == JOB
    assert purchases.create(replace(JOB, id="us.2"), request="q") == "us.1"
    assert purchases.ordered("us", "q") == JOB
    assert purchases.ordered("us", "another") is None
    assert purchases.unfinished("us") == [JOB]
    assert purchases.get("nothing") is None


def test_one_buyer_at_a_time(purchases) -> None:
    assert purchases.begin("us.1", token="t", now=NOW) == Begun()
    assert purchases.begin("us.1", token="t", now=NOW) == Begun()
    assert purchases.begin("us.1", token="u", now=NOW + 1) == Busy(NOW + LEASE)
    assert purchases.begin("us.1", token="u", now=NOW + LEASE) == Begun()
    assert reserve(purchases) is Reservation.LOST
    assert not purchases.postpone("us.1", token="t", until=NOW, has_failed=True)
    assert not purchases.end("us.1", JobStatus.DONE, (), token="t", now=NOW)
    assert purchases.begin("us.2", token="v", now=NOW) == Over()


def test_a_buyer_who_goes_on_keeps_the_others_waiting(purchases) -> None:
    purchases.begin("us.1", token="t", now=NOW)
    assert reserve(purchases, now=NOW + LEASE - 1) is Reservation.RESERVED
    assert purchases.sweep("us", now=NOW + LEASE) == []
    assert purchases.begin("us.1", token="u", now=NOW + LEASE) == Busy(NOW + 2 * LEASE - 1)


def test_a_limit_counts_what_is_in_the_pool_and_what_is_on_its_way(purchases, store: Store) -> None:
    purchases.begin("us.1", token="t", now=NOW)
    store.numbers.add(NUMBER, "us", carrier_sid="PN1", capabilities="v", now=NOW)
    assert reserve(purchases, NUMBER) is Reservation.TAKEN
    store.pools.put(TWO_AT_ONCE)
    assert reserve(purchases, OTHER_NUMBER) is Reservation.RESERVED
    assert reserve(purchases, OTHER_NUMBER) is Reservation.RESERVED  # its answer was lost
    assert reserve(purchases, "+14155550194") is Reservation.MAX_NUMBERS
    store.pools.put(TWO_A_MONTH)
    assert reserve(purchases, "+14155550194") is Reservation.MONTHLY_BUDGET
    assert store.numbers.retire(NUMBER, "us") == "removed"
    assert reserve(purchases, NUMBER) is Reservation.TAKEN
    store.pools.put(TWO_AT_ONCE)
    assert reserve(purchases, "+14155550194") is Reservation.MAX_NUMBERS
    assert purchases.rent("us", now=NOW) == Rent(rented=2, prepaid=0)
    store.numbers.note_released(store.numbers.releasing("us")[NUMBER], "us", now=NOW)
    assert purchases.rent("us", now=NOW) == Rent(rented=1, prepaid=1)
    store.pools.put(TWO_A_MONTH)
    assert reserve(purchases, "+14155550194") is Reservation.MONTHLY_BUDGET
    store.pools.put(TWO_AT_ONCE)
    assert reserve(purchases, "+14155550194") is Reservation.RESERVED


def test_a_budget_bounds_nothing_where_numbers_cost_nothing(purchases, store: Store) -> None:
    store.pools.put(replace(US, number_rent=0, monthly_budget=0))
    purchases.begin("us.1", token="t", now=NOW)
    assert reserve(purchases) is Reservation.RESERVED


def test_a_number_on_its_way_into_the_pool_counts_once(purchases, store: Store) -> None:
    purchases.begin("us.1", token="t", now=NOW)
    reserve(purchases)
    store.numbers.add(NUMBER, "us", carrier_sid="PN1", capabilities="v", now=NOW)
    assert purchases.rent("us", now=NOW) == Rent(rented=1, prepaid=0)


def test_a_number_given_back_counts_for_the_budget_until_its_month_is_over(
    purchases, store: Store
) -> None:
    store.numbers.add(
        NUMBER, "us", carrier_sid="PN1", capabilities="v", now=NOW, rented_since=NOW - 40 * DAY
    )
    store.numbers.retire(NUMBER, "us")
    release = store.numbers.releasing("us")[NUMBER]
    for _ in range(2):
        store.numbers.note_released(release, "us", now=NOW)
    end = release.paid_until(NOW)
    assert NOW < end <= NOW + 31 * DAY
    assert purchases.rent("us", now=end - 1).prepaid == 1
    assert purchases.rent("us", now=end).prepaid == 0


def test_an_intent_is_settled_once(purchases) -> None:
    purchases.begin("us.1", token="t", now=NOW)
    for number in (NUMBER, OTHER_NUMBER):
        reserve(purchases, number)
    assert purchases.intents("us")[0] == Intent(number=NUMBER, job="us.1", since=NOW)
    assert not purchases.settle("us.2", NUMBER, is_bought=True)
    for number in (NUMBER, OTHER_NUMBER):
        assert purchases.settle("us.1", number, is_bought=True)
        assert not purchases.settle("us.1", number, is_bought=True)
    assert purchases.get("us.1").bought == (NUMBER, OTHER_NUMBER)
    reserve(purchases, "+14155550194")
    assert purchases.settle("us.1", "+14155550194", is_bought=False)
    assert len(purchases.get("us.1").bought) == 2


def test_an_ended_job_is_kept_for_a_while(purchases, client: redis.Redis) -> None:
    purchases.begin("us.1", token="t", now=NOW)
    failures = (
        Failure(FailureCode.MAX_NUMBERS, "so many"),
        Failure(FailureCode.NOTHING_ON_OFFER, "none"),
    )
    assert purchases.end("us.1", JobStatus.FAILED, failures, token="t", now=NOW + 5)
    ended = purchases.get("us.1")
    assert (ended.status, ended.failures, ended.ended_at) == (
        JobStatus.FAILED,
        failures,
        int(NOW) + 5,
    )
    assert purchases.unfinished("us") == []
    assert client.ttl("{main}/us:purchase:us.1") > 0
    assert purchases.begin("us.1", token="t", now=NOW) == Over()


def test_a_postponed_job_is_swept_when_its_time_has_come(purchases) -> None:
    purchases.begin("us.1", token="t", now=NOW)
    assert purchases.postpone("us.1", token="t", until=NOW + 30, has_failed=True)
    assert purchases.get("us.1").pauses == 1
    assert purchases.sweep("us", now=NOW + 29) == []
    assert purchases.sweep("us", now=NOW + 30) == ["us.1"]


def test_a_job_is_not_swept_while_its_buyer_has_the_lease(purchases) -> None:
    purchases.begin("us.1", token="t", now=NOW)
    assert purchases.sweep("us", now=NOW + LEASE - 1) == []
    assert purchases.sweep("us", now=NOW + LEASE) == ["us.1"]


def test_a_shortage_is_noted_and_forgotten(purchases) -> None:
    assert purchases.shortage("us") is None
    shortage = Shortage(reason=FailureCode.MONTHLY_BUDGET, missing=2, retry_at=1.5)
    purchases.note_shortage("us", shortage)
    assert purchases.shortage("us") == shortage
    purchases.note_shortage("us", None)
    assert purchases.shortage("us") is None


def test_a_number_that_retires_leaves_once_and_only_as_expected(purchases, store: Store) -> None:
    numbers = store.numbers
    numbers.add(NUMBER, "us", carrier_sid="PN1", capabilities="v", now=NOW)
    assert numbers.retire(NUMBER, "us", expected=NumberStatus.DRAINING) == "changed"
    assert numbers.retire(NUMBER, "us", expected=NumberStatus.AVAILABLE) == "removed"
    assert numbers.retire(NUMBER, "us") == "removed"  # its answer was lost
    assert numbers.releasing("us") == {
        NUMBER: Release(number=NUMBER, carrier_sid="PN1", rented_since=int(NOW))
    }
    assert numbers.find_pool(NUMBER) == "us"
    numbers.note_released(numbers.releasing("us")[NUMBER], "us", now=NOW)
    assert numbers.retire(NUMBER, "us") == "unknown"
    assert numbers.find_pool(NUMBER) is None


def test_a_number_that_drains_rests_no_more(purchases, store: Store) -> None:
    store.numbers.add(NUMBER, "us", carrier_sid="PN1", capabilities="v", now=NOW)
    store.numbers.rest(NUMBER, "us", [Complaint.SHORT_CALLS], now=NOW)
    store.idle_numbers.note("us", [NUMBER], now=NOW)
    assert store.idle_numbers.drain(NUMBER, "us", before=NOW, allocatable=1) == "drained"
    found = store.numbers.get(NUMBER)
    assert (found.resting_since, found.complaints) == (None, ())


def test_idle_numbers_are_known_since_they_were_first_seen_so(purchases, store: Store) -> None:
    numbers = store.numbers
    numbers.add(NUMBER, "us", carrier_sid="PN1", capabilities="v", now=NOW)
    store.idle_numbers.note("us", [NUMBER, OTHER_NUMBER], now=NOW)
    store.idle_numbers.note("us", [NUMBER], now=NOW + 10)
    assert store.idle_numbers.since("us", before=NOW) == [NUMBER]

    def drain(number: str, before: float = NOW, allocatable: int = 1) -> str:
        return store.idle_numbers.drain(number, "us", before=before, allocatable=allocatable)

    assert drain(NUMBER, before=NOW - 1) == "stays"
    assert drain(OTHER_NUMBER) == "stays"
    assert drain(NUMBER, allocatable=2) == "changed"
    assert drain(NUMBER) == "drained"
    assert drain(NUMBER) == "drained"  # its answer was lost
    assert numbers.get(NUMBER).status is NumberStatus.DRAINING
    numbers.set_status(NUMBER, "us", NumberStatus.RESERVED)
    store.idle_numbers.note("us", [NUMBER], now=NOW)
    assert drain(NUMBER) == "stays"
    numbers.retire(NUMBER, "us")
    assert store.idle_numbers.since("us", before=NOW + 100) == []
