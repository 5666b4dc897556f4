from __future__ import annotations

import itertools

import pytest

from relay.domain.message_progress import (
    LAST_TRY_BEFORE_END,
    LONGEST_PAUSE,
    LOOP_PAUSE,
    RENUMBERED_AFTER,
    SECOND_DELIVERY_AFTER,
    MessageStatus,
    Reach,
    Tries,
    next_look_at,
    next_try_at,
    reach_after,
    read_status,
)
from relay.domain.policy import DAY
from relay.domain.trouble import Trouble

T0 = 1_790_000_000.0


def pause(
    trouble: Trouble | None = Trouble.LATER,
    *,
    attempts: int = 1,
    age: float = 0,
    retry_after: float | None = None,
    jitter: float = 1,
    had_one_more: bool = False,
    is_number_young: bool = False,
) -> float | None:
    """Seconds until the next try of a text that may be tried for a day; None: there is none."""
    tries = Tries(attempts=attempts, expires_at=T0 + DAY, had_one_more=had_one_more)
    at = next_try_at(
        trouble,
        tries,
        now=T0 + age,
        jitter=jitter,
        retry_after=retry_after,
        is_number_young=is_number_young,
    )
    return None if at is None else at - T0 - age


def test_statuses_rank_as_the_carrier_goes_through_them_and_arrival_is_the_last_word() -> None:
    ranks = [
        read_status(word)[1]
        for word in ("accepted", "queued", "sending", "sent", "delivered", "undelivered", "failed")
    ]
    assert ranks == [1, 2, 3, 4, 6, 5, 5]


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


def test_pauses_double_up_to_ten_minutes() -> None:
    pauses = [pause(attempts=attempts) for attempts in range(12)]
    assert pauses[:4] == [2, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE
    assert pause(attempts=5_000) == LONGEST_PAUSE


def test_jitter_takes_away_up_to_half() -> None:
    assert (pause(attempts=3, jitter=0), pause(attempts=3, jitter=1)) == (4, 8)


def test_the_carrier_s_own_figure_is_the_least() -> None:
    assert pause(retry_after=30) == 30
    assert pause(attempts=8, retry_after=30) == 256


def test_nothing_is_tried_past_its_lifetime() -> None:
    assert pause(age=DAY - 2) == 2
    assert pause(age=DAY - 1) is None


def test_a_pause_beyond_the_lifetime_ends_shortly_before_it() -> None:
    assert pause(retry_after=2 * DAY) == DAY - LAST_TRY_BEFORE_END
    assert pause(age=DAY - 60, retry_after=2 * DAY) == 2
    assert pause(age=DAY - 1, retry_after=2 * DAY) is None
    assert look(since=6, retry_after=2 * DAY) == DAY - LAST_TRY_BEFORE_END


def look(*, since: float, age: float = 0, retry_after: float | None = None) -> float | None:
    """Seconds until the next look after an attempt that was made ``since`` seconds ago."""
    now = T0 + age
    tries = Tries(attempts=1, expires_at=T0 + DAY)
    at = next_look_at(tries, attempted_at=now - since, now=now, jitter=1, retry_after=retry_after)
    return None if at is None else at - now


def test_looks_are_twice_as_late_each_time_up_to_ten_minutes() -> None:
    assert [look(since=since) for since in (-1, 0, 6, 12, 5000)] == [2, 2, 6, 12, LONGEST_PAUSE]
    assert look(since=6, retry_after=30) == 30
    assert (look(since=6, age=DAY - 6), look(since=6, age=DAY - 5)) == (6, None)


def test_a_day_of_tries_is_a_few_hundred_requests() -> None:
    age, attempts = 0.0, 0
    for attempts in itertools.count(1):
        wait = pause(attempts=attempts, age=age, jitter=0)
        if wait is None:
            break
        age += wait
    assert attempts < 310


@pytest.mark.parametrize("trouble", [Trouble.UNREACHABLE, Trouble.UNCLEAR])
def test_what_may_pass_in_half_a_minute_gets_one_more_try(trouble: Trouble) -> None:
    assert pause(trouble) == SECOND_DELIVERY_AFTER
    assert pause(trouble, had_one_more=True) is None
    assert pause(trouble, age=DAY) is None


@pytest.mark.parametrize("trouble", [Trouble.LATER, Trouble.ACCOUNT])
def test_what_passes_is_tried_again_as_long_as_the_text_may_wait(trouble: Trouble) -> None:
    assert pause(trouble, had_one_more=True) == 2
    assert pause(trouble, age=DAY) is None


def test_a_text_from_a_number_that_is_perhaps_lost_waits_for_another_one() -> None:
    assert pause(Trouble.NOT_OURS) == RENUMBERED_AFTER
    assert pause(Trouble.NOT_OURS, had_one_more=True) is None


def test_a_loop_is_waited_out() -> None:
    assert pause(Trouble.LOOP) == LOOP_PAUSE


def test_a_number_s_registration_is_waited_for_while_it_is_young() -> None:
    assert pause(Trouble.UNREGISTERED, is_number_young=True) == 2
    assert pause(Trouble.UNREGISTERED) is None
    assert pause(Trouble.UNFIT, is_number_young=True) is None


@pytest.mark.parametrize(
    "trouble",
    [
        None,
        Trouble.TRIAL,
        Trouble.COUNTRY_CLOSED,
        Trouble.UNFIT,
        Trouble.SOLD,
        Trouble.NO_HANDSET,
        Trouble.LANDLINE,
        Trouble.OPTED_OUT,
        Trouble.FILTERED,
        Trouble.NEVER,
    ],
)
def test_other_failures_are_final(trouble: Trouble | None) -> None:
    assert pause(trouble) is None


def test_what_is_seldom_seen_again_says_nothing_of_the_phone() -> None:
    failed = MessageStatus.UNDELIVERED
    assert reach_after(MessageStatus.DELIVERED, None) is Reach.OK
    assert reach_after(failed, Trouble.LANDLINE) is Reach.LANDLINE
    assert reach_after(failed, Trouble.NO_HANDSET) is Reach.UNREACHABLE
    assert reach_after(failed, Trouble.UNREACHABLE) is Reach.UNREACHABLE
    assert reach_after(failed, Trouble.UNCLEAR) is None
    assert reach_after(failed, None) is None
    assert reach_after(MessageStatus.SENT, None) is None
