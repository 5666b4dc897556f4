"""How a job that buys numbers goes on after each answer of the carrier."""

from __future__ import annotations

import pytest

from relay.domain.board import NumberPlace
from relay.domain.errors import CarrierError
from relay.domain.pool import Pool, PoolFigures
from relay.domain.purchase import (
    CERTAIN_AFTER,
    PATIENCE,
    AfterRefusal,
    Failure,
    FailureCode,
    JobKind,
    Purchase,
    Reservation,
    Settled,
    after_refusal,
    draw_job_id,
    is_given_up,
    label_of,
    missing_headroom,
    next_try_at,
    place_of_label,
    settle,
)
from relay.domain.trouble import Trouble

NOW = 1_790_000_000


@pytest.mark.parametrize(
    ("pauses", "retry_after", "seconds"),
    [
        (0, None, 10),
        (1, None, 20),
        (4, None, 160),
        (5, None, 300),
        (10_000, None, 300),
        (0, 0.0, 10),
        (0, 9.0, 10),
        (0, 15.0, 15),
        (5, 301.0, 301),
    ],
)
def test_pauses_double_and_are_never_shorter_than_the_carrier_asks(
    pauses: int, retry_after: float | None, seconds: float
) -> None:
    assert next_try_at(now=NOW, pauses=pauses, retry_after=retry_after) == NOW + seconds


def test_a_job_is_given_up_after_an_hour() -> None:
    job = Purchase(id="us.1", pool="us", kind=JobKind.ORDER, country="US", wanted=1, created_at=NOW)
    assert not is_given_up(job, now=NOW + PATIENCE - 1)
    assert is_given_up(job, now=NOW + PATIENCE)


@pytest.mark.parametrize(
    ("is_ours", "is_owned", "after", "settled"),
    [
        (True, True, 0, Settled.BOUGHT),
        (True, True, CERTAIN_AFTER, Settled.BOUGHT),
        (False, True, 0, Settled.NOT_BOUGHT),
        (False, False, CERTAIN_AFTER - 0.1, Settled.UNKNOWN),
        (False, False, CERTAIN_AFTER, Settled.NOT_BOUGHT),
    ],
)
def test_a_number_that_is_nobodys_was_not_bought_once_a_request_can_have_no_effect_any_more(
    is_ours: bool, is_owned: bool, after: float, settled: Settled
) -> None:
    assert settle(is_ours=is_ours, is_owned=is_owned, since=NOW, now=NOW + after) is settled


@pytest.mark.parametrize(
    ("error", "then"),
    [
        (CarrierError(Trouble.SOLD, 21422), AfterRefusal.PICK_ANOTHER),
        (CarrierError(Trouble.LATER, 1, ambiguous=True), AfterRefusal.LOOK_FIRST),
        (CarrierError(Trouble.LATER, 20429), AfterRefusal.TRY_LATER),
        (CarrierError(Trouble.NEVER, 21452), AfterRefusal.GIVE_UP),
    ],
)
def test_nothing_else_is_bought_before_it_is_known_what_was(
    error: CarrierError, then: AfterRefusal
) -> None:
    assert after_refusal(error) is then


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble.NO_BUNDLE, FailureCode.BUNDLE_NEEDED),
        (Trouble.NO_ADDRESS, FailureCode.ADDRESS_NEEDED),
        (Trouble.NEVER, FailureCode.CARRIER_REFUSED),
    ],
)
def test_a_failure_names_the_missing_piece_and_the_carriers_code(
    trouble: Trouble, code: FailureCode
) -> None:
    failure = Failure.of_refusal(CarrierError(trouble, 21649))
    assert failure.code is code
    assert "21649" in failure.detail
    assert failure.detail != Failure.of(code).detail


@pytest.mark.parametrize(
    ("min_headroom", "headroom", "intents", "missing"),
    [(5, 3, 1, 1), (5, 3, 2, 0), (5, 0, 0, 5), (1, 0, 0, 1), (0, -2, 0, 0)],
)
def test_a_pool_wants_what_is_missing_of_its_headroom_beside_what_is_under_way(
    min_headroom: int, headroom: int, intents: int, missing: int
) -> None:
    pool = Pool(name="us", country="US", min_headroom=min_headroom)
    figures = PoolFigures(
        numbers={},
        open_sessions=0,
        cooling_bindings=0,
        bound=0,
        candidate_bound=0,
        recruiters=0,
        on_codes=0,
        access_codes=True,
        usable=0,
        free_for_new_pairs=0,
        headroom=headroom,
    )
    assert missing_headroom(pool, figures, intents=intents) == missing


def test_a_label_tells_whose_a_number_is() -> None:
    assert label_of("main", "us") == "relay:main:us"
    assert place_of_label("relay:main:us") == NumberPlace("main", "us")


@pytest.mark.parametrize(
    "label", ["", "main:us", "relay:main", "relay::us", "relay:main:", "relay:main:US!", "Rita"]
)
def test_what_is_no_label_of_ours_is_nobodys(label: str) -> None:
    assert place_of_label(label) is None


def test_a_jobs_id_carries_its_pool_and_is_no_other_ones() -> None:
    ids = {draw_job_id("us") for _ in range(50)}
    assert len(ids) == 50
    assert all(each.startswith("us.") and each[3:].isalnum() for each in ids)


def test_a_reservation_that_a_limit_forbids_names_it() -> None:
    limits = {each: each.limit for each in Reservation if each.limit}
    assert limits == {
        Reservation.MAX_NUMBERS: FailureCode.MAX_NUMBERS,
        Reservation.MONTHLY_BUDGET: FailureCode.MONTHLY_BUDGET,
    }
