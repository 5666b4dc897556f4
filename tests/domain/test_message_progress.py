from __future__ import annotations

import itertools

import pytest

from relay.domain.message_progress import (
    LONGEST_PAUSE,
    RETRY_FOR,
    SECOND_DELIVERY_AFTER,
    MessageStatus,
    read_status,
    redelivery_at,
    retry_at,
)
from relay.domain.trouble import Trouble

T0 = 1_790_000_000.0


def retry(
    attempts: int = 1, *, age: float = 0, retry_after: float | None = None, jitter: float = 1
) -> float | None:
    at = retry_at(
        now=T0 + age, accepted_at=T0, attempts=attempts, retry_after=retry_after, jitter=jitter
    )
    return None if at is None else at - T0 - age


def redelivery(
    trouble: Trouble | None, *, age: float = 0, redelivered: bool = False
) -> float | None:
    return redelivery_at(
        trouble, now=T0 + age, accepted_at=T0, attempts=1, redelivered=redelivered, jitter=1
    )


def test_statuses_rank_as_the_carrier_goes_through_them() -> None:
    ranks = [
        read_status(word)[1]
        for word in ("accepted", "queued", "sending", "sent", "delivered", "undelivered", "failed")
    ]
    assert ranks == [1, 2, 3, 4, 5, 5, 5]


def test_a_new_word_is_no_status() -> None:
    assert read_status("brand-new") is None


@pytest.mark.parametrize(
    ("status", "is_final", "is_failure"),
    [
        (MessageStatus.SENT, False, False),
        (MessageStatus.DELIVERED, True, False),
        (MessageStatus.UNDELIVERED, True, True),
        (MessageStatus.FAILED, True, True),
    ],
)
def test_ends_and_failures(status: MessageStatus, is_final: bool, is_failure: bool) -> None:
    assert (status.is_final, status.is_failure) == (is_final, is_failure)


def test_pauses_double_up_to_five_minutes() -> None:
    pauses = [retry(attempts) for attempts in range(12)]
    assert pauses[:4] == [2, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE


def test_jitter_takes_away_up_to_half() -> None:
    assert (retry(3, jitter=0), retry(3, jitter=1)) == (4, 8)


def test_the_carrier_s_own_figure_is_the_least() -> None:
    assert retry(retry_after=30) == 30
    assert retry(8, retry_after=30) == 256


def test_nothing_is_retried_past_the_hour() -> None:
    assert retry(age=RETRY_FOR - 2) == 2
    assert retry(age=RETRY_FOR - 1) is None


def test_an_hour_of_retries_is_a_few_dozen_requests() -> None:
    age, attempts = 0.0, 0
    for attempts in itertools.count(1):
        pause = retry(attempts, age=age, jitter=0)
        if pause is None:
            break
        age += pause
    assert attempts < 40


def test_an_unreachable_phone_gets_one_more_try() -> None:
    assert redelivery(Trouble.UNREACHABLE) == T0 + SECOND_DELIVERY_AFTER
    assert redelivery(Trouble.UNREACHABLE, redelivered=True) is None
    assert redelivery(Trouble.UNREACHABLE, age=RETRY_FOR) is None


@pytest.mark.parametrize("trouble", [Trouble.LATER, Trouble.ACCOUNT])
def test_what_passes_is_tried_again_as_long_as_the_hour_lasts(trouble: Trouble) -> None:
    assert redelivery(trouble, redelivered=True) == T0 + 2
    assert redelivery(trouble, age=RETRY_FOR) is None


@pytest.mark.parametrize(
    "trouble", [None, Trouble.OPTED_OUT, Trouble.FILTERED, Trouble.SOLD, Trouble.NEVER]
)
def test_other_reported_failures_are_final(trouble: Trouble | None) -> None:
    assert redelivery(trouble) is None
