"""What a pool's limits count, and until when a number given back is paid for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relay.domain.pool import Pool
from relay.domain.purchase import FailureCode
from relay.domain.rent import Allowance, Release, Rent, allowance


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("rented", "given_back", "paid_until"),
    [
        ("2026-03-10 08:00", "2026-03-10 08:00", "2026-04-10 08:00"),
        ("2026-03-10 08:00", "2026-04-10 07:59", "2026-04-10 08:00"),
        ("2026-03-10 08:00", "2026-04-10 08:00", "2026-05-10 08:00"),
        ("2026-03-10 08:00", "2026-04-01 00:00", "2026-04-10 08:00"),
        ("2026-01-31 12:00", "2026-02-10 00:00", "2026-02-28 12:00"),
        ("2026-01-31 12:00", "2026-03-01 00:00", "2026-03-31 12:00"),
        ("2026-03-10 08:00", "2026-03-10 07:59", "2026-04-10 08:00"),  # the clocks differ
        ("2026-12-05 00:00", "2027-01-20 00:00", "2027-02-05 00:00"),
        ("2026-12-25 00:00", "2027-01-20 00:00", "2027-01-25 00:00"),
        ("2021-06-30 23:59", "2026-12-31 00:00", "2027-01-30 23:59"),
        ("2028-02-29 00:00", "2029-02-28 00:00", "2029-03-29 00:00"),
    ],
)
def test_a_number_is_paid_for_until_the_day_of_its_purchase_comes_again(
    rented: str, given_back: str, paid_until: str
) -> None:
    release = Release(number="+14155550192", carrier_sid="PN1", rented_since=moment(rented))
    assert release.paid_until(moment(given_back)) == moment(paid_until)


def test_max_numbers_counts_what_is_rented_and_the_budget_what_is_charged() -> None:
    rent = Rent(rented=3, prepaid=2)
    assert Allowance(max_numbers=4, monthly_budget=6).refusal(rent) is None
    assert (
        Allowance(max_numbers=4, monthly_budget=6).refusal(rent, more=2) is FailureCode.MAX_NUMBERS
    )
    assert Allowance(max_numbers=None, monthly_budget=5).refusal(rent) is FailureCode.MONTHLY_BUDGET


def test_a_budget_is_a_count_of_numbers() -> None:
    pool = Pool(name="us", country="US", monthly_budget=1000, number_rent=115)
    assert allowance(pool) == Allowance(max_numbers=None, monthly_budget=8)
