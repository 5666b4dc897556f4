"""The carrier's list against the pools, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.domain.errors import CarrierError, Unavailable
from relay.domain.number_comparison import Comparison, Discrepancy
from relay.domain.pool import NumberStatus
from relay.sandbox import SimulatedCarrier
from relay.workflows.import_number import import_number
from relay.workflows.reconcile_numbers import reconcile_numbers
from tests.workflows.buying import SID, TOKEN, Market
from tests.world import NUMBER, OTHER_NUMBER


@pytest.fixture
def simulated() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(SID, TOKEN) as carrier:
        yield carrier


@pytest.fixture
def market(simulated: SimulatedCarrier) -> Market:
    made = Market(simulated)
    import_number(made.services, NUMBER, "us", now=made.now)
    return made


def compare(market: Market, *, fix: bool = True) -> Comparison:
    found = reconcile_numbers(market.services, clock=market.clock, fix=fix)
    assert found is not None
    return found


def kinds(market: Market, **options: Any) -> list[tuple[Discrepancy, str, bool]]:
    found = compare(market, **options).findings
    return [(finding.kind, finding.number, finding.is_repaired) for finding in found]


def test_where_all_is_well_nothing_is_found_and_that_is_on_record(market: Market) -> None:
    assert market.store.comparisons.last() is None
    comparison = compare(market)
    assert comparison.findings == ()
    assert comparison.rented == 1
    assert market.store.comparisons.last() == comparison


def test_webhooks_that_point_elsewhere_are_pointed_here(market: Market) -> None:
    owned = market.simulated.account.number(NUMBER)
    assert owned is not None
    owned.voice_url = "https://another.example.com/"

    assert kinds(market, fix=False) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, False)]
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]
    assert kinds(market) == []
    owned.trunk_sid = "TK" + "1" * 32
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]
    assert (
        market.store.comparisons.last().count(Discrepancy.POINTS_ELSEWHERE, is_repaired=True) == 1
    )


def test_a_repair_that_fails_says_why_and_is_tried_again(market: Market) -> None:
    owned = market.simulated.account.number(NUMBER)
    assert owned is not None
    owned.sms_url = ""

    def refuse(name: str) -> None:
        if name == "point_here":
            market.carrier.before = lambda _: None
            market.simulated.faults.rest.next(status=429)

    market.carrier.before = refuse
    (finding,) = compare(market).findings
    assert (finding.is_repaired, finding.error) == (False, 20429)
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]


def test_repairs_end_after_a_while_and_go_on_next_time(market: Market) -> None:
    owned = market.simulated.account.number(NUMBER)
    assert owned is not None
    owned.sms_url = ""

    reads = iter([market.now, market.now + 61, market.now + 61])
    found = reconcile_numbers(market.services, clock=lambda: next(reads))
    assert found is not None
    assert [finding.is_repaired for finding in found.findings] == [False]
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]


def test_a_number_that_we_lost_gets_no_new_session(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    import_number(market.services, OTHER_NUMBER, "us", now=market.now)
    owned = market.simulated.account.number(NUMBER)
    assert owned is not None
    market.simulated.account.remove_number(owned)

    assert kinds(market) == [(Discrepancy.MISSING, NUMBER, True)]
    assert market.store.numbers.get(NUMBER).status is NumberStatus.RESERVED
    assert kinds(market) == [(Discrepancy.MISSING, NUMBER, False)]


def test_credentials_of_another_account_take_no_number_from_service(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    import_number(market.services, OTHER_NUMBER, "us", now=market.now)
    for owned in list(market.simulated.account.numbers.values()):
        market.simulated.account.remove_number(owned)

    with capture_logs() as lines:
        found = kinds(market)

    assert found == [
        (Discrepancy.MISSING, NUMBER, False),
        (Discrepancy.MISSING, OTHER_NUMBER, False),
    ]
    (line,) = [line for line in lines if line["log_level"] == "error"]
    assert (line["event"], line["ours"], line["missing"]) == ("numbers of another account", 2, 2)
    for number in market.store.numbers.of_pool("us"):
        assert number.status is NumberStatus.AVAILABLE


def test_a_number_that_came_since_the_list_was_made_is_not_missing(market: Market) -> None:
    market.carrier._numbers.list_owned = lambda: iter([])
    assert kinds(market) == []

    market.carrier._numbers.find_owned = raise_busy
    assert kinds(market) == []
    assert market.store.numbers.get(NUMBER).status is NumberStatus.AVAILABLE


def raise_busy(*_: object, **__: object) -> None:
    raise CarrierError(20429, retryable=True)


def test_a_carrier_without_a_list_is_asked_next_time(market: Market) -> None:
    market.carrier._numbers.list_owned = raise_busy
    assert reconcile_numbers(market.services, clock=market.clock) is None


def test_a_number_of_somebody_elses_is_reported_and_left_alone(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    assert kinds(market) == [(Discrepancy.FOREIGN, OTHER_NUMBER, False)]
    assert OTHER_NUMBER in market.owned()
    assert not Discrepancy.FOREIGN.is_trouble


def test_a_number_that_a_pool_bought_and_nobody_uses_is_reported_and_never_released(
    market: Market,
) -> None:
    market.simulated.add_number(OTHER_NUMBER).friendly_name = "relay:us"
    assert kinds(market) == [(Discrepancy.UNUSED, OTHER_NUMBER, False)]
    assert OTHER_NUMBER in market.owned()


def test_a_number_that_went_since_the_list_was_made_is_not_unused(market: Market) -> None:
    number = market.simulated.add_number(OTHER_NUMBER)
    number.friendly_name = "relay:us"
    listed = list(market.carrier._numbers.list_owned())
    market.carrier._numbers.list_owned = lambda: iter(listed)
    market.simulated.account.remove_number(number)
    assert kinds(market) == []


def test_a_number_outside_the_messaging_service_joins_it(simulated: SimulatedCarrier) -> None:
    service = simulated.add_service()
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=service.sid)
    import_number(market.services, NUMBER, "us", now=market.now)
    owned = simulated.account.number(NUMBER)
    assert owned is not None
    assert owned.service_sid == service.sid
    simulated.account.leave_service(owned)

    assert kinds(market) == [(Discrepancy.NOT_JOINED, NUMBER, True)]
    assert kinds(market) == []


def test_a_pool_that_is_away_is_left_out(market: Market) -> None:
    market.policy("zz")
    of_pool, get = market.store.numbers.of_pool, market.store.numbers.get
    market.simulated.add_number(OTHER_NUMBER)

    def away(pool: str) -> object:
        if pool == "us":
            raise Unavailable("away")
        return of_pool(pool)

    def unreadable(number: str) -> object:
        if number == NUMBER:
            raise Unavailable("away")
        return get(number)

    market.store.numbers.of_pool, market.store.numbers.get = away, unreadable
    assert kinds(market) == [(Discrepancy.FOREIGN, OTHER_NUMBER, False)]
